import type { Metadata } from '../model/metadata.ts';

/** What is known of one connection so far. */
export class Finding {
  readonly metadata: Metadata = {};
  /** Questions that were asked and not answered yet, for dns.ts. */
  readonly asked: string[] = [];
  /** Bytes of a stream that dns.ts has read, of the originator and of the responder. */
  readonly dnsRead: [number, number] = [0, 0];
  /** Memory that it was last found to take, in bytes. */
  size = 0;
}

/** What an object or a list takes beside what is in it, and a text beside its characters, in bytes: about. */
const OBJECT = 64;
const TEXT = 24;

/** About how much memory it takes, in bytes. */
export function sizeOf(finding: Finding): number {
  return 2 * OBJECT + sizeOfValue(finding.asked) + sizeOfValue(finding.metadata);
}

/** Metadata is three levels deep at most. */
function sizeOfValue(value: unknown): number {
  if (typeof value === 'string') return TEXT + value.length;
  if (typeof value !== 'object' || value === null) return 0;
  let size = OBJECT;
  for (const part of Object.values(value)) size += 8 + sizeOfValue(part);
  return size;
}

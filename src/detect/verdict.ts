import { stampId } from '../wire/id.ts';
import { Direction, Flag, Head, Kind, VerdictPart } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';

/** What a SCAN record says beside both ends. */
export interface Verdict {
  /** One of ScanKind. */
  readonly scan: number;
  readonly items: ArrayLike<number>;
  readonly count: number;
  /** Packets of the source that counted. */
  readonly touches: number;
  readonly firstNs: number;
  readonly hosts: number;
}

/**
 * Appends a verdict: the head of the packet that crossed the threshold, without source port and number.
 * @param bytes what holds that head, at byte offset `at`; not the memory of `verdicts`
 * @returns the byte offset of the record
 */
export function appendVerdict(
  verdicts: RecordWriter,
  bytes: Uint8Array,
  at: number,
  { scan, items, count, touches, firstNs, hosts }: Verdict,
): number {
  const to = verdicts.append(Kind.SCAN, VerdictPart.size);
  const { halves, words } = verdicts;
  verdicts.bytes.set(bytes.subarray(at, at + Head.size), to);
  verdicts.bytes[to + Head.kind] = Kind.SCAN;
  verdicts.bytes[to + Head.flags] = Flag.WHOLE;
  verdicts.bytes[to + Head.direction] = Direction.INBOUND;
  halves[(to + Head.src_port) >> 1] = 0;
  words[(to + Head.isn) >> 2] = 0;
  words[(to + Head.count) >> 2] = 1;
  stampId(words, verdicts.bytes, to);
  const ports = (to + VerdictPart.ports) >> 1;
  for (let i = 0; i < count; i++) halves[ports + i] = items[i]!;
  words[(to + VerdictPart.port_count) >> 2] = count;
  words[(to + VerdictPart.syns) >> 2] = touches;
  verdicts.setU64(to + VerdictPart.first_ns, firstNs);
  verdicts.bytes[to + VerdictPart.scan] = scan;
  halves[(to + VerdictPart.hosts) >> 1] = hosts;
  return to;
}

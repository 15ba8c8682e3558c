/** Captures of public projects with what an independent analyser sees in them: found through PACKETWATCH_CORPUS. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionRow } from './connections.ts';

/** A TCP packet with SYN and without ACK. */
interface Syn {
  /** Seconds since 1970, with nine decimals. */
  readonly ts: string;
  readonly src: string;
  readonly sport: number;
  readonly dst: string;
  readonly dport: number;
  readonly seq: number;
  readonly tcpck_bad?: number;
  readonly ipck_bad?: number;
  readonly trunc?: number;
  readonly mal?: number;
}

export interface CorpusFile {
  readonly path: string;
  readonly syn: readonly Syn[];
  /** Of some files, the rows of Zeek's conn.log. */
  readonly connections?: readonly ConnectionRow[];
}

/** How well attempts agree with those that were expected. */
export interface Score {
  expected: number;
  found: number;
  missing: string[];
  /** Told, and seen by nobody else. */
  surplus: string[];
}

/** The folder, and undefined when there is none. */
export function corpus(): string | undefined {
  const folder = process.env['PACKETWATCH_CORPUS'];
  return folder !== undefined && existsSync(join(folder, 'expected.json')) ? folder : undefined;
}

export function corpusFiles(folder: string): CorpusFile[] {
  return JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as CorpusFile[];
}

/** `zeek`, `tcpdump`: where a file comes from. */
export function setOf(file: CorpusFile): string {
  return file.path.split('/')[0]!;
}

/** What identifies an attempt in both lists. @param ts RFC 3339 with microseconds */
export function attemptKey(a: {
  ts: string;
  src: string;
  sport: number;
  dst: string;
  dport: number;
}): string {
  return `${a.ts} ${a.src} ${a.sport} ${a.dst} ${a.dport}`;
}

/**
 * Compares the attempts told of a file with its list. SYNs with a bad checksum, cut or malformed may be told and
 * need not; a SYN that is sent again is the same attempt.
 */
export function score({ path, syn }: CorpusFile, told: readonly string[], into: Score): void {
  const known = new Set(syn.map((one) => attemptKey({ ...one, ts: rfc3339(one.ts) })));
  const attempts = new Map<string, Syn>();
  for (const one of syn) {
    const id = `${one.src} ${one.sport} ${one.dst} ${one.dport} ${one.seq}`;
    if (!attempts.has(id)) attempts.set(id, one);
  }
  const here = new Set(told);
  for (const one of attempts.values()) {
    if (one.tcpck_bad ?? one.ipck_bad ?? one.trunc ?? one.mal) continue;
    const key = attemptKey({ ...one, ts: rfc3339(one.ts) });
    into.expected++;
    if (here.has(key)) into.found++;
    else into.missing.push(`${path}: ${key}`);
  }
  for (const key of told) if (!known.has(key)) into.surplus.push(`${path}: ${key}`);
}

export function newScore(): Score {
  return { expected: 0, found: 0, missing: [], surplus: [] };
}

function rfc3339(ts: string): string {
  const [seconds, fraction] = ts.split('.') as [string, string];
  const text = new Date(Number(seconds) * 1000).toISOString();
  return text.replace('.000Z', `.${fraction.slice(0, 6)}Z`);
}

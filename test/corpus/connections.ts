/** Connections in the captures, as rows that Zeek's own tests expect of them. */
import type { CorpusFile } from './expected.ts';

/** A row of conn.log; null: not set. */
export interface ConnectionRow {
  readonly 'id.orig_h': string;
  readonly 'id.orig_p': number;
  readonly 'id.resp_h': string;
  readonly 'id.resp_p': number;
  readonly proto: string;
  readonly conn_state: string;
  readonly history: string | null;
  readonly orig_bytes: number | null;
  readonly resp_bytes: number | null;
  /** Seconds. */
  readonly duration: number | null;
}

/** The same of one that was told. */
export interface ConnectionTold {
  readonly ends: string;
  readonly conn_state: string;
  readonly history: string;
  readonly bytes: readonly [number, number];
  readonly duration: number;
}

const FIELDS = ['conn_state', 'bytes', 'history', 'duration'] as const;
export type Field = (typeof FIELDS)[number];

/** How well they agree. */
export interface ConnectionScore {
  rows: number;
  /** Rows of which nothing can be told, and why. */
  readonly aside: string[];
  /** How many rows agree in a field. */
  readonly same: Record<Field, number>;
  /** Differences that are known, with the reason; and all others. */
  readonly explained: string[];
  readonly unexplained: string[];
}

export function newConnectionScore(): ConnectionScore {
  const same = { conn_state: 0, bytes: 0, history: 0, duration: 0 };
  return { rows: 0, aside: [], same, explained: [], unexplained: [] };
}

/** Why a row can't be told: it is aside. */
const ASIDE: readonly (readonly [file: RegExp, reason: string])[] = [
  [
    /vntag_vlan_sandwich/,
    'the capture ends within its TCP header, and Zeek has a row without packets',
  ],
];

/** Why a field differs. */
const EXPLAINED: readonly (readonly [file: RegExp, field: Field, reason: string])[] = [
  [/fake-long-commands/, 'history', 'X is about the length of FTP commands, which are not read'],
];

/** Compares what was told of a file with its rows, each with the most similar one of the same ends. */
export function scoreConnections(
  { path, connections = [] }: CorpusFile,
  told: readonly ConnectionTold[],
  into: ConnectionScore,
): void {
  const left = [...told];
  for (const row of connections) {
    const ends = `${row['id.orig_h']} ${row['id.orig_p']} ${row['id.resp_h']} ${row['id.resp_p']}`;
    const aside = row.proto.startsWith('unknown')
      ? 'neither TCP, UDP nor ICMP'
      : ASIDE.find(([file]) => file.test(path))?.[1];
    if (aside !== undefined) {
      into.aside.push(`${path}: ${ends}: ${aside}`);
      continue;
    }
    into.rows++;
    const candidates = left.filter((one) => one.ends === ends);
    const best = candidates.toSorted(
      (a, b) => differences(row, a).length - differences(row, b).length,
    )[0];
    if (best === undefined) {
      into.unexplained.push(`${path}: ${ends}: not told`);
      continue;
    }
    left.splice(left.indexOf(best), 1);
    const differ = differences(row, best);
    for (const field of FIELDS) if (!differ.includes(field)) into.same[field]++;
    for (const field of differ) {
      const reason = EXPLAINED.find(([file, of]) => of === field && file.test(path))?.[2];
      const line = `${path}: ${ends}: ${field} ${valueOf(best, field)}, Zeek has ${valueOf(likeTold(row), field)}`;
      if (reason === undefined) into.unexplained.push(line);
      else into.explained.push(`${line}: ${reason}`);
    }
  }
}

/** Zeek leaves out bytes and duration of a connection of one moment. */
function differences(row: ConnectionRow, told: ConnectionTold): Field[] {
  return FIELDS.filter((field) => {
    if (field === 'duration') return Math.abs(told.duration - (row.duration ?? 0)) > 1.5e-6;
    if (field === 'bytes' && row.orig_bytes === null) return false;
    return valueOf(told, field) !== valueOf(likeTold(row), field);
  });
}

function likeTold(row: ConnectionRow): ConnectionTold {
  return {
    ends: '',
    conn_state: row.conn_state,
    history: row.history ?? '',
    bytes: [row.orig_bytes ?? 0, row.resp_bytes ?? 0],
    duration: row.duration ?? 0,
  };
}

function valueOf(told: ConnectionTold, field: Field): string {
  return String(told[field]);
}

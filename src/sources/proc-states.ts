import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { isProcTable } from './proc-file.ts';
import { ProcReader } from './proc-reader.ts';

/** One more than the highest state of Linux. */
const STATES = 14;

/** The TCP sockets of this network namespace. */
export interface SocketStates {
  /** How many are in each state, by the codes of TcpState. */
  readonly counts: Float64Array;
  /** Lines that were no rows. */
  readonly malformed: number;
}

/**
 * Counts the states of the sockets in tables as /proc/net/tcp has them, which anybody may read.
 * @param paths those that exist are read
 */
export function socketStates(paths: readonly string[]): SocketStates {
  const counts = new Float64Array(STATES);
  const reader = new ProcReader();
  for (const path of paths.filter((each) => existsSync(each)))
    reader.read(path, ({ state }) => counts[state]!++);
  return { counts, malformed: reader.malformed };
}

/**
 * What the kernel counts of TCP in this network namespace since that was made, by name.
 * @param group of the file's lines: `Tcp` of /proc/net/snmp (RFC 4022), `TcpExt` of /proc/net/netstat
 */
export function tcpCounters(path: string, group = 'Tcp'): ReadonlyMap<string, number> {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  const [names = [], values = []] = lines
    .filter((line) => line.startsWith(`${group}: `))
    .map((line) => line.split(' ').slice(1));
  return new Map(names.map((name, i) => [name, Number(values[i] ?? 0)]));
}

/** Is this a file that begins as a table of sockets does? */
export function isTable(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  const begin = new Uint8Array(MAGIC_BYTES);
  try {
    const file = openSync(path, 'r');
    readSync(file, begin);
    closeSync(file);
  } catch {
    return false; // whoever reads it tells why it can't be
  }
  return isProcTable(begin, 0);
}

/** By so many bytes a table is known. */
const MAGIC_BYTES = 4;

/**
 * 5-tuples of the short connections: what the load generator opened and what a tool's log says.
 * Everything is IPv4 from CLIENT on and to VICTIM's ports from FIRST_PORT on, so a tuple is one number.
 */
import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { CLIENT, CLIENTS, FIRST_PORT, PORTS } from './rig.ts';

/** What the generator logged of one connection. */
export interface Opened {
  readonly key: number;
  /** CLOCK_REALTIME just before connect(), milliseconds. */
  readonly connectMs: number;
  readonly result: number;
}

/** Results in the generator's log (enum result in bench/src/loadgen.c). */
export const Result = { UNFINISHED: 0, OK: 1, REFUSED: 2, FAILED: 3 } as const;

const ENTRY = 24;
const FIRST_CLIENT = Number(CLIENT.slice(CLIENT.lastIndexOf('.') + 1));
const NETWORK = CLIENT.slice(0, CLIENT.lastIndexOf('.') + 1);

function key(client: number, sourcePort: number, port: number): number {
  return (client * 65536 + sourcePort) * PORTS + (port - FIRST_PORT);
}

/** The key of a logged connection; undefined when it is none of the generator's. */
export function keyOf(address: string, sourcePort: string, port: string): number | undefined {
  if (!address.startsWith(NETWORK)) return undefined;
  const client = Number(address.slice(NETWORK.length)) - FIRST_CLIENT;
  const to = Number(port) - FIRST_PORT;
  return client >= 0 && client < CLIENTS && to >= 0 && to < PORTS
    ? key(client, Number(sourcePort), Number(port))
    : undefined;
}

/** Reads the generator's log. */
export function opened(path: string): Opened[] {
  const bytes = readFileSync(path);
  const all: Opened[] = [];
  for (let at = 0; at + ENTRY <= bytes.length; at += ENTRY) {
    all.push({
      key: key(bytes[at + 16]!, bytes.readUInt16LE(at + 12), bytes.readUInt16LE(at + 14)),
      connectMs: Number(bytes.readBigUInt64LE(at)) / 1e6,
      result: bytes[at + 17]!,
    });
  }
  return all;
}

/** How often each tuple occurs. */
export class Counts {
  readonly #of = new Map<number, number>();

  add(tuple: number): void {
    this.#of.set(tuple, (this.#of.get(tuple) ?? 0) + 1);
  }

  get(tuple: number): number {
    return this.#of.get(tuple) ?? 0;
  }

  /** Occurrences here that are matched there, each one once. */
  matched(there: Counts): number {
    let sum = 0;
    for (const [tuple, count] of this.#of) sum += Math.min(count, there.get(tuple));
    return sum;
  }

  get total(): number {
    let sum = 0;
    for (const count of this.#of.values()) sum += count;
    return sum;
  }

  get distinct(): number {
    return this.#of.size;
  }
}

/** Counts the tuples of a log; `tuple` says which one a line reports, if any. */
export async function countLines(
  path: string,
  tuple: (line: string) => number | undefined,
): Promise<Counts> {
  const counts = new Counts();
  for await (const line of createInterface({
    input: createReadStream(path, { encoding: 'latin1' }),
  })) {
    const found = tuple(line);
    if (found !== undefined) counts.add(found);
  }
  return counts;
}

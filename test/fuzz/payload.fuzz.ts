/**
 * Mutated connections into the Inspector. Whatever comes, nothing is thrown, what is told is bounded, all memory is
 * given back, and it is the same whether a direction comes at once or in pieces and out of order.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Metadata } from '../../src/model/metadata.ts';
import { Inspector } from '../../src/payload/inspector.ts';
import { PassiveNames } from '../../src/payload/passive-names.ts';
import { exchanges } from '../payload/exchanges.ts';
import { sha256hex } from '../payload/inspect.ts';
import { changed, pick, type Random, randomOf } from './mutate.ts';

export interface PayloadFuzzReport {
  /** Connections, of two directions each. */
  readonly connections: number;
  /** By their service. */
  readonly told: Readonly<Record<string, number>>;
  /** What went wrong, a sentence each, with both directions in hex. */
  readonly faults: string[];
}

const MOST_FAULTS = 10;
/** Most of any text (a request's target), and of any list. */
const TEXT_MAX = 1024;
const LIST_MAX = 16;
const NAMES = 64;
/** Where changes are made: half of them where messages begin. */
const WITHIN = [64, 4096] as const;

/** @param seed the same seed makes the same changes; keys and random numbers in the handshakes are new each time */
export async function fuzzPayload(connections: number, seed: number): Promise<PayloadFuzzReport> {
  const streams = (await exchanges()).flatMap(({ client, server }) => [client, server]);
  const random = randomOf(seed);
  const names = new PassiveNames(NAMES);
  const inspector = new Inspector({ sha256hex, names });
  const told: Record<string, number> = {};
  const faults: string[] = [];
  for (let done = 0; done < connections && faults.length < MOST_FAULTS; done++) {
    const client = mutant(streams, random);
    const server = mutant(streams, random);
    try {
      const whole = inspect(inspector, client, server);
      const fault =
        faultOf(whole) ??
        (isDeepStrictEqual(inspectPieces(inspector, client, server, random), whole)
          ? undefined
          : 'it is something else in pieces') ??
        (names.size > NAMES ? 'too many names' : undefined) ??
        leftOf(inspector);
      if (fault !== undefined) faults.push(`${fault}: ${hex(client, server)}`);
      const service = whole?.service ?? 'none';
      told[service] = (told[service] ?? 0) + 1;
    } catch (error) {
      faults.push(`${String(error)}: ${hex(client, server)}`);
    }
  }
  return { connections, told, faults };
}

function mutant(streams: readonly Buffer[], random: Random): Buffer {
  let stream: Buffer = Buffer.from(pick(streams, random));
  for (let changes = random(4); changes > 0; changes--)
    stream = changed(stream, random, streams, pick(WITHIN, random));
  return stream;
}

/** At once, and what comes as a datagram too. */
function inspect(inspector: Inspector, client: Buffer, server: Buffer): Metadata | undefined {
  inspector.segment(0, true, 0, client, 0, client.length);
  inspector.segment(0, false, 0, server, 0, server.length);
  for (const stream of [client, server]) {
    inspector.datagram(1, stream, 0, stream.length);
    inspector.datagram(1, stream, Math.min(2, stream.length), stream.length);
  }
  const fault = faultOf(inspector.take(1));
  if (fault !== undefined) throw new Error(fault);
  return inspector.take(0);
}

/** The same in up to four pieces, the last of which come first. */
function inspectPieces(
  inspector: Inspector,
  client: Buffer,
  server: Buffer,
  random: Random,
): Metadata | undefined {
  for (const [stream, fromOriginator] of [
    [client, true],
    [server, false],
  ] as const)
    for (let end = stream.length, left = 3; end > 0; left--) {
      const start = left > 0 ? random(end) : 0;
      inspector.segment(0, fromOriginator, start, stream, start, end);
      end = start;
    }
  return inspector.take(0);
}

function faultOf(value: unknown): string | undefined {
  if (typeof value === 'string')
    return value.length > TEXT_MAX ? `a text of ${value.length} characters` : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const parts: unknown[] = Object.values(value);
  if (parts.length > LIST_MAX) return `a list of ${parts.length}`;
  return parts.map(faultOf).find((fault) => fault !== undefined);
}

function leftOf(inspector: Inspector): string | undefined {
  const { keptBytes, foundBytes, refused, untold } = inspector.counts();
  const left = keptBytes + foundBytes + refused + untold;
  return left === 0 ? undefined : `something is left: ${keptBytes} bytes kept, ${foundBytes} found`;
}

function hex(client: Buffer, server: Buffer): string {
  return `${client.toString('hex')} ${server.toString('hex')}`;
}

/** What holds of an Inspector whatever comes, and however it comes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exchanges } from '../../test/payload/exchanges.ts';
import { inspect, sha256hex } from '../../test/payload/inspect.ts';
import { Inspector } from './inspector.ts';
import { FIRST_BYTES } from './kept-bytes.ts';

const ALL = await exchanges();

/** Pieces of a stream, in any order, some of them twice or longer than the next one needs. */
interface Piece {
  readonly from: number;
  readonly to: number;
}

function pieces(length: number): fc.Arbitrary<Piece[]> {
  const end = Math.min(length, FIRST_BYTES + 2000);
  return fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: 1, max: Math.max(1, end - 1) }), { maxLength: 12 }),
      fc.array(fc.tuple(fc.nat({ max: end }), fc.nat({ max: 300 })), { maxLength: 4 }),
      fc.infiniteStream(fc.nat()),
    )
    .map(([cuts, again, random]) => {
      const places = [0, ...cuts.filter((cut) => cut < length).sort((a, b) => a - b), length];
      const all = places
        .slice(1)
        .map((to, i) => ({ from: places[i]!, to }))
        .concat(again.map(([from, size]) => ({ from, to: Math.min(from + size, length) })));
      return all
        .map((piece) => ({ piece, key: random.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ piece }) => piece);
    });
}

function give(inspector: Inspector, fromOriginator: boolean, stream: Buffer, all: Piece[]): void {
  for (const { from, to } of all)
    if (inspector.wants(1, fromOriginator))
      inspector.segment(1, fromOriginator, from, stream, from, to);
}

describe.each(ALL)('$name', ({ client, server }) => {
  const inspector = new Inspector({ sha256hex });
  const whole = inspect(client, server);

  it('says something', () => {
    expect(whole?.service).toBeDefined();
  });

  it('is the same however it is cut and ordered', () => {
    fc.assert(
      fc.property(pieces(client.length), pieces(server.length), (ofClient, ofServer) => {
        give(inspector, true, client, ofClient);
        give(inspector, false, server, ofServer);
        expect(inspector.take(1)).toEqual(whole);
        expect(inspector.counts()).toMatchObject({ keptBytes: 0, foundBytes: 0, refused: 0 });
      }),
      { numRuns: 60 },
    );
  });

  it('is a part of it when it is cut off anywhere', () => {
    const lengths = Array.from({ length: Math.max(client.length, server.length) }, (_, i) => i);
    const wrong = lengths.filter((length) => {
      const said = inspect(client.subarray(0, length), server.subarray(0, length));
      return said !== undefined && !partOf(said, whole);
    });
    expect(wrong).toEqual([]);
  });

  it('is the same byte by byte', () => {
    for (const [stream, fromOriginator] of [
      [client, true],
      [server, false],
    ] as const)
      for (let at = 0; at < stream.length; at++)
        inspector.segment(1, fromOriginator, at, stream, at, at + 1);
    expect(inspector.take(1)).toEqual(whole);
  });
});

/** The status when the final response is cut off. */
const INTERIM = 100;

/** Has it nothing but what `whole` has, texts and lists perhaps shorter? */
function partOf(part: unknown, whole: unknown): boolean {
  if (typeof part === 'string') return typeof whole === 'string' && whole.startsWith(part);
  if (typeof part !== 'object' || part === null) return part === whole || part === INTERIM;
  if (typeof whole !== 'object' || whole === null) return false;
  return Object.entries(part).every(([key, value]) =>
    partOf(value, (whole as Record<string, unknown>)[key]),
  );
}

it('any bytes end in something or nothing', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    // the first bytes of each protocol, then anything
    fc
      .tuple(
        fc.constantFrom(...ALL),
        fc.boolean(),
        fc.nat({ max: 60 }),
        fc.uint8Array({ maxLength: 200 }),
      )
      .map(([{ client, server }, ofClient, length, rest]) =>
        Buffer.concat([(ofClient ? client : server).subarray(0, length), rest]),
      ),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), bytes), { maxLength: 6 }), (segments) => {
      const inspector = new Inspector({ sha256hex });
      const offsets = [0, 0];
      for (const [fromOriginator, data] of segments) {
        const way = fromOriginator ? 0 : 1;
        inspector.datagram(2, data, 0, data.length);
        inspector.segment(1, fromOriginator, offsets[way]!, data, 0, data.length);
        offsets[way]! += data.length;
      }
      inspector.take(1);
      inspector.take(2);
      expect(inspector.counts()).toMatchObject({ keptBytes: 0, foundBytes: 0, untold: 0 });
    }),
    { numRuns: 1000 },
  );
});

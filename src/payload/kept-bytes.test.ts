import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FIRST_BYTES, KeptBytes } from './kept-bytes.ts';

/** The plainest way to do the same. */
class Model {
  readonly #bytes = new Map<number, number>();

  add(offset: number, bytes: Uint8Array): void {
    bytes.forEach((byte, i) => {
      const at = offset + i;
      if (at >= 0 && at < FIRST_BYTES && !this.#bytes.has(at)) this.#bytes.set(at, byte);
    });
  }

  get prefix(): number[] {
    const prefix: number[] = [];
    for (let at = 0; this.#bytes.has(at); at++) prefix.push(this.#bytes.get(at)!);
    return prefix;
  }
}

it('is the bytes that came first, whatever comes', () => {
  const segment = fc.tuple(
    fc.oneof(fc.integer({ min: -8, max: 60 }), fc.integer({ min: 16_300, max: 17_000 })),
    fc.uint8Array({ maxLength: 24 }),
  );
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 30 }), (segments) => {
      const kept = new KeptBytes(1);
      const model = new Model();
      for (const [offset, bytes] of segments) {
        const around = new Uint8Array(bytes.length + 10).fill(0xee);
        around.set(bytes, 5);
        kept.add(offset, around, 5, 5 + bytes.length);
        model.add(offset, bytes);
        expect([...kept.bytes.subarray(0, kept.prefix)]).toEqual(model.prefix);
        expect(kept.size).toBeLessThanOrEqual(2 * FIRST_BYTES + 256);
      }
    }),
    { numRuns: 300 },
  );
});

it('takes no more than the first bytes', () => {
  const kept = new KeptBytes(1);
  const piece = new Uint8Array(1000);
  for (let offset = 0; offset < 100_000; offset += 1000) kept.add(offset, piece, 0, 1000);
  expect(kept.prefix).toBe(FIRST_BYTES);
  expect(kept.size).toBe(FIRST_BYTES + 256);
});

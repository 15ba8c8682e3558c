/** What is done in short for most segments is what would be done at length. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type * as script from '../../test/track/script.ts';
import type { Told } from '../../test/track/told.ts';

type Script = typeof script;

/** Segments that were taken in short. */
let steady = 0;

/** The tracker as it is, and one that does everything at length. */
let short: Script;
let long: Script;

beforeAll(async () => {
  // the worker may have loaded them for the files before this one
  vi.resetModules();
  vi.doMock(import('./steady.ts'), async (original) => {
    const { takeSteady } = await original();
    return {
      takeSteady: (...args) => {
        const taken = takeSteady(...args);
        if (taken) steady++;
        return taken;
      },
    };
  });
  short = await import('../../test/track/script.ts');
  vi.resetModules();
  vi.doMock(import('./steady.ts'), () => ({ takeSteady: () => false }));
  long = await import('../../test/track/script.ts');
});

afterAll(() => {
  vi.doUnmock('./steady.ts');
  vi.resetModules();
});

function run(one: Script, lines: readonly string[]): [Told[], unknown] {
  const play = new one.Play().send(...lines);
  const told = play.end();
  return [told, play.tracker.counts()];
}

const OPEN = ['> S', '< SA', '> A'];
const SCALED = ['> S o=020405b40402080a000000010000000001030307', '< SA o=0204057801030303', '> A'];

it('is the same for streams in order, with gaps, losses, resets and closes among them', () => {
  const who = fc.constantFrom('>', '<');
  const usual = fc
    .tuple(who, fc.constantFrom(0, 0, 1, 100, 1448))
    .map(([from, length]) => (length === 0 ? `${from} A` : `${from} PA +${length}`));
  const odd = fc.oneof(
    fc
      .tuple(who, fc.integer({ min: 900, max: 9000 }))
      .map(([from, seq]) => `${from} PA ${seq} +50`),
    fc
      .tuple(who, fc.integer({ min: 900, max: 9000 }), fc.integer({ min: 900, max: 9000 }))
      .map(([from, seq, ack]) => `${from} A ${seq} ${ack}`),
    fc
      .tuple(who, fc.constantFrom('A w=0', 'FA', 'R', 'PUA +5 u=3', 'PA +9 cut=2', 'A w=9', 'S 77'))
      .map(([from, rest]) => `${from} ${rest}`),
  );
  const line = fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: odd });
  const begin = fc.constantFrom(OPEN, SCALED, [], ['> S', '< SA']);
  const isn = fc.constantFrom(1000, 4_294_967_000);
  fc.assert(
    fc.property(
      begin,
      isn,
      fc.array(line, { minLength: 20, maxLength: 60, size: 'max' }),
      (first, number, rest) => {
        const lines = [...first, ...rest].map((one) => (one === '> S' ? `> S ${number}` : one));
        expect(run(short, lines)).toEqual(run(long, lines));
      },
    ),
    { numRuns: 60 },
  );
  expect(steady).toBeGreaterThan(500);
});

it.each([
  [
    'a window told by numbers from before a SYN that begins anew',
    ['> PA +1448', '< S 77', '> A', '> S 77', '> A', '< A'],
  ],
  ['what was acknowledged before it was sent', ['> A 900 5101', '< PA +100', '> A', '< PA +100']],
])('is the same for %s', (_, lines) => {
  const all = [...OPEN, '> A', ...lines, '> A', '> A', '> PA +100', '> A'];
  expect(run(short, all)).toEqual(run(long, all));
});

import { expect, it } from 'vitest';
import { fuzzGuard } from '../fuzz/guard.fuzz.ts';
import { missing } from './rig.ts';

/** `make test-fuzz` sets a million. */
const FRAMES = Number(process.env['PACKETWATCH_FUZZ_FRAMES'] ?? 20_000);
const SEED = Number(process.env['PACKETWATCH_FUZZ_SEED'] ?? 0x5eed);

it(`${FRAMES} mutated frames into each hook, seed ${SEED}`, { timeout: 30_000 + FRAMES }, ({
  skip,
}) => {
  skip(missing !== undefined, missing);
  const { faults, ...report } = fuzzGuard(FRAMES, SEED);
  console.info(`fuzz, seed ${SEED}: ${JSON.stringify(report)}`);
  expect(faults).toEqual([]);
  // the mutants are near enough to the truth to get everywhere
  for (const share of [report.attempts, report.malformed, report.dropped])
    expect(share).toBeGreaterThan(FRAMES / 100);
});

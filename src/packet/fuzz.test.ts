import { expect, it } from 'vitest';
import { fuzzPackets } from '../../test/fuzz/packet.fuzz.ts';

/** `make test-fuzz` sets ten million. */
const INPUTS = Number(process.env['PACKETWATCH_FUZZ_INPUTS'] ?? 20_000);
const SEED = Number(process.env['PACKETWATCH_FUZZ_SEED'] ?? 0x5eed);

it(`${INPUTS} mutated packets and captures, seed ${SEED}`, { timeout: 30_000 + INPUTS / 2 }, () => {
  const { faults, ...report } = fuzzPackets(INPUTS, SEED);
  console.info(`fuzz, seed ${SEED}: ${JSON.stringify(report)}`);
  expect(faults).toEqual([]);
  // the mutants are near enough to the truth to get everywhere
  const { joined, ...common } = report;
  for (const share of Object.values(common)) expect(share).toBeGreaterThan(INPUTS / 100);
  expect(joined).toBeGreaterThan(INPUTS / 10_000);
});

import { expect, it } from 'vitest';
import { fuzzPayload } from '../../test/fuzz/payload.fuzz.ts';

/** `make test-fuzz` sets a million. */
const CONNECTIONS = Number(process.env['PACKETWATCH_FUZZ_CONNECTIONS'] ?? 2000);
const SEED = Number(process.env['PACKETWATCH_FUZZ_SEED'] ?? 0x5eed);

it(`${CONNECTIONS} mutated connections, seed ${SEED}`, {
  timeout: 30_000 + CONNECTIONS,
}, async () => {
  const { faults, ...report } = await fuzzPayload(CONNECTIONS, SEED);
  console.info(`fuzz, seed ${SEED}: ${JSON.stringify(report)}`);
  expect(faults).toEqual([]);
  // the mutants are near enough to the truth to get everywhere
  for (const service of ['ssl', 'http', 'dns', 'ssh', 'none'])
    expect(report.told[service]).toBeGreaterThan(CONNECTIONS / 100);
});

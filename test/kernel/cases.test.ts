/** The case library against the guard: honest clients are never blocked by the weighted rule, scanners are found. */
import { describe, expect, it } from 'vitest';
import { HONEST, SCANS } from '../cases/cases.ts';
import { LOCAL4, LOCAL6 } from '../cases/host.ts';
import { prefixOf } from '../cases/packet-run.ts';
import { runCase } from './case-run.ts';
import { HOOKS } from './rig.ts';
import { withRig } from './with-rig.ts';

const WEIGHTED = { rule: 'weighted', windowSeconds: 600, setClock: true, block: true } as const;

describe('honest clients, an hour of packet time each', () => {
  const rig = withRig(WEIGHTED);

  // both families share one body: of IPv6 every third case is enough
  const cases = HONEST.filter((one, i) => !one.name.endsWith(', IPv6') || i % 3 === 0);

  it.each(cases.map((one) => [one.name, one] as const))('%s: not blocked', async (_, one) => {
    rig().setLocals([...LOCAL4, ...LOCAL6]);
    const found = await runCase(rig(), 'tcx', one);
    expect(found.filter((verdict) => verdict.blocked)).toEqual([]);
  });
});

describe.each(HOOKS)('scanners, %s', (hook) => {
  const rig = withRig(WEIGHTED);

  // the hooks share one body: of the second every fifth case is enough
  const every = hook === HOOKS[0] ? 1 : 5;
  const expected = SCANS.filter((one, i) => one.expects.length > 0 && i % every === 0);

  it.each(expected.map((one) => [one.name, one] as const))('%s: found', async (_, one) => {
    rig().setLocals([...LOCAL4, ...LOCAL6]);
    const found = await runCase(rig(), hook, one);
    const scanner = one.scanner === undefined ? undefined : prefixOf(one.scanner);
    const kinds = found
      .filter(({ src }) => scanner === undefined || prefixOf(src) === scanner)
      .map(({ kind }) => kind);
    expect(one.expects).toEqual(expect.arrayContaining([expect.toBeOneOf(kinds)]));
  });
});

/** A scanner learns three ports, by whatever hook the guard sits at, and the verdict stands in the reference format. */
import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/command.ts';
import { VICTIM, VICTIM_IF } from '../support/rig.ts';
import { HOOKS, suite, useRig, useWatch } from '../support/suite.ts';
import { Stack, SCANNED, SCANS, sourceOf } from './scans.ts';

suite('a scan', ['nmap', 'hping3'], () => {
  const rig = useRig('routed');
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.watch(rig().victim);
  });

  describe.each(HOOKS)('with --block at %s', (hook) => {
    const watch = useWatch(rig, ['-i', VICTIM_IF, '--attach', hook, '--block']);
    beforeAll(() => stack.reset());

    test.each(SCANS)('$name: 3 SYNs reach the stack', async (how) => {
      const source = sourceOf(how);
      const victim = VICTIM[how.family];
      const before = stampOf(new Date());
      await how.scan(rig().scanner, source, victim);

      const [, stamp, list] = await watch().line(
        new RegExp(`^(${STAMP}): Port scan detected: ${source} -> ${victim} on ports ([\\d,]+)$`),
      );
      const ports = list!.split(',').map(Number);
      expect(ports).toHaveLength(4);
      expect(ports).toEqual([...new Set(ports)].sort((a, b) => a - b));
      expect(stamp! >= before && stamp! <= stampOf(new Date())).toBe(true);
      await watch().line(new RegExp(`^${STAMP}: Blocked ${source} for 60s: port scan$`));

      expect(await stack.syns(source)).toBe(3);
      const reached = await stack.ports(source);
      expect(reached).toHaveLength(3);
      expect(ports).toEqual(expect.arrayContaining(reached));
      const told = watch().lines.filter((line) => line.includes(`detected: ${source} `));
      expect(told).toHaveLength(1);
    });
  });

  describe.each(HOOKS)('without --block at %s', (hook) => {
    const watch = useWatch(rig, ['-i', VICTIM_IF, '--attach', hook]);
    beforeAll(() => stack.reset());

    test.each(SCANS.slice(0, 2))('$name: every port is reported', async (how) => {
      const source = sourceOf(how);
      const victim = VICTIM[how.family];
      await how.scan(rig().scanner, source, victim);
      await watch().line(new RegExp(`detected: ${source} -> ${victim} on ports \\d+(,\\d+){63}$`));

      const attempt = new RegExp(`^${STAMP}: New connection: ${source}:\\d+ -> ${victim}:(\\d+)$`);
      const tried = () => watch().lines.flatMap((line) => attempt.exec(line)?.[1] ?? []);
      await until('every attempt', () => tried().length >= SCANNED);
      const all = Array.from({ length: SCANNED }, (_, port) => port + 1);
      expect(
        tried()
          .map(Number)
          .sort((a, b) => a - b),
      ).toEqual(all);
      expect(await stack.ports(source)).toEqual(all);
      const sizes = watch()
        .lines.filter((line) => line.includes(`detected: ${source} `))
        .map((line) => line.split(',').length);
      expect(sizes).toEqual([4, 8, 16, 32, 64]);
    });
  });
});

const STAMP = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d';

/** Local time as the reference format has it. */
function stampOf(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace('T', ' ');
}

/** What stays in the kernel when the program ends, and who may run beside it. */
import { describe, expect, test } from 'vitest';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { MAIN, SCANNER_IF, VICTIM_IF } from '../support/rig.ts';
import { HOOKS, suite, useRig } from '../support/suite.ts';
import { attached, guardAlone, guardAt, isPinned, NOTHING } from './attached.ts';

/** `make test-faults` sets 20. */
const STARTS = Number(process.env['PACKETWATCH_STARTS'] ?? 4);

suite('the end of the program', [], () => {
  const rig = useRig('direct');

  describe.each(HOOKS)('at %s', (hook) => {
    const options = ['-i', VICTIM_IF, '--attach', hook];

    test.each(['SIGINT', 'SIGTERM'] as const)('by %s leaves nothing', async (signal) => {
      const { victim } = rig();
      const watch = await Watch.start(victim, options);
      const { pins, attachments } = await watch.status();
      expect(attachments).toMatchObject([{ iface: VICTIM_IF, hook, egress: true }]);
      expect(await attached(victim, VICTIM_IF)).toEqual(guardAt(hook));
      expect(isPinned(pins)).toBe(true);
      expect(await watch.running.end(signal)).toBe(0);
      expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
      expect(isPinned(pins)).toBe(false);
    });

    test('with --block leaves the guard, says so, and release removes it', async () => {
      const { victim } = rig();
      const watch = await Watch.start(victim, [...options, '--block']);
      const { pins } = await watch.status();
      expect(await watch.running.end('SIGINT')).toBe(0);
      expect(watch.notes.at(-1)).toMatch(/guard stays .*packetwatch release/);
      expect(await attached(victim, VICTIM_IF)).toEqual(guardAlone(hook));
      expect(isPinned(pins)).toBe(true);

      const released = await packetwatch(victim, ['release']);
      expect(released).toMatchObject({ code: 0, stdout: '' });
      expect(released.stderr).toMatch(/^packetwatch: released \d+ pinned objects\n$/);
      expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
      expect(isPinned(pins)).toBe(false);
    });

    test('without --block takes a guard away that another run left', async () => {
      const { victim } = rig();
      await (await Watch.start(victim, [...options, '--block'])).running.end('SIGINT');
      const watch = await Watch.start(victim, options);
      expect((await watch.status()).adopted).toBe(true);
      expect(await watch.running.end('SIGINT')).toBe(0);
      expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
    });
  });

  test('after --duration is an end like others', async () => {
    const { victim } = rig();
    const options = ['-i', VICTIM_IF, '--duration', '0.3s'];
    expect(await packetwatch(victim, ['watch', ...options])).toMatchObject({ code: 0, stdout: '' });
    expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
  });

  test('by release: it detaches, even with --block', async () => {
    const { victim } = rig();
    const watch = await Watch.start(victim, ['-i', VICTIM_IF, '--block']);
    expect(await packetwatch(victim, ['release'])).toMatchObject({ code: 0, stdout: '' });
    expect(await watch.running.ended).toBe(0);
    expect(watch.notes.at(-1)).toMatch(/^released/);
    expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
    const again = await packetwatch(victim, ['release']);
    expect(again).toMatchObject({ code: 0, stderr: 'packetwatch: nothing was pinned\n' });
  });
});

suite('a second program', [], () => {
  const rig = useRig('direct');

  test('in the same namespace ends with one line that names the first', async () => {
    const { victim } = rig();
    const watch = await Watch.start(victim, ['-i', VICTIM_IF]);
    const second = await packetwatch(victim, ['watch', '-i', VICTIM_IF]);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toMatch(
      new RegExp(`^packetwatch: .*already running.* ${watch.running.pid}\\b.*\n$`),
    );
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAt('tcx'));
    expect(await watch.stop()).toBe(0);
  });

  test(`at the same moment, ${STARTS} times: one wins, and the other names it`, {
    timeout: 20_000 + STARTS * 15_000,
  }, async () => {
    const { victim } = rig();
    const argv = [process.execPath, MAIN, 'watch', '-i', VICTIM_IF, '--block'];
    for (let n = 0; n < STARTS; n++) {
      const both = await Promise.all([victim.start(argv), victim.start(argv)]);
      const loser = await Promise.race(both.map(async (one) => (await one.ended, one)));
      const winner = both.find((one) => one !== loser)!;
      expect(await loser.ended).toBe(1);
      expect(loser.err.all).toHaveLength(1);
      const line = new RegExp(`^packetwatch: .*already running here, process ${winner.pid}: `);
      expect(loser.err.all[0]).toMatch(line);
      await winner.err.wait('the winner', (note) => / watching /.test(note) || undefined);
      const { stdout } = await packetwatch(victim, ['status', '--json']);
      expect(JSON.parse(stdout)).toMatchObject({ pid: winner.pid, blocking: true });
      expect(await attached(victim, VICTIM_IF)).toEqual(guardAt('tcx'));
      expect(await winner.end('SIGTERM')).toBe(0);
    }
    await packetwatch(victim, ['release']);
    expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
  });

  test('in another namespace runs', async () => {
    const { victim, scanner } = rig();
    const watch = await Watch.start(victim, ['-i', VICTIM_IF]);
    const other = await Watch.start(scanner, ['-i', SCANNER_IF]);
    expect((await other.status()).pid).toBe(other.running.pid);
    expect((await watch.status()).pid).toBe(watch.running.pid);
    expect([await other.stop(), await watch.stop()]).toEqual([0, 0]);
  });

  test('may come once the first was killed', async () => {
    const { victim } = rig();
    const first = await Watch.start(victim, ['-i', VICTIM_IF]);
    await first.running.end('SIGKILL');
    const second = await Watch.start(victim, ['-i', VICTIM_IF]);
    expect((await second.status()).pid).toBe(second.running.pid);
    expect(await second.stop()).toBe(0);
  });
});

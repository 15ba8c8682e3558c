/** What a broken run, another user or a namespace that is gone has left: repaired, released, or one line. */
import { existsSync, linkSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { must, until } from '../support/command.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { Namespace, otherScanner, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { attached, guardAt, NOTHING } from './attached.ts';

const OPTIONS = ['-i', VICTIM_IF, '--block'];
const BLOCKED = otherScanner(1, 4);

/** Breaks a directory with the pins of a guard that blocks one address. @param kept whether it stays blocked */
const BREAKAGES: readonly {
  readonly name: string;
  readonly kept: boolean;
  /** A line of the next start. */
  readonly told?: RegExp;
  readonly breaks: (pins: string) => void;
}[] = [
  {
    name: 'an empty directory',
    kept: false,
    breaks: (pins) => {
      for (const name of readdirSync(pins)) rmSync(`${pins}/${name}`, { recursive: true });
    },
  },
  {
    name: 'the table missing',
    kept: false,
    told: /1 blocks end: their tables can't be read \(no map pw_sets\)/,
    breaks: (pins) => rmSync(`${pins}/maps-1/pw_sets`),
  },
  {
    name: 'nothing that says what lies where',
    kept: false,
    told: /tables that say nothing of themselves are made anew: their blocks end/,
    breaks: (pins) => rmSync(`${pins}/maps-1/layout`),
  },
  {
    name: 'a map missing, a program in the place of another, and more than there should be',
    kept: true,
    breaks: (pins) => {
      rmSync(`${pins}/maps-1/pw_answers`);
      rmSync(`${pins}/maps-1/pw_never`);
      linkSync(`${pins}/maps-1/requests`, `${pins}/maps-1/pw_never`);
      symlinkSync('/nowhere', `${pins}/maps-99`);
      linkSync(`${pins}/maps-1/layout`, `${pins}/something`);
      linkSync(`${pins}/maps-1/layout`, `${pins}/link-7-tcx`);
    },
  },
];

suite('pins of a broken run', [], () => {
  const rig = useRig('direct');

  test.each(BREAKAGES)('$name', async ({ breaks, kept, told }) => {
    const { victim } = rig();
    const first = await Watch.start(victim, OPTIONS);
    const { pins } = await first.status();
    await packetwatch(victim, ['block', 'add', BLOCKED]);
    await first.running.end('SIGINT');
    breaks(pins);
    // Whatever there is: an answer, or one line with the mend.
    for (const command of [['status'], ['block', 'list'], ['allow', 'list']]) {
      const { code, stderr } = await packetwatch(victim, command);
      expect(stderr).toMatch(code === 0 ? /^$/ : /^packetwatch: [^\n]+: [^\n]+\n$/);
    }
    const next = await Watch.start(victim, OPTIONS);
    if (told) await next.note(told);
    const { blocks, pinned } = await next.status();
    expect({ blocks, maps: pinned.maps.length }).toEqual({ blocks: kept ? 1 : 0, maps: 1 });
    expect(readdirSync(pins).filter((name) => !/^(maps-\d+|link-.*)$/.test(name))).toEqual([]);
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAt('tcx'));
    expect(await next.stop()).toBe(0);
    expect(existsSync(pins)).toBe(false);
    expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
  });

  test('a guard under the name of another interface is not taken for this one', async () => {
    const { victim } = rig();
    const first = await Watch.start(victim, ['-i', 'lo', '--block']);
    const { pins } = await first.status();
    await first.running.end('SIGINT');
    const { ifindex } = JSON.parse(
      (await victim.must(['ip', '-j', 'link', 'show', VICTIM_IF])).slice(1, -2),
    ) as { ifindex: number };
    renameSync(`${pins}/link-1-tcx`, `${pins}/link-${ifindex}-tcx`);
    const next = await Watch.start(victim, OPTIONS);
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAt('tcx'));
    expect(await attached(victim, 'lo')).toEqual(NOTHING);
    expect(await next.stop()).toBe(0);
  });
});

suite('a namespace that is gone', [], () => {
  const rig = useRig('direct');

  test('leaves nothing behind: release, and any start, sweep it', async () => {
    const gone = new Namespace(`${rig().victim.name}-gone`);
    await must(['ip', 'netns', 'add', gone.name]);
    await gone.must(['ip', 'link', 'set', 'lo', 'up']);
    const watch = await Watch.start(gone, ['-i', 'lo', '--block']);
    const { pins } = await watch.status();
    await watch.running.end('SIGKILL');
    await must(['ip', 'netns', 'del', gone.name]);
    // The kernel takes a namespace apart a little later, and any other program may have swept it first.
    await until('the namespace is swept', async () => {
      const { code } = await packetwatch(rig().victim, ['release']);
      expect(code).toBe(0);
      return !existsSync(pins);
    });
    expect(existsSync(pins)).toBe(false);
  });
});

suite('a program that does not answer', [], () => {
  const rig = useRig('direct');

  describe('stopped', () => {
    test('status tells what it has, release takes it, and both say what to do', async () => {
      const { victim } = rig();
      const watch = await Watch.start(victim, OPTIONS);
      watch.running.child.kill('SIGSTOP');
      const { pid } = watch.running;
      const status = await packetwatch(victim, ['status']);
      expect(status).toMatchObject({ code: 0, stderr: '' });
      expect(status.stdout).toContain(`Process ${pid} runs and does not answer`);
      expect(status.stdout).toMatch(
        new RegExp(`Owner: packetwatch \\S+, process ${pid} of user 0`),
      );
      const released = await packetwatch(victim, ['release']);
      expect(released.code).toBe(0);
      expect(released.stderr).toMatch(
        new RegExp(`^packetwatch: released \\d+ .*\n.* process ${pid} .*kill -9 ${pid}.*\n$`),
      );
      expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
      await watch.running.end('SIGKILL');
      const next = await Watch.start(victim, OPTIONS);
      expect((await next.status()).adopted).toBe(false);
      expect(await next.stop()).toBe(0);
    });
  });
});

/** Whatever comes, and however often, the program follows, and says no more than can be read. */
import { expect, test } from 'vitest';
import { until } from '../support/command.ts';
import { parseExposition } from '../support/exposition.ts';
import { VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { addLink, EXTRA, ip, meanwhile, noted, pinnedLinks, refusedAt } from './second-link.ts';

const HERE = '127.0.0.1:9470';
const MANY = 40;

suite('interfaces of any kind', ['curl'], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, ['-o', 'json', '--listen', HERE]);

  /** Those that packetwatch_interface_info has. */
  async function series(): Promise<string[]> {
    const text = await rig().victim.must(['curl', '-sS', `http://${HERE}/metrics`]);
    return parseExposition(text, 'text')
      .filter(({ name }) => name === 'packetwatch_interface_info')
      .map(({ labels }) => labels['iface']!);
  }

  const notesWith = (pattern: RegExp) => watch().notes.filter((note) => pattern.test(note));
  const times = (count: number, lines: (n: number) => string[]) =>
    Array.from({ length: count }, (_, n) => lines(n)).flat();

  test('are watched from their first address on, and while they are down', async () => {
    const { victim } = rig();
    const before = await pinnedLinks(watch());
    await ip(victim, 'link add late0 type bridge', 'link set late0 up', 'link set lo down');
    await noted(watch(), 'lo is down');
    await ip(victim, 'link set lo up');
    await noted(watch(), 'lo is up again');
    expect(notesWith(/late0/)).toEqual([]);
    expect(await pinnedLinks(watch())).toEqual(before);
    await ip(victim, 'addr add 10.74.0.1/24 dev late0');
    await noted(watch(), 'late0 is watched from now on');
    expect(await series()).toEqual(['lo', VICTIM_IF, 'late0']);
    await ip(victim, 'link del late0');
    await noted(watch(), 'late0 is gone');
    expect(await series()).toEqual(['lo', VICTIM_IF]);
  });

  test('also without an Ethernet header, and with a name that would command a terminal', async () => {
    const name = '\u001b[31mred';
    await rig().victim.must(['ip', 'tuntap', 'add', 'mode', 'tun', 'name', name]);
    await ip(rig().victim, `addr add 10.74.0.1/24 dev ${name}`, `link set ${name} up`);
    await noted(watch(), '\\u001b[31mred is watched from now on');
    const { attachments } = await watch().status();
    expect(attachments).toContainEqual(
      expect.objectContaining({ iface: name, hook: 'tcx', why: 'no Ethernet header' }),
    );
    await ip(rig().victim, `link del ${name}`);
    await noted(watch(), '\\u001b[31mred is gone');
  });

  test('that flap are told of a few times', async () => {
    const { victim } = rig();
    await ip(
      victim,
      'link add flap0 type bridge',
      'addr add 10.74.0.1/24 dev flap0',
      'link set flap0 up',
    );
    await noted(watch(), 'flap0 is watched from now on');
    const before = await watch().status();
    await ip(victim, ...times(500, () => ['link set flap0 down', 'link set flap0 up']));
    await until('all was heard of', async () => {
      const { interfaces } = await watch().status();
      return interfaces.changes - before.interfaces.changes >= 1000 || interfaces.reread > 0;
    });
    expect(notesWith(/^flap0 is (down|up)/).length).toBeLessThan(8);
    await ip(victim, 'link del flap0');
    await noted(watch(), 'flap0 is gone');
  });

  test('that are many come and go in a few lines', async () => {
    const { victim } = rig();
    const told = watch().notes.length;
    await ip(
      victim,
      ...times(MANY, (n) => [
        `link add many${n} type bridge`,
        `addr add 10.74.${n}.1/24 dev many${n}`,
        `link set many${n} up`,
      ]),
    );
    await until(
      'all are watched',
      async () => (await watch().status()).attachments.length === MANY + 2,
    );
    await ip(victim, ...times(MANY, (n) => [`link del many${n}`]));
    await until('none is', async () => (await watch().status()).attachments.length === 2);
    expect(Object.keys(await pinnedLinks(watch()))).toHaveLength(4);
    await watch().note(/: \d+ further changes of interfaces are not told one by one$/);
    expect(watch().notes.length - told).toBeLessThan(MANY);
    expect((await watch().status()).interfaces.untold).toBeGreaterThan(0);
  });

  test('whose news were lost are looked at again', async () => {
    const { victim } = rig();
    const before = await watch().status();
    await meanwhile(watch(), async () => {
      await ip(victim, 'link add lost0 type bridge');
      await ip(victim, ...times(1500, () => ['link set lost0 up', 'link set lost0 down']));
      await ip(victim, 'link del lost0');
      await addLink(rig());
    });
    await until('ex0 is watched', async () =>
      (await watch().status()).attachments.some(({ iface }) => iface === 'ex0'),
    );
    expect((await watch().status()).interfaces.reread).toBeGreaterThan(before.interfaces.reread);
    await refusedAt(rig(), watch(), EXTRA, 'ex0');
    await refusedAt(rig(), watch(), VICTIM[4], VICTIM_IF);
  });
});

/** An interface is the same one under another name, and another one under the same name. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '../support/command.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { Namespace } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { attached, guardAt, NOTHING } from './attached.ts';
import {
  addLink,
  addresses,
  EXTRA,
  EXTRA_6,
  ip,
  meanwhile,
  noted,
  noting,
  pinnedLinks,
  refusedAt,
} from './second-link.ts';

const BLOCKED = '10.72.0.9';

suite('an interface that was asked for', [], () => {
  const rig = useRig('direct');
  const elsewhere = new Namespace(`pwtest-${process.pid}-elsewhere`);
  beforeAll(() => must(['ip', 'netns', 'add', elsewhere.name]));
  afterAll(() => elsewhere.down());

  // What holds of XDP links holds of both forms.
  describe.each(['tcx', 'native'] as const)('at %s', (hook) => {
    beforeAll(() => addLink(rig()));
    const watch = useWatch(rig, ['-i', 'ex0', '--attach', hook, '--block', '-o', 'json']);
    afterAll(() => rig().victim.run(['ip', 'link', 'del', 'ex0']));

    const links = () => pinnedLinks(watch());

    test('keeps links and blocks under another name', async () => {
      const { victim } = rig();
      await packetwatch(victim, ['block', 'add', BLOCKED]);
      const before = await links();
      expect(Object.keys(before)).toHaveLength(2);
      await ip(victim, 'link set ex0 name wan0');
      await noted(watch(), 'ex0 is now called wan0');
      for (const host of [EXTRA, EXTRA_6]) await refusedAt(rig(), watch(), host, 'wan0');
      expect(await watch().status()).toMatchObject({ attachments: [{ iface: 'wan0' }], blocks: 1 });
      await ip(victim, 'link set wan0 name ex0');
      await noted(watch(), 'wan0 is now called ex0');
      expect(await links()).toEqual(before);
    });

    test('takes nothing of ours into another network namespace', async () => {
      const { victim } = rig();
      await noting(watch(), 'ex0 is gone', () =>
        must(['ip', '-n', victim.name, 'link', 'set', 'ex0', 'netns', elsewhere.name]),
      );
      expect(await attached(elsewhere, 'ex0')).toEqual(NOTHING);
      expect(await links()).toEqual({});
      await noting(watch(), 'ex0 is watched from now on', async () => {
        await must(['ip', '-n', elsewhere.name, 'link', 'set', 'ex0', 'netns', victim.name]);
        await ip(victim, ...addresses('ex0'), 'link set ex0 up');
      });
      expect(await attached(victim, 'ex0')).toEqual(guardAt(hook));
      await refusedAt(rig(), watch(), EXTRA, 'ex0');
    });

    test('is another one when it was made again at once, of the same index', async () => {
      const before = await links();
      const index = /\d+/.exec(Object.keys(before)[0]!)![0];
      await noting(watch(), 'ex0 is gone', () =>
        noting(watch(), 'ex0 is watched from now on', () =>
          meanwhile(watch(), async () => {
            await ip(rig().victim, 'link del ex0');
            await addLink(rig(), `index ${index}`);
          }),
        ),
      );
      for (const host of [EXTRA, EXTRA_6]) await refusedAt(rig(), watch(), host, 'ex0');
      const after = await links();
      expect(Object.keys(after)).toEqual(Object.keys(before));
      expect(Object.values(after)).not.toEqual(Object.values(before));
      expect(await attached(rig().victim, 'ex0')).toEqual(guardAt(hook));
    });
  });
});

suite('an interface that moved away while no program ran', [], () => {
  const rig = useRig('direct');
  const elsewhere = new Namespace(`pwtest-${process.pid}-away`);
  beforeAll(() => must(['ip', 'netns', 'add', elsewhere.name]));
  afterAll(() => elsewhere.down());

  // The links that it took along are those of its index.
  test.each(['tcx', 'generic'] as const)(
    'is not taken for the one that has its index, %s',
    async (hook) => {
      const { victim } = rig();
      const options = ['-i', 'ex0', '--attach', hook, '-o', 'json'];
      await addLink(rig(), 'index 4077');
      const killed = await Watch.start(victim, options);
      await killed.running.end('SIGKILL');
      await must(['ip', '-n', victim.name, 'link', 'set', 'ex0', 'netns', elsewhere.name]);
      expect(await attached(elsewhere, 'ex0')).toEqual(guardAt(hook));
      await rig().scanner.must(['ip', 'link', 'set', 'ex1', 'name', 'old1']);
      await addLink(rig(), 'index 4077');
      const watch = await Watch.start(victim, options);
      expect(await attached(victim, 'ex0')).toEqual(guardAt(hook));
      expect(await attached(elsewhere, 'ex0')).toEqual(NOTHING);
      expect(await watch.stop()).toBe(0);
      await elsewhere.must(['ip', 'link', 'del', 'ex0']);
      await ip(victim, 'link del ex0');
    },
  );
});

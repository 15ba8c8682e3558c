/** Where netlink is refused interfaces are asked for once a second, and everything goes on. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { PYTHON } from '../support/peer.ts';
import { Watch } from '../support/packetwatch.ts';
import { VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { addLink, EXTRA, EXTRA_6, ip, noted, refusedAt } from './second-link.ts';

const WITHOUT = fileURLToPath(new URL('../support/without_netlink.py', import.meta.url));

suite('without netlink', [], () => {
  const rig = useRig('direct');

  test('interfaces are followed all the same', async () => {
    const by = [PYTHON, WITHOUT];
    const watch = await Watch.start(rig().victim, ['-o', 'json'], { by });
    await watch.note(/netlink is refused: .* once a second$/);
    await addLink(rig());
    await noted(watch, 'ex0 is watched from now on');
    for (const host of [EXTRA, EXTRA_6]) await refusedAt(rig(), watch, host, 'ex0');
    await ip(rig().victim, 'link set ex0 name wan0');
    await noted(watch, 'ex0 is now called wan0');
    await ip(rig().victim, 'link del wan0');
    await noted(watch, 'wan0 is gone');
    await refusedAt(rig(), watch, VICTIM[4], VICTIM_IF);
    expect((await watch.status()).interfaces).toMatchObject({ changes: 0 });
    expect(await watch.stop()).toBe(0);
  });
});

/** Who becomes an own address or a gateway can't be blocked from that moment on. */
import { expect, test } from 'vitest';
import { packetwatch } from '../support/packetwatch.ts';
import { VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { ip } from './second-link.ts';

/** All waits together; looks of every 5 s at five changes would take 12 s, and less than this once in 400 times. */
const WAITS_MS = 4000;

suite('a source that is blocked', [], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, ['-i', VICTIM_IF, '--block', '-o', 'json']);

  test('is let in when it becomes an own address, or a gateway', async () => {
    const { victim } = rig();
    await ip(victim, 'route add 10.99.0.0/16 via 10.71.1.2');
    const changes = [
      ['10.71.2.77', `addr add 10.71.2.77/16 dev ${VICTIM_IF}`],
      ['fd71:7::77', `addr add fd71:7::77/64 dev ${VICTIM_IF} nodad`],
      ['10.71.1.78', 'route add default via 10.71.1.78'],
      ['10.71.1.79', 'route replace 10.99.0.0/16 via 10.71.1.79'],
      ['fd71:1:0:7::1', `route add default via fd71:1:0:7::1 dev ${VICTIM_IF}`],
    ] as const;
    let waitedMs = 0;
    for (const [source, change] of changes) {
      expect(await packetwatch(victim, ['block', 'add', source])).toMatchObject({ code: 0 });
      await ip(victim, change);
      const begin = performance.now();
      // Of IPv6 the /64 is blocked, and let in.
      await watch().event({ event: 'unblock', src_ip: source.replace(/::.*/, '::') });
      waitedMs += performance.now() - begin;
    }
    expect(waitedMs).toBeLessThan(WAITS_MS);

    // And what is sent to such an address is known to be for this host, from the first SYN on.
    for (const host of ['10.71.2.77', 'fd71:7::77']) {
      const from = await (await rig().scanner.peer()).connect({ host, port: 9 });
      const refused = { event: 'connection.refused', src_port: from.port, dst_ip: host } as const;
      expect(await watch().event(refused)).toMatchObject({ direction: 'inbound' });
    }
    const [own] = changes[0];
    const refused = await packetwatch(victim, ['block', 'add', own]);
    expect(refused.stderr).toMatch(/is never blocked/);
  });
});

/** A time namespace, whose clocks show ten years of uptime; the kernel's programs read those of the host. */
import { expect, test } from 'vitest';
import { Watch } from '../support/packetwatch.ts';
import { SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';

const TEN_YEARS_S = 315_360_000;
const SHIFTED = ['unshare', '-T', '--monotonic', String(TEN_YEARS_S)];

suite('in a time namespace', [], () => {
  const rig = useRig('direct');

  const sources = ['ebpf', 'pcap'] as const;
  test.for(sources)('times, durations and deadlines are right, %s', async (source, { skip }) => {
    const { victim, scanner } = rig();
    const probe = await victim.run([...SHIFTED, 'cat', '/proc/uptime']);
    skip(probe.code !== 0, 'this kernel or util-linux has no time namespaces');
    const watch = await Watch.start(victim, ['--source', source, '-i', VICTIM_IF, '-o', 'json'], {
      by: SHIFTED,
    });
    const peer = await scanner.peer();
    // a rule without its packets' answers: nobody answers this port
    await victim.nft(
      'table inet t { chain c { type filter hook input priority 0; tcp dport 99 drop; }\n}\n',
    );
    const startMs = Date.now();
    await peer.connect({ host: VICTIM[4], port: 99, seconds: 0.2 });
    const attempt = await watch.event({ event: 'connection.attempt', dst_port: 99 });
    const end = await watch.event({ event: 'connection.timeout', dst_port: 99 });
    for (const [ts, afterMs] of [
      [attempt.ts, 0],
      [end.ts, 3000],
    ] as const) {
      expect(Date.parse(ts) - startMs - afterMs).toBeGreaterThan(-50);
      expect(Date.parse(ts) - startMs - afterMs).toBeLessThan(2000);
    }
    expect(end).toMatchObject({ src_ip: SCANNER[4], outcome: 'dropped', duration_s: 3 });
    await watch.stop();
  });
});

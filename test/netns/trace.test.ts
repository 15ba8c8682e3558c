/** `packetwatch trace` over a real router, against real ends and firewalls. */
import { beforeAll, expect, test } from 'vitest';
import { packetwatch } from '../support/packetwatch.ts';
import { type Family, GATEWAY, GATEWAY_IFS, SCANNER_IF, VICTIM } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import type { Way } from '../../src/agent/trace.ts';

/** The gateway's, towards the scanner. */
const ROUTER = { 4: '10.71.1.1', 6: 'fd71:1::1' } as const;

suite('packetwatch trace', [], () => {
  const rig = useRig('routed');
  const trace = (...args: string[]) => packetwatch(rig().scanner, ['trace', '--no-names', ...args]);
  const wayTo = async (family: Family, port: number, ...args: string[]) => {
    const { stdout, code } = await trace('--json', ...args, endOf(family, port));
    return { code, way: JSON.parse(stdout) as Way };
  };
  const three = (answer: object) => Array.from({ length: 3 }, () => answer);

  beforeAll(async () => {
    // so that a router answers each probe
    await rig().gateway.must([
      'sysctl',
      '-qw',
      'net.ipv4.icmp_ratelimit=0',
      'net.ipv6.icmp.ratelimit=0',
    ]);
    // the neighbours are known, so that the first probe doesn't wait for them
    for (const host of Object.values(VICTIM)) await rig().scanner.run(['ping', '-c1', '-W5', host]);
    await rig().gateway.nft(`table inet trace {
      chain forward {
        type filter hook forward priority 0;
        tcp dport 82 reject with icmpx type admin-prohibited
        tcp dport 83 drop
      }
    }`);
  });

  test.each([4, 6] as const)(
    'shows the router, and that the end accepts, IPv%d',
    async (family) => {
      const host = VICTIM[family];
      const { port } = await (await rig().victim.peer()).listen({ host, mode: 'echo' });
      const { code, way } = await wayTo(family, port);
      expect({ code, ...way }).toMatchObject({
        code: 0,
        host,
        dst_ip: host,
        dst_port: port,
        outcome: 'open',
        hops: [
          { ttl: 1, answers: three({ kind: 'expired', from: ROUTER[family] }) },
          { ttl: 2, answers: three({ kind: 'open', from: host }) },
        ],
      });
      for (const { answers } of way.hops)
        for (const answer of answers)
          expect('rtt_us' in answer && Number.isInteger(answer.rtt_us) && answer.rtt_us < 5e5).toBe(
            true,
          );
    },
  );

  test.each([4, 6] as const)('shows that nothing listens, IPv%d', async (family) => {
    const { code, way } = await wayTo(family, 81);
    expect(code).toBe(0);
    expect(way.outcome).toBe('refused');
    expect(way.hops[1]?.answers).toMatchObject(three({ kind: 'refused', from: VICTIM[family] }));
  });

  test('finds an end by its link', async () => {
    const shown = ['ip', '-j', '-6', 'addr', 'show', 'dev', GATEWAY_IFS[0], 'scope', 'link'];
    const [link] = JSON.parse(await rig().gateway.must(shown)) as Link[];
    const from = link!.addr_info.find(({ local }) => local !== undefined)!.local!;
    const { code, stdout } = await trace('--json', `[${from}%${SCANNER_IF}]:81`);
    expect({ code, ...(JSON.parse(stdout) as Way) }).toMatchObject({
      code: 0,
      outcome: 'refused',
      hops: [{ ttl: 1, answers: three({ kind: 'refused', from }) }],
    });
  });

  test.each([4, 6] as const)('names the firewall that refuses, IPv%d', async (family) => {
    const { code, way } = await wayTo(family, 82);
    expect(code).toBe(1);
    expect(way.outcome).toBe('unreachable');
    expect(way.hops).toHaveLength(2);
    const answer = { kind: 'unreachable', why: 'prohibited by a firewall' };
    expect(way.hops[1]?.answers).toContainEqual(expect.objectContaining(answer));
  });

  test('goes on where a firewall drops, as far as it may, and says behind which hop', async () => {
    const { code, stdout } = await trace('-w', '200ms', '-q', '2', '-m', '4', endOf(4, 83));
    expect(code).toBe(1);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.replaceAll(/[\d.]+ ms/g, 'T ms'))).toEqual([
      `the way to ${VICTIM[4]} port 83, at most 4 hops`,
      `  1  ${ROUTER[4]}  T ms  T ms`,
      '  2  *  *',
      '  3  *  *',
      '  4  *  *',
      `${VICTIM[4]} port 83 doesn't answer: nothing comes back from behind hop 1`,
    ]);
  });

  test('keeps each flow on its source port, so that balanced ways stay apart', async () => {
    const host = VICTIM[4];
    const count = `table inet seen {
      set flows { type inet_service; flags dynamic; }
      chain in {
        type filter hook prerouting priority 0;
        ip daddr ${host} tcp dport 85 add @flows { tcp sport }
      }
    }`;
    await rig().gateway.nft(count);
    await wayTo(4, 85, '-q', '4');
    const { stdout } = await rig().gateway.run([
      'nft',
      '-j',
      'list',
      'set',
      'inet',
      'seen',
      'flows',
    ]);
    const { nftables } = JSON.parse(stdout) as { nftables: { set?: { elem: number[] } }[] };
    expect(nftables.find(({ set }) => set)?.set?.elem).toHaveLength(4);
  });

  test('says so when it may go no farther, and when this host has no way there', async () => {
    const { way } = await wayTo(6, 81, '-m', '1');
    expect(way.outcome).toBe('beyond');
    const alone = await packetwatch(rig().gateway, ['trace', '--json', '198.51.100.1:80']);
    expect(alone.code).toBe(1);
    expect(JSON.parse(alone.stdout)).toMatchObject({
      outcome: 'unsent',
      hops: [{ ttl: 1, answers: three({ kind: 'unsent', why: 'ENETUNREACH' }) }],
    });
  });

  test.each([
    [['10.0.0.1'], 'a host and a port are wanted'],
    [['10.0.0.1:0'], 'a host and a port are wanted'],
    [['[::1]:70000'], 'a host and a port are wanted'],
    [['::1:80'], 'a host and a port are wanted'],
    [['-4', '-6', '[::1]:80'], 'cannot be used with'],
    [['-m', '0', '[::1]:80'], 'from 1 to 255'],
  ])('%j is bad usage', async (args, why) => {
    const { code, stdout, stderr } = await trace(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(why);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test.each([
    [['-6', `${GATEWAY[4]}:80`], `${GATEWAY[4]} has no IPv6 address`],
    [['no.such.invalid:80'], 'no.such.invalid has no address'],
    [['[fe80::1%nowhere]:80'], 'no interface nowhere has an address of its link'],
  ])('%j has nowhere to go', async (args, why) => {
    const { code, stderr } = await trace(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(why);
  });
});

/** Of `ip -j addr`. */
interface Link {
  readonly addr_info: readonly { readonly local?: string }[];
}

function endOf(family: Family, port: number): string {
  return family === 4 ? `${VICTIM[4]}:${port}` : `[${VICTIM[6]}]:${port}`;
}

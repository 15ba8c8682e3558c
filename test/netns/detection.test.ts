/** nmap's main kinds of scan under the weighted rule, beside a client that nobody may block. */
import { beforeAll, expect, test } from 'vitest';
import { until } from '../support/command.ts';
import { PYTHON } from '../support/peer.ts';
import { type Family, otherScanner, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { nmapRaw } from './scans.ts';

interface Kind {
  /** Number of its source. */
  readonly from: number;
  readonly options: readonly string[];
  readonly family: Family;
  readonly kind: string;
  readonly technique?: string;
}

const DECOYS = '198.51.100.1,198.51.100.2,ME,198.51.100.3,198.51.100.4,198.51.100.5';

const KINDS: readonly Kind[] = [
  { from: 1, options: ['-sS'], family: 4, kind: 'vertical' },
  { from: 2, options: ['-sS'], family: 6, kind: 'vertical' },
  { from: 3, options: ['-sS', '-D', DECOYS], family: 4, kind: 'vertical' },
  { from: 4, options: ['-sS', '-f'], family: 4, kind: 'stealth', technique: 'fragments' },
  { from: 5, options: ['-sF'], family: 4, kind: 'stealth', technique: 'fin' },
  { from: 6, options: ['-sF'], family: 6, kind: 'stealth', technique: 'fin' },
  { from: 7, options: ['-sA'], family: 4, kind: 'stealth', technique: 'ack' },
  { from: 8, options: ['-sU'], family: 4, kind: 'udp' },
  { from: 9, options: ['-sU'], family: 6, kind: 'udp' },
];

/** Probes that a scanner gets an answer to. */
const MOST_ANSWERS = 5;
const SERVED = [8081, 8082, 8083] as const;
const CLOSED = 8084;
const CLIENT = otherScanner(KINDS.length + 1, 4);

suite('the weighted rule', ['nmap', 'curl'], () => {
  const rig = useRig('routed');
  const watch = useWatch(rig, ['-i', VICTIM_IF, '-o', 'json', '--block', '--rule', 'weighted']);

  beforeAll(async () => {
    const { victim } = rig();
    for (const port of SERVED)
      await victim.start([PYTHON, '-m', 'http.server', `${port}`, '--bind', VICTIM[4]]);
    await until('the servers', async () => (await fetched('1')) === 0);
    // over IPv6, too, neighbours have found each other: what is refused before waits for that, and says nothing yet
    const refused = await rig().scanner.run(['curl', '-s', `http://[${VICTIM[6]}]:${CLOSED}/`]);
    expect(refused.code).toBe(7);
    // what leaves for each source: RST, SYN+ACK, port unreachable
    await victim.nft(`
      table inet pwanswers {
        set answers4 { typeof ip daddr; flags dynamic; size 65535; counter; }
        set answers6 { typeof ip6 daddr; flags dynamic; size 65535; counter; }
        chain output {
          type filter hook output priority 2147483000;
          meta l4proto { tcp, icmp } update @answers4 { ip daddr }
          ip6 nexthdr tcp update @answers6 { ip6 daddr }
          icmpv6 type destination-unreachable update @answers6 { ip6 daddr }
        }
      }`);
  });

  test.each(KINDS)(
    'finds and blocks nmap $options, IPv$family',
    async ({ from, options, family, kind, technique }) => {
      const source = otherScanner(from, family);
      const victim = VICTIM[family];
      await nmapRaw(...options)(rig().scanner, source, victim);
      const scan = await watch().event({ event: 'scan', src_ip: source });
      expect(scan).toMatchObject({ kind, dst_ip: victim, ...(technique && { technique }) });
      await watch().event({ event: 'block', src_ip: source });
      expect(await answers(source)).toBeLessThanOrEqual(MOST_ANSWERS);
    },
  );

  test('leaves a client alone that fetches from 3 ports and fails on a 4th', async () => {
    expect(await fetched('1-20')).toBe(0);
    const refused = await curl(`http://${VICTIM[4]}:${CLOSED}/`);
    expect(refused.stderr).toContain('Failed to connect');
    expect(await fetched('1-20')).toBe(0);
    expect(watch().events({ event: 'scan', src_ip: CLIENT })).toEqual([]);
    expect(watch().events({ event: 'block', src_ip: CLIENT })).toEqual([]);
  });

  /** From each port so often; curl's exit code. */
  async function fetched(times: string): Promise<number | null> {
    const numbers = times.includes('-') ? `[${times}]` : times;
    return (await curl(`http://${VICTIM[4]}:{${SERVED.join(',')}}/?${numbers}`)).code;
  }

  function curl(url: string) {
    const argv = ['curl', '-sS', '-f', '--interface', CLIENT, '-o', '/dev/null', url];
    return rig().scanner.run(argv);
  }

  async function answers(source: string): Promise<number> {
    const set = source.includes(':') ? 'answers6' : 'answers4';
    const argv = ['nft', 'list', 'set', 'inet', 'pwanswers', set];
    const listing = await rig().victim.must(argv);
    const line = listing.split(/,\s*/).find((one) => one.includes(`${source} `));
    return Number(/packets (\d+)/.exec(line ?? '')?.[1] ?? Number.NaN);
  }
});

/**
 * A capture of real scanners, replayed to the host that they scanned: what is found live is what is found in the
 * capture, by each rule and source, and the attempts have the same ids.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { must, until } from '../support/command.ts';
import { type Event, Watch } from '../support/packetwatch.ts';
import { PYTHON } from '../support/peer.ts';
import { type Family, MAIN, otherScanner, SCANNER_IF, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';

const REPLAY = fileURLToPath(new URL('../support/replay.py', import.meta.url));
/** Nobody listens on these. */
const PORTS = '1-12';
/** Further addresses of the victim, for a scan over them. */
const MORE = [3, 4, 5, 6, 7].map((n) => `10.71.2.${n}`);

interface Scan {
  readonly options: readonly string[];
  readonly family: Family;
  readonly targets?: readonly string[];
}

/** Each from an address of its own. */
const SCANS: readonly Scan[] = [
  { options: ['-sS', '-p', PORTS], family: 4 },
  { options: ['-sS', '-p', PORTS], family: 6 },
  { options: ['-sN', '-p', PORTS], family: 4 },
  { options: ['-sF', '-p', PORTS], family: 6 },
  { options: ['-sX', '-p', PORTS], family: 4 },
  { options: ['-sM', '-p', PORTS], family: 6 },
  { options: ['-sA', '-p', PORTS], family: 4 },
  { options: ['-sU', '-p', PORTS], family: 4 },
  { options: ['-sU', '-p', PORTS], family: 6 },
  { options: ['-sS', '-p', '22'], family: 4, targets: MORE },
];

const LIVE = [
  { source: 'ebpf', rule: 'reference', kinds: ['horizontal', 'stealth', 'udp', 'vertical'] },
  { source: 'ebpf', rule: 'weighted', kinds: ['horizontal', 'stealth', 'udp', 'vertical'] },
  // packets of a filter in the kernel, which passes SYNs
  { source: 'pcap', rule: 'reference,ports=5,window=30s', kinds: ['vertical'] },
] as const;

suite('a capture and its replay', ['nmap', 'tcpdump'], () => {
  const rig = useRig('direct');
  const folder = mkdtempSync(join(tmpdir(), 'packetwatch-replay-'));
  const path = join(folder, 'scans.pcap');
  let mac: string;
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    const { victim, scanner } = rig();
    const limits = ['net.ipv4.icmp_ratelimit=0', 'net.ipv6.icmp.ratelimit=0'];
    await victim.must(['sysctl', '-qw', ...limits]);
    for (const address of MORE)
      await victim.must(['ip', 'addr', 'add', `${address}/16`, 'dev', VICTIM_IF]);
    const links = await victim.must(['ip', '-j', 'link', 'show', 'dev', VICTIM_IF]);
    mac = (JSON.parse(links) as { address: string }[])[0]!.address;
    const dump = ['tcpdump', '-n', '-U', '-Z', 'root', '--immediate-mode', '-s', '256'];
    const running = await victim.start([...dump, '-i', VICTIM_IF, '-w', path, 'not arp']);
    await running.err.wait('tcpdump listens', (line) => line.includes('listening on') || undefined);
    await Promise.all(
      SCANS.map(({ options, family, targets = [VICTIM[family]] }, i) => {
        const fast = ['-n', '-Pn', '-T5', '--max-retries', '0', ...(family === 6 ? ['-6'] : [])];
        const from = ['-S', otherScanner(i + 1, family), '-e', SCANNER_IF];
        return scanner.must(['nmap', ...fast, ...options, ...from, ...targets]);
      }),
    );
    // tcpdump leaves what it has not read yet when it is ended
    await until('all scans in the capture', async () => {
      const found = await captured('reference');
      return scansOf(found).length >= SCANS.length;
    });
    await running.end('SIGINT');
  });

  const captured = async (rule: string): Promise<Event[]> => {
    const args = ['read', '--events', 'connection.attempt,scan', '-o', 'json', '--rule', rule];
    const lines = await must([process.execPath, MAIN, ...args, path]);
    return lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Event);
  };

  const scansOf = (events: readonly Event[], kinds?: readonly string[]): string[] =>
    events
      .filter(({ event, state }) => event === 'scan' && state === 'start')
      .filter(({ kind }) => kinds?.includes(kind!) ?? true)
      .map(({ kind, technique, src_ip, dst_ip, hosts, ports }) =>
        JSON.stringify([kind, technique, src_ip, kind === 'horizontal' ? hosts : dst_ip, ports]),
      )
      .sort();

  const idsOf = (events: readonly Event[]): string[] =>
    events.flatMap(({ event, id }) => (event === 'connection.attempt' ? [id!] : [])).sort();

  test.each(LIVE)('$source, --rule $rule', async ({ source, rule, kinds }) => {
    const { victim, scanner } = rig();
    const told = await captured(rule);
    const expected = scansOf(told, kinds);
    expect(expected.map((line) => (JSON.parse(line) as string[])[0])).toEqual(
      expect.arrayContaining([...kinds]),
    );
    const options = ['-i', VICTIM_IF, '-o', 'json', '--source', source, '--rule', rule];
    const watch = await Watch.start(victim, options);
    await scanner.must([PYTHON, REPLAY, SCANNER_IF, path, mac]);
    const attempts = idsOf(told);
    await until('as many events', () => {
      const events = watch.events();
      return scansOf(events).length >= expected.length && idsOf(events).length >= attempts.length;
    });
    await watch.stop();
    expect(scansOf(watch.events())).toEqual(expected);
    expect(idsOf(watch.events())).toEqual(attempts);
    expect(attempts.length).toBeGreaterThan(20);
  });
});

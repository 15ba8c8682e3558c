/** arp-watch on a real link: real ARP and neighbour discovery, and frames that somebody forges. */
import { beforeAll, expect, test } from 'vitest';
import { until } from '../support/command.ts';
import type { Event } from '../support/packetwatch.ts';
import { arp, nd, send } from '../support/neighbours.ts';
import { otherScanner, SCANNER, SCANNER_IF, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';

const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';

type Told = Event & Record<string, unknown>;

suite('arp-watch', ['ping', 'curl'], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, [
    '-i',
    VICTIM_IF,
    '--plugin=arp-watch',
    '-ojson',
    '--events=neighbor,router',
    '--listen=127.0.0.1:9470',
  ]);
  let mac: string;
  beforeAll(async () => {
    const shown = await rig().scanner.must(['ip', '-j', 'link', 'show', SCANNER_IF]);
    mac = (JSON.parse(shown) as [{ address: string }])[0].address;
  });

  const told = (event: string, ip?: string): Told[] =>
    (watch().events() as Told[]).filter(
      (e) => e.event === event && (ip === undefined || e['ip'] === ip),
    );
  const tell = (event: string, ip?: string, count = 1): Promise<Told[]> =>
    until(`${count} ${event}`, () => {
      const all = told(event, ip);
      return all.length >= count && all;
    });
  const forge = (...frames: Buffer[]) => send(rig().scanner, SCANNER_IF, frames);
  const claim = (who: string, ip: string) => arp({ mac: who, ip, target: ip });
  const advertise = (who: string, ip: string) =>
    nd({ kind: 'advertisement', src: ip, target: ip, mac: who, frame: who });

  test.each([4, 6] as const)(
    'tells a station over IPv%d, by what the kernels say',
    async (family) => {
      await rig().scanner.must(['ping', '-q', '-c', '1', '-I', SCANNER[family], VICTIM[family]]);
      const [event] = await tell('neighbor.new', SCANNER[family]);
      expect(event).toMatchObject({ plugin: 'arp-watch', mac, iface: VICTIM_IF });
    },
  );

  test.each([
    [4, otherScanner(9, 4), claim],
    [6, 'fd71:1::99', advertise],
  ] as const)('tells that an address moves, IPv%d', async (_, ip, by) => {
    await forge(by(A, ip), by(A, ip), by(B, ip));
    const [event] = await tell('neighbor.moved', ip);
    expect(event).toMatchObject({ mac: B, old_mac: A, back: false });
    expect(told('neighbor.new', ip)).toHaveLength(1);
  });

  test.each([
    [4, '10.71.1.200', claim],
    [6, 'fd71:1::200', advertise],
  ] as const)('tells once that two share an address, IPv%d', async (_, ip, by) => {
    await forge(...[A, B, A, B, A, B].map((who) => by(who, ip)));
    const [event] = await tell('neighbor.duplicate', ip);
    expect(event).toMatchObject({ mac: A, other_mac: B, own: false });
    const later = ip.replace('200', '201');
    await forge(by(B, ip), by(A, ip), by(A, later));
    await tell('neighbor.new', later);
    expect(told('neighbor.duplicate', ip)).toHaveLength(1);
  });

  test.each([
    [4, VICTIM[4], claim(B, VICTIM[4])],
    [6, VICTIM[6], nd({ kind: 'solicitation', src: '::', target: VICTIM[6], frame: B })],
  ] as const)('tells that somebody has or wants our address, IPv%d', async (_, ip, frame) => {
    await forge(frame);
    const [event] = await tell('neighbor.duplicate', ip);
    expect(event).toMatchObject({ mac: B, own: true });
  });

  test('tells a router once, and again when it was none meanwhile', async () => {
    const router = (lifetime: number) =>
      nd({ kind: 'router', src: 'fe80::1', mac: A, frame: A, lifetime });
    await forge(router(600), router(600));
    const [event] = await tell('router.new');
    expect(event).toMatchObject({ ip: 'fe80::1', mac: A, lifetime_s: 600 });
    await forge(router(0), router(600));
    await forge(nd({ kind: 'router', src: 'fe80::2', mac: B, frame: B }));
    await tell('router.new', 'fe80::2');
    expect(told('router.new', 'fe80::1')).toHaveLength(1); // the second is within a minute
  });

  test('tells when a flood begins and ends, and every claim is counted', async () => {
    await forge(...Array.from({ length: 300 }, () => claim(A, '10.71.1.210')));
    const [start, end] = await tell('neighbor.flood', undefined, 2);
    expect(start).toMatchObject({ state: 'start', iface: VICTIM_IF });
    expect(end).toMatchObject({ state: 'end' });
    expect(end!.count).toBeGreaterThanOrEqual(300);
    const metrics = await rig().victim.must(['curl', '-sS', 'http://127.0.0.1:9470/metrics']);
    const value = (series: string) =>
      Number(new RegExp(`^packetwatch_plugin_arp_watch_${series} (\\d+)$`, 'm').exec(metrics)![1]);
    expect(value('unsolicited_total')).toBeGreaterThanOrEqual(300);
    expect(value('known_total')).toBeGreaterThanOrEqual(299);
    expect(value('packets_total{kind="router"}')).toBe(5);
    expect(value('stations')).toBeGreaterThan(5);
    const [plugin] = (await watch().status()).plugins;
    expect(plugin).toMatchObject({ errors: 0, lost: 0, suppressed: 0 });
    expect(plugin!.records).toBe(plugin!.sent);
    expect(plugin!.events).toBe(watch().events().length);
  });
});

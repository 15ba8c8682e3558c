/** Scans by anything but SYNs, and what only looks like one: under either rule alike. */
import { describe, expect, it } from 'vitest';
import { Flag } from '../../src/wire/layout.gen.ts';
import { ethernet, ip, Tcp, tcp, udp } from '../support/frames.ts';
import { HOOKS, OTHER_VICTIM, SCANNER, SCANNER6, type Verdict, VICTIM, VICTIM6 } from './rig.ts';
import { scans, Talk } from './talk.ts';
import { withRig } from './with-rig.ts';

const SECOND = 1e9;
const RULES = ['reference', 'weighted'] as const;
const PORTS = [21, 22, 23, 25, 80];
const FAMILIES: [string, string, string][] = [
  ['IPv4', SCANNER, VICTIM],
  ['IPv6', SCANNER6, VICTIM6],
];
/** Name, kind of the record, the probe. */
const PROBES: [string, string, (t: Talk, port: number) => Verdict][] = [
  ['NULL', 'NULL', (t, port) => t.send(port, { flags: 0 })],
  ['FIN', 'FIN', (t, port) => t.send(port, { flags: Tcp.FIN })],
  ['XMAS', 'XMAS', (t, port) => t.send(port, { flags: Tcp.FIN | Tcp.PSH | Tcp.URG })],
  ['SYN+FIN', 'ODD', (t, port) => t.send(port, { flags: Tcp.SYN | Tcp.FIN })],
  ['fragments of 8 bytes', 'FRAGMENT', (t, port) => t.fragment(port, 8)],
  ['fragments of 16 bytes', 'FRAGMENT', (t, port) => t.fragment(port, 16)],
];
const ANSWERED: [string, string, (t: Talk, port: number) => Verdict][] = [
  ['ACK, window', 'ACK', (t, port) => t.stray(port)],
  ['Maimon', 'ACK', (t, port) => t.stray(port, Tcp.FIN | Tcp.ACK)],
  ['UDP', 'UDP', (t, port) => t.datagram(port)],
];

describe.each(HOOKS.flatMap((hook) => RULES.map((rule) => [hook, rule] as const)))(
  'on %s, %s rule',
  (hook, rule) => {
    const rig = withRig({ rule, setClock: true, block: true });
    let now = 1000;
    /** An hour further on: nothing of an earlier test counts. */
    const talk = (src = SCANNER, dst = VICTIM): Talk => {
      rig().setClock((now += 3600) * SECOND);
      return new Talk(rig(), hook, src, dst);
    };

    describe.each(FAMILIES)('%s', (_, src, dst) => {
      it.each(PROBES)('%s: the fourth port is dropped and blocks', (__, kind, probe) => {
        const t = talk(src, dst);
        expect(PORTS.map((port) => probe(t, port))).toEqual([
          'pass',
          'pass',
          'pass',
          'drop',
          'drop',
        ]);
        const [scan, ...more] = scans(rig());
        expect(more).toEqual([]);
        expect(scan).toMatchObject({ flags: Flag.WHOLE | Flag.BLOCKED, scan: { kind, hosts: 1 } });
        expect(scan!.verdict!.ports.slice(0, 4).toSorted((a, b) => a - b)).toEqual([
          21, 22, 23, 25,
        ]);
        expect(t.send(443)).toBe('drop');
      });

      it.each(ANSWERED)('%s: our fourth answer blocks', (__, kind, probe) => {
        const t = talk(src, dst);
        expect(PORTS.map((port) => probe(t, port))).toEqual([
          'pass',
          'pass',
          'pass',
          'pass',
          'drop',
        ]);
        expect(scans(rig())).toMatchObject([{ flags: Flag.WHOLE | Flag.BLOCKED, scan: { kind } }]);
      });
    });

    it('one port again and again is none', () => {
      const t = talk();
      for (let i = 0; i < 20; i++)
        for (const [, , probe] of [...PROBES, ...ANSWERED]) expect(probe(t, 80)).toBe('pass');
      expect(scans(rig())).toEqual([]);
    });

    it('backscatter of a spoofed flood: SYN+ACKs for SYNs that we never sent', () => {
      const t = talk();
      for (let port = 30_000; port < 30_050; port++) {
        t.send(port, { srcPort: 40000, flags: Tcp.SYN | Tcp.ACK, ack: port * 7 });
        t.answer(port, { flags: Tcp.RST, seq: port * 7 });
        t.send(port, { flags: Tcp.RST | Tcp.ACK, ack: 5 });
      }
      expect(scans(rig())).toEqual([]);
      expect(rig().moved()).toMatchObject({ strays: 50, excused: 50 });
    });

    it('late answers of services, of those we asked, and traceroute', () => {
      const t = talk();
      for (let i = 0; i < 1000; i++) t.datagram(30_000 + i, 53);
      for (let i = 0; i < 50; i++) t.datagram(33_434 + i);
      for (let port = 50_000; port < 50_050; port++) {
        const asked = udp({ srcPort: port, dstPort: 8999 });
        rig().leave(ethernet(ip({ src: VICTIM, dst: SCANNER }, asked)));
        t.datagram(port, 8999);
      }
      expect(scans(rig())).toEqual([]);
      expect(rig().moved()).toMatchObject({ unreachables: 1100, excused: 1100 });
    });

    it('an answer a minute late is not asked for any more', () => {
      const t = talk();
      rig().leave(
        ethernet(ip({ src: VICTIM, dst: SCANNER }, udp({ srcPort: 50_000, dstPort: 8999 }))),
      );
      rig().setClock((now += 70) * SECOND);
      for (let port = 50_000; port < 50_005; port++) t.datagram(port, 8999);
      expect(scans(rig())).toHaveLength(1);
    });

    it('segments that we forward are not judged', () => {
      talk();
      const away = { src: SCANNER, dst: '203.0.113.9' };
      for (const port of PORTS)
        rig().run(hook, ethernet(ip(away, tcp({ dstPort: port, flags: 0 }))));
      expect(scans(rig())).toEqual([]);
    });
  },
);

describe.each(HOOKS)('over several addresses by the reference rule, %s', (hook) => {
  const rig = withRig({ setClock: true, block: true });
  const locals = [VICTIM, OTHER_VICTIM, '10.0.0.7', '10.0.0.8', '10.0.0.9'];
  const probe = (how: 'closed' | 'halfOpen' | 'connect', port = 23): Verdict[] =>
    locals.map((dst) => new Talk(rig(), hook, SCANNER, dst)[how](port));
  const begin = (): void => {
    rig().setLocals(locals);
    rig().setClock((now += 7200) * SECOND);
  };
  let now = 1e5;

  it.each(['closed', 'halfOpen'] as const)('a port that is %s at four of them', (how) => {
    begin();
    expect(probe(how, how === 'closed' ? 23 : 24)).toEqual([
      'pass',
      'pass',
      'pass',
      'pass',
      'drop',
    ]);
    expect(scans(rig())).toMatchObject([{ scan: { kind: 'HORIZONTAL', hosts: 4 } }]);
  });

  it('a service used on all of them, or down after it was up, is none', () => {
    begin();
    expect(probe('connect', 80)).not.toContain('drop');
    expect(probe('closed', 80)).not.toContain('drop');
    expect(scans(rig())).toEqual([]);
  });
});

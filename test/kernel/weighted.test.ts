/** The weighted rule: what becomes of the attempts decides, not how many there are. */
import { describe, expect, it } from 'vitest';
import { Flag } from '../../src/wire/layout.gen.ts';
import { Tcp, tcpFrame } from '../support/frames.ts';
import { HOOKS, OTHER_VICTIM, SCANNER, SCANNER6, VICTIM, VICTIM6 } from './rig.ts';
import { scans, Talk } from './talk.ts';
import { withRig } from './with-rig.ts';

const SECOND = 1e9;
const WEIGHTED = { rule: 'weighted', windowSeconds: 600, setClock: true, block: true } as const;
const FAMILIES: [string, string, string][] = [
  ['IPv4', SCANNER, VICTIM],
  ['IPv6', SCANNER6, VICTIM6],
];

describe.each(HOOKS)('the weighted rule, %s', (hook) => {
  const rig = withRig(WEIGHTED);
  let now = 0;
  const at = (seconds: number): void => {
    rig().setClock((now = seconds * SECOND));
  };
  const later = (seconds: number): void => at(now / SECOND + seconds);
  const talk = (src = SCANNER, dst = VICTIM): Talk => {
    if (now === 0) at(1000);
    return new Talk(rig(), hook, src, dst);
  };

  it.each(FAMILIES)(
    'four closed ports pass, the fifth SYN is dropped and blocks, %s',
    (_, src, dst) => {
      at(1000);
      const t = talk(src, dst);
      expect([1, 2, 3, 4, 5, 6].map((port) => t.closed(port))).toEqual([
        'pass',
        'pass',
        'pass',
        'pass',
        'drop',
        'drop',
      ]);
      const [scan, ...more] = scans(rig());
      expect(more).toEqual([]);
      expect(scan).toMatchObject({
        src: expect.stringContaining(src) as string,
        flags: Flag.WHOLE | Flag.BLOCKED,
        scan: { kind: 'VERTICAL', closed: 4, silent: 1, half: 0, opened: 0, hosts: 1 },
      });
      expect(scan!.scan!.score).toBeCloseTo(4.61, 1);
      expect(scan!.verdict!.ports.slice(0, 5).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
      expect(scan!.verdict!.untilNs / SECOND).toBeCloseTo(1060, -1);
    },
  );

  it('ports that never answer count as well: the sixth SYN is dropped', () => {
    at(2000);
    const t = talk();
    const verdicts = [1, 2, 3, 4, 5, 6, 7].map((port) => (later(0.11), t.send(port)));
    expect(verdicts.indexOf('drop')).toBe(5);
    expect(scans(rig())[0]!.scan).toMatchObject({ silent: 6, closed: 0 });
  });

  it('16 SYNs before the first answer, as a network card hands them over, are no scan', () => {
    at(2500);
    const t = talk();
    for (let port = 1; port <= 16; port++) expect(t.send(port)).toBe('pass');
    for (let port = 1; port <= 16; port++)
      t.answer(port, { flags: Tcp.SYN | Tcp.ACK, seq: 9, ack: 1001 });
    later(1);
    expect(t.closed(17)).toBe('pass');
    expect(scans(rig())).toEqual([]);
    const burst = talk('192.0.2.57');
    const verdicts = Array.from({ length: 30 }, (_, i) => burst.send(100 + i));
    expect(verdicts.indexOf('drop')).toBe(16);
  });

  it('a client that uses 16 service ports is no scanner, one after another or all at once', () => {
    at(3000);
    const t = talk();
    for (let port = 1; port <= 16; port++) expect(t.connect(port)).toBe('pass');
    const other = talk('192.0.2.57');
    for (let port = 1; port <= 16; port++) expect(other.answered(port)).toBe('pass');
    for (let port = 1; port <= 16; port++) rig().opened('192.0.2.57', VICTIM, port);
    expect(scans(rig())).toEqual([]);
  });

  it('one port is one port: retransmissions, a flood', () => {
    at(4000);
    const t = talk();
    for (let i = 0; i < 100; i++) {
      later(1);
      expect(t.closed(81)).toBe('pass');
    }
    expect(scans(rig())).toEqual([]);
  });

  it('a port that was open within the hour is no evidence when it refuses', () => {
    at(5000);
    const monitor = talk('192.0.2.60');
    for (let port = 1; port <= 20; port++) monitor.connect(port);
    later(1800);
    for (let port = 1; port <= 20; port++) expect(monitor.closed(port)).toBe('pass');
    expect(scans(rig())).toEqual([]);
    later(3601);
    const verdicts = Array.from({ length: 6 }, (_, i) => monitor.closed(i + 1));
    expect(verdicts).toContain('drop');
  });

  it('half-open probes of open ports alone are what load balancers do', () => {
    at(20_000);
    const t = talk();
    for (let round = 0; round < 5; round++) {
      for (let port = 1; port <= 20; port++) expect(t.halfOpen(port)).toBe('pass');
      later(2);
    }
    expect(scans(rig())).toEqual([]);
    expect(t.closed(81)).toBe('pass'); // from now on they count a little
    const verdicts = Array.from({ length: 30 }, (_, i) => t.halfOpen(200 + i));
    expect(verdicts.indexOf('drop')).toBeGreaterThan(8);
    expect(verdicts.indexOf('drop')).toBeLessThan(20);
  });

  it('real connections before buy two probes, not immunity; the block of a confirmed address is longer', () => {
    at(30_000);
    const t = talk();
    for (let i = 0; i < 51; i++) t.connect([22, 80, 443][i % 3]!);
    const verdicts = Array.from({ length: 10 }, (_, i) => t.closed(100 + i));
    expect(verdicts.indexOf('drop')).toBe(7);
    const scan = scans(rig())[0]!;
    expect(scan.scan).toMatchObject({ opened: 51 });
    expect((scan.verdict!.untilNs - now) / SECOND).toBeCloseTo(600, -1);
  });

  it("SYNs with a partner's address don't shut out the partner, but are told", () => {
    at(40_000);
    const partner = talk();
    for (let i = 0; i < 6; i++) {
      partner.connect(443);
      later(5);
    }
    for (let i = 0; i < 20; i++) expect(partner.closed(1000 + i)).toBe('pass');
    expect(partner.connect(443)).toBe('pass');
    const [scan, ...more] = scans(rig());
    expect(scan!.flags).toBe(Flag.WHOLE | Flag.SPARED | Flag.TRUSTED);
    expect(more).toEqual([]);
    later(130); // the trust is over
    expect(Array.from({ length: 12 }, (_, i) => partner.closed(2000 + i))).toContain('drop');
  });

  it('a flood from random sources does not make a partner forgotten', () => {
    at(45_000);
    const partner = talk();
    for (let i = 0; i < 8; i++) {
      partner.connect(443);
      later(5);
    }
    for (let i = 0; i < 60_000; i++) {
      const source = `11.${(i * 7919) & 255}.${(i >> 8) & 255}.${i & 255}`;
      rig().run(hook, tcpFrame({ src: source, dst: VICTIM, dstPort: 80 }));
    }
    rig().discard();
    for (let i = 0; i < 20; i++) expect(partner.closed(1000 + i)).toBe('pass');
    expect(scans(rig())[0]!.flags).toBe(Flag.WHOLE | Flag.SPARED | Flag.TRUSTED);
  });

  it('one handshake does not lengthen a block: the rest may be forged', () => {
    at(47_000);
    const t = talk();
    t.connect(443);
    while (t.closed((now / SECOND) & 0xffff) === 'pass') later(1);
    expect((scans(rig())[0]!.verdict!.untilNs - now) / SECOND).toBeCloseTo(60, -1);
  });

  it('mistakes of an hour do not add up', () => {
    at(50_000);
    const t = talk();
    for (let i = 0; i < 30; i++) {
      expect(t.closed(3000 + i)).toBe('pass');
      later(120);
    }
    expect(scans(rig())).toEqual([]);
  });

  it.each([
    ['15 s apart (nmap -T1)', 15, 9],
    ['0.4 s apart (nmap -T2)', 0.4, 6],
  ])('probes %s are found', (_, seconds, most) => {
    at(60_000);
    const t = talk();
    let passed = 0;
    while (t.closed(4000 + passed) === 'pass' && passed < 30) {
      passed++;
      later(seconds);
    }
    expect(passed).toBeLessThanOrEqual(most);
  });

  it('one closed port at each of several addresses is a horizontal scan', () => {
    at(70_000);
    rig().setLocals([VICTIM, OTHER_VICTIM, ...Array.from({ length: 8 }, (_, i) => `10.0.1.${i}`)]);
    const verdicts = Array.from({ length: 8 }, (_, i) => talk(SCANNER, `10.0.1.${i}`).closed(23));
    rig().setLocals([VICTIM, OTHER_VICTIM, VICTIM6, '::1']);
    expect(verdicts.indexOf('drop')).toBe(4);
    expect(scans(rig())[0]).toMatchObject({ scan: { kind: 'HORIZONTAL', hosts: 5 } });
  });

  it('a scanner that walks its /64 is one', () => {
    at(80_000);
    const verdicts = Array.from({ length: 6 }, (_, i) =>
      talk(`2001:db8:bad::${i + 1}`, VICTIM6).closed(i + 1),
    );
    expect(verdicts.indexOf('drop')).toBe(4);
  });

  it('a source on the never-block list is told and passes', () => {
    at(90_000);
    rig().setNever([{ address: SCANNER, length: 128 }]);
    const t = talk();
    for (let port = 1; port <= 12; port++) expect(t.closed(port)).toBe('pass');
    expect(scans(rig()).map((scan) => scan.flags)).toEqual([Flag.WHOLE | Flag.SPARED]);
  });
});

describe.each(HOOKS)('the length of a block, reference rule, %s', (hook) => {
  const rig = withRig({ setClock: true, block: true });

  it('two ports stay two when one of them was forgotten and comes back', () => {
    const t = new Talk(rig(), hook);
    const at = (seconds: number): void => rig().setClock(seconds * SECOND);
    at(1000);
    t.connect(443);
    at(1030);
    t.connect(80);
    at(1061);
    t.connect(443);
    expect([t.closed(1), t.closed(2)]).toEqual(['pass', 'drop']);
    expect(scans(rig())[0]!.verdict!.untilNs / SECOND - 1061).toBeCloseTo(60, -1);
  });
});

/** What the contract suite (reference-rule.test.ts) leaves open: who is judged, who is spared, what a verdict tells. */
import { describe, expect, it } from 'vitest';
import { Flag } from '../../src/wire/layout.gen.ts';
import { ethernet, tcp, ipv6, Tcp, tcpFrame } from '../support/frames.ts';
import {
  ELSEWHERE,
  HOOKS,
  type HookName,
  type KernelRecord,
  type Rig,
  SCANNER,
  SCANNER6,
  VICTIM,
  VICTIM6,
} from './rig.ts';
import { withRig } from './with-rig.ts';

const FOUR = [80, 81, 82, 83];

describe.each(HOOKS)('whom the rule judges, %s', (hook) => {
  const rig = withRig();
  const scans = (src: string, dst: string, ports: readonly number[] = FOUR): KernelRecord[] =>
    scan(rig(), hook, src, dst, ports).filter((r) => r.kind === 'SCAN');

  it('logs what it forwards and never judges it', () => {
    const records = scan(rig(), hook, SCANNER, ELSEWHERE, FOUR);
    expect(records.map((r) => [r.kind, r.direction])).toEqual(
      Array.from(FOUR, () => ['ATTEMPT', 'FORWARDED']),
    );
    expect(rig().moved()).toEqual({ packets: 4, attempts: 4, attempts_reported: 4 });
  });

  it.each(['127.0.0.1', '127.255.255.255', '::1'])('%s is our own', (address) => {
    const src = address.includes(':') ? SCANNER6 : SCANNER;
    expect(scans(src, address)).toHaveLength(1);
  });

  it.each(['128.0.0.1', '126.255.255.255', '10.0.0.4', '::2', '2001:db8:5::4', '::ffff:0:1'])(
    '%s is not',
    (address) => {
      const src = address.includes(':') ? SCANNER6 : SCANNER;
      expect(scans(src, address)).toEqual([]);
    },
  );

  it('knows every one of 80 own addresses, and no neighbour of theirs', () => {
    const own = Array.from({ length: 80 }, (_, i) =>
      i % 2 ? `2001:db8:${i.toString(16)}::${i}` : `10.${i}.0.${i * 2}`,
    );
    rig().setLocals(own);
    const direction = (dst: string): string => {
      rig().run(hook, tcpFrame({ src: dst.includes(':') ? SCANNER6 : SCANNER, dst }));
      return rig().records()[0]!.direction;
    };
    for (const address of own) {
      expect([address, direction(address)]).toEqual([address, 'INBOUND']);
      const neighbour = address.replace(/\d+$/, (last) => String(Number(last) + 1));
      expect([neighbour, direction(neighbour)]).toEqual([neighbour, 'FORWARDED']);
    }
  });

  it('takes every destination for its own when there are too many', () => {
    rig().setLocals(Array.from({ length: 300 }, (_, i) => `10.9.${i >> 8}.${i & 255}`));
    expect(scans(SCANNER, ELSEWHERE)).toHaveLength(1);
  });

  it('forgets addresses that the host gave up', () => {
    rig().setLocals([VICTIM6]);
    expect(scans(SCANNER, VICTIM)).toEqual([]);
    rig().setLocals([VICTIM]);
    expect(scans(SCANNER, VICTIM)).toHaveLength(1);
  });

  it('a retransmitted SYN is an attempt and no further port', () => {
    const records = scan(rig(), hook, SCANNER, VICTIM, [80, 80, 80, 81, 82, 82]);
    expect(records.map((r) => r.kind)).toEqual(Array.from({ length: 6 }, () => 'ATTEMPT'));
    expect(new Set(records.map((r) => r.id)).size).toBe(3);
  });

  it('segments other than SYNs touch no port', () => {
    for (const flags of [Tcp.ACK, Tcp.SYN | Tcp.ACK, Tcp.RST])
      for (const dstPort of FOUR)
        rig().run(hook, tcpFrame({ src: SCANNER, dst: VICTIM, dstPort, flags }));
    expect(rig().records()).toEqual([]);
    expect(scans(SCANNER, VICTIM, [1, 2, 3])).toEqual([]);
  });

  it('a verdict tells the ports, the SYNs and since when', () => {
    const from = Number(process.hrtime.bigint());
    const [found] = scans(SCANNER, VICTIM, [443, 22, 22, 80, 65535]);
    expect(found).toMatchObject({
      direction: 'INBOUND',
      flags: Flag.WHOLE,
      src: `${SCANNER}:0`,
      dst: `${VICTIM}:65535`,
      verdict: { portCount: 4, syns: 5, untilNs: 0 },
    });
    expect(found!.verdict!.ports.slice(0, 4).sort((a, b) => a - b)).toEqual([22, 80, 443, 65535]);
    expect(found!.verdict!.ports.slice(4)).toEqual(Array.from({ length: 12 }, () => 0));
    expect(found!.verdict!.firstNs).toBeGreaterThan(from - 20e6); // the rule's clock is a coarse one
    expect(found!.verdict!.firstNs).toBeLessThan(found!.tsNs);
    expect(rig().moved()).toMatchObject({ verdicts: 1 });
  });
});

describe.each(HOOKS)('sources of IPv6, %s', (hook) => {
  const rig = withRig({ v6Prefix: 64 });
  const hosts = (prefix: string) => [1, 2, 3, 4].map((i) => `${prefix}${i}`);
  const from = (v6Prefix: number, sources: readonly string[]): number => {
    const guard = rig().guard(hook, { v6Prefix });
    sources.forEach((src, i) =>
      guard(ethernet(ipv6({ src, dst: VICTIM6 }, tcp({ dstPort: i + 1 })))),
    );
    return rig()
      .records()
      .filter((r) => r.kind === 'SCAN').length;
  };

  it.each([
    ['64', 64, hosts('2001:db8:bad:0:a::'), 1],
    ['64, four networks', 64, hosts('2001:db8:bad:').map((s) => `${s}::1`), 0],
    ['128', 128, hosts('2001:db8:bad:0:a::'), 0],
    ['48', 48, hosts('2001:db8:bad:').map((s) => `${s}::1`), 1],
    ['56, within', 56, hosts('2001:db8:bad:ff0').map((s) => `${s}::1`), 1],
    ['56, across', 56, hosts('2001:db8:bad:f').map((s) => `${s}00::1`), 0],
    ['1', 1, ['8000::1', '9000::1', 'a000::1', 'bfff::1'], 1],
  ] as const)('--v6-prefix %s', (_, v6Prefix, sources, scans) => {
    expect(from(v6Prefix, sources)).toBe(scans);
  });
});

describe.each(HOOKS)('neighbours on the link, %s', (hook) => {
  const rig = withRig({ block: true });
  const neighbour = (n: number): string => VICTIM6.replace(/:[0-9a-f]*$/, `:bad:${n}`);

  it('are judged one by one, though they share the prefix', () => {
    rig().setLocals([VICTIM6]);
    const guard = rig().guard(hook);
    const syn = (n: number, dstPort: number) =>
      guard(tcpFrame({ src: neighbour(n), dst: VICTIM6, dstPort }));
    expect([1, 2, 3, 4].map((n) => syn(n, n))).toEqual(['pass', 'pass', 'pass', 'pass']);
    expect([2, 3, 4, 5].map((port) => syn(1, port))).toEqual(['pass', 'pass', 'drop', 'drop']);
    expect(syn(2, 9)).toBe('pass');
  });
});

describe.each(HOOKS)('neighbours on our own link, %s', (hook) => {
  const rig = withRig({ block: true });
  const NEIGHBOUR = '2001:db8:5::bad';
  const GATEWAY = '2001:db8:5::1';
  const syn = (src: string, dstPort: number): string =>
    rig().run(hook, tcpFrame({ src, dst: VICTIM6, dstPort }));

  it('are judged and blocked one by one', () => {
    expect(FOUR.map((port) => syn(NEIGHBOUR, port)).at(-1)).toBe('drop');
    expect(FOUR.map((port) => syn(GATEWAY, port)).slice(0, 3)).toEqual(['pass', 'pass', 'pass']);
  });

  it('are blocked one by one by command', () => {
    rig().block(NEIGHBOUR);
    expect([syn(NEIGHBOUR, 80), syn(GATEWAY, 80)]).toEqual(['drop', 'pass']);
    expect([rig().unblock(GATEWAY), rig().unblock(NEIGHBOUR)]).toEqual(['nothing', 'done']);
    expect(syn(NEIGHBOUR, 80)).toBe('pass');
  });
});

describe.each(HOOKS)('the rule with other options, %s', (hook) => {
  const rig = withRig({ block: true });

  it('--dry-run says what it would block and blocks nothing', () => {
    const guard = rig().guard(hook, { dryRun: true });
    const verdicts = FOUR.map((dstPort) => guard(tcpFrame({ src: SCANNER, dst: VICTIM, dstPort })));
    expect(verdicts).toEqual(FOUR.map(() => 'pass'));
    expect(rig().records().at(-1)).toMatchObject({
      kind: 'SCAN',
      flags: Flag.WHOLE | Flag.SPARED,
      verdict: { untilNs: 0 },
    });
    expect(rig().moved()).toMatchObject({ verdicts: 1, spared: 1 });
    expect(rig().kernel.table.blocks(0)).toEqual({ active: [], expired: [] });
  });

  it('no rule, no verdict; a block by command still holds', () => {
    const guard = rig().guard(hook, { ports: 0 });
    const syn = (src: string) =>
      FOUR.map((dstPort) => guard(tcpFrame({ src, dst: VICTIM, dstPort })));
    expect(syn(SCANNER)).toEqual(FOUR.map(() => 'pass'));
    rig().block(SCANNER);
    expect(syn(SCANNER)).toEqual(FOUR.map(() => 'drop'));
    expect(syn('192.0.2.57')).toEqual(FOUR.map(() => 'pass'));
  });

  it('without events nothing is reported but verdicts', () => {
    const guard = rig().guard(hook, { events: false });
    const verdicts = FOUR.map((dstPort) => guard(tcpFrame({ src: SCANNER, dst: VICTIM, dstPort })));
    expect(verdicts.at(-1)).toBe('drop');
    expect(
      rig()
        .records()
        .map((r) => r.kind),
    ).toEqual(['SCAN']);
  });
});

describe.each(HOOKS)('the never-block list, %s', (hook) => {
  const rig = withRig({ block: true });
  const lists: [string, string, string, number][] = [
    ['an address', SCANNER, SCANNER, 128],
    ['a network', SCANNER, '192.0.2.0', 96 + 24],
    ['everything of IPv4', SCANNER, '0.0.0.0', 96],
    ['an IPv6 address', SCANNER6, SCANNER6, 128],
    ['an IPv6 network', SCANNER6, '2001:db8::', 32],
  ];

  it.each(lists)('%s spares, and the verdict says so', (_, src, address, length) => {
    rig().setNever([{ address, length }]);
    const dst = src === SCANNER ? VICTIM : VICTIM6;
    const records = scan(rig(), hook, src, dst, [...FOUR, 84, 85]);
    const verdicts = records.filter((r) => r.kind === 'SCAN');
    expect(verdicts).toHaveLength(1);
    expect(verdicts[0]).toMatchObject({
      flags: Flag.WHOLE | Flag.SPARED,
      verdict: { untilNs: 0, portCount: 4 },
    });
    expect(rig().moved()).toMatchObject({ verdicts: 1, spared: 1, attempts_reported: 6 });
    expect(rig().run(hook, tcpFrame({ src, dst }))).toBe('pass');
  });

  it('spares nobody else', () => {
    rig().setNever([
      { address: '192.0.2.57', length: 128 },
      { address: '192.0.3.0', length: 96 + 24 },
      { address: SCANNER6, length: 128 },
    ]);
    expect(scan(rig(), hook, SCANNER, VICTIM, FOUR).at(-1)!.flags).toBe(Flag.WHOLE | Flag.BLOCKED);
  });

  it('protects an IPv6 address whose neighbour in the /64 was blocked', () => {
    const gateway = '2001:db8:bad::fe';
    rig().setNever([{ address: gateway, length: 128 }]);
    expect(scan(rig(), hook, SCANNER6, VICTIM6, FOUR).at(-1)!.flags).toBe(
      Flag.WHOLE | Flag.BLOCKED,
    );
    for (const flags of [Tcp.SYN, Tcp.ACK, Tcp.SYN | Tcp.ACK])
      for (const dst of [VICTIM6, '2001:db8:9::9'])
        expect(rig().run(hook, tcpFrame({ src: gateway, dst, flags }))).toBe('pass');
    expect(rig().run(hook, tcpFrame({ src: '2001:db8:bad::fd', dst: VICTIM6 }))).toBe('drop');
  });

  it('is what it was last set to', () => {
    rig().setNever([{ address: SCANNER, length: 128 }]);
    rig().setNever([]);
    expect(scan(rig(), hook, SCANNER, VICTIM, FOUR).at(-1)!.flags).toBe(Flag.WHOLE | Flag.BLOCKED);
  });
});

/** SYNs to these ports, and what was reported. */
function scan(
  rig: Rig,
  hook: HookName,
  src: string,
  dst: string,
  ports: readonly number[],
): KernelRecord[] {
  for (const dstPort of ports)
    rig.run(hook, tcpFrame({ src, dst, dstPort, srcPort: 40000 + (dstPort % 1000), seq: dstPort }));
  return rig.records();
}

/** What a block stops, what it lets through, and when it ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Flag } from '../../src/wire/layout.gen.ts';
import {
  ethernet,
  fragmentHeader,
  icmp,
  icmp6,
  ipv4,
  ipv6,
  type Segment,
  Tcp,
  tcp,
  tcpFrame,
  udp,
} from '../support/frames.ts';
import {
  ELSEWHERE,
  HOOKS,
  type HookName,
  OTHER_VICTIM,
  type Rig,
  SCANNER,
  SCANNER6,
  VICTIM,
  VICTIM6,
} from './rig.ts';
import { withRig } from './with-rig.ts';

const FOUR = [80, 81, 82, 83];
const BYSTANDER = '192.0.2.57';

describe.each(HOOKS)('a scan with --block, %s', (hook) => {
  const rig = withRig({ block: true });

  it.each([
    ['IPv4', SCANNER, VICTIM],
    ['IPv6', SCANNER6, VICTIM6],
  ])('drops the packet that crosses the threshold and all that follow, %s', (_, src, dst) => {
    expect(syns(rig(), hook, src, dst, [...FOUR, 84, 80])).toEqual([
      'pass',
      'pass',
      'pass',
      'drop',
      'drop',
      'drop',
    ]);
    const records = rig().records();
    expect(records.map((r) => r.kind)).toEqual([
      'ATTEMPT',
      'ATTEMPT',
      'ATTEMPT',
      'ATTEMPT',
      'SCAN',
    ]);
    const { flags, verdict, tsNs } = records[4]!;
    expect(flags).toBe(Flag.WHOLE | Flag.BLOCKED);
    expect(verdict!.untilNs - tsNs).toBeGreaterThan(59.99e9);
    expect(verdict!.untilNs - tsNs).toBeLessThanOrEqual(60e9);
    expect(rig().moved()).toEqual({
      packets: 6,
      attempts: 6,
      attempts_reported: 4,
      attempts_dropped: 2,
      verdicts: 1,
      blocked: 1,
    });
  });

  it('blocks the source for every address of ours, and nobody else', () => {
    syns(rig(), hook, SCANNER, VICTIM, FOUR);
    expect(syns(rig(), hook, SCANNER, OTHER_VICTIM, [80])).toEqual(['drop']);
    expect(syns(rig(), hook, SCANNER, ELSEWHERE, [80])).toEqual(['drop']);
    expect(syns(rig(), hook, BYSTANDER, VICTIM, [80])).toEqual(['pass']);
  });

  it('blocks the /64 of an IPv6 source', () => {
    syns(rig(), hook, SCANNER6, VICTIM6, FOUR);
    expect(syns(rig(), hook, '2001:db8:bad:0:ffff::9', VICTIM6, [80])).toEqual(['drop']);
    expect(syns(rig(), hook, '2001:db8:bad:1::1', VICTIM6, [80])).toEqual(['pass']);
  });

  it('is found in the table with its evidence', () => {
    syns(rig(), hook, SCANNER, VICTIM, [...FOUR, 84, 85, 86]);
    const { active, expired } = rig().kernel.table.blocks(Number(process.hrtime.bigint()));
    expect(expired).toEqual([]);
    expect(active).toHaveLength(1);
    expect(active[0]).toMatchObject({ byUser: false, hits: 3 });
    expect(active[0]!.ports).toEqual(FOUR);
  });

  it('does not touch the next source while nothing is blocked', () => {
    syns(rig(), hook, SCANNER, VICTIM, [80, 81, 82]);
    const odd = tcpFrame({ src: SCANNER, dst: VICTIM, flags: 0 });
    expect(rig().run(hook, odd)).toBe('pass');
  });
});

describe.each(HOOKS)('the end of a block, %s', (hook) => {
  const rig = withRig({ block: true, blockSeconds: 1 });

  it('comes by itself, and the next scan is a new one', async () => {
    expect(syns(rig(), hook, SCANNER, VICTIM, FOUR).at(-1)).toBe('drop');
    const from = performance.now();
    while (syns(rig(), hook, SCANNER, VICTIM, [80])[0] === 'drop') {
      expect(performance.now() - from).toBeLessThan(5000);
      await sleep(10);
    }
    // a block's end is kept in steps of 67 ms
    expect(performance.now() - from).toBeGreaterThan(990);
    expect(rig().kernel.table.blocks(Number(process.hrtime.bigint())).active).toEqual([]);
    rig().discard();
    expect(syns(rig(), hook, SCANNER, VICTIM, [81, 82, 83])).toEqual(['pass', 'pass', 'drop']);
    expect(rig().records().at(-1)).toMatchObject({ kind: 'SCAN', verdict: { syns: 4 } });
  });

  it('an older block that is over does not take the new one with it', async () => {
    syns(rig(), hook, SCANNER, VICTIM, FOUR);
    while (syns(rig(), hook, SCANNER, VICTIM, [80])[0] === 'drop') await sleep(10);
    syns(rig(), hook, SCANNER, VICTIM, FOUR);
    rig().kernel.sweepBlocks(Number(process.hrtime.bigint()));
    expect(syns(rig(), hook, SCANNER, VICTIM, [80])).toEqual(['drop']);
  });
});

/** Of SCANNER or SCANNER6, whom a user blocked, to an address without any socket. */
const V4 = { src: SCANNER, dst: VICTIM };
const V6 = { src: SCANNER6, dst: VICTIM6 };
const both = (segment: Segment): Buffer[] => [
  ethernet(ipv4(V4, segment)),
  ethernet(ipv6(V6, segment)),
];
const flags = (value: number): Buffer[] => both(tcp({ flags: value, dstPort: 9 }));
const forwarded = (segment: Segment): Buffer[] => [
  ethernet(ipv4({ ...V4, dst: ELSEWHERE }, segment)),
  ethernet(ipv6({ ...V6, dst: '2001:db8:9::9' }, segment)),
];

const SYN_DROP = { attempts: 1, attempts_dropped: 1 };
const FLAGS_DROP = { odd: 1, dropped_flags: 1 };
const OTHER_DROP = { dropped_other: 1 };
type Drop = Partial<Record<string, number>>;

const FROM_BLOCKED: [string, Buffer[], Drop | undefined][] = [
  ['SYN', flags(Tcp.SYN), SYN_DROP],
  ['SYN, forwarded', forwarded(tcp()), SYN_DROP],
  ['no flag at all', flags(0), FLAGS_DROP],
  ['FIN', flags(Tcp.FIN), FLAGS_DROP],
  ['FIN, PSH, URG (Xmas)', flags(Tcp.FIN | Tcp.PSH | Tcp.URG), FLAGS_DROP],
  ['PSH', flags(Tcp.PSH), FLAGS_DROP],
  ['SYN+FIN', flags(Tcp.SYN | Tcp.FIN), FLAGS_DROP],
  ['SYN+RST', flags(Tcp.SYN | Tcp.RST), FLAGS_DROP],
  ['SYN+FIN+ACK', flags(Tcp.SYN | Tcp.FIN | Tcp.ACK), FLAGS_DROP],
  ['no flag at all, forwarded', forwarded(tcp({ flags: 0 })), { dropped_flags: 1 }],
  ['ACK without a socket', flags(Tcp.ACK), OTHER_DROP],
  ['FIN+ACK without a socket', flags(Tcp.FIN | Tcp.ACK), OTHER_DROP],
  ['RST without a socket', flags(Tcp.RST), OTHER_DROP],
  ['SYN+ACK without a socket', flags(Tcp.SYN | Tcp.ACK), OTHER_DROP],
  ['UDP without a socket', both(udp({ dstPort: 9 })), OTHER_DROP],
  ['TCP header of 4 words', both(tcp({ doff: 4 })), { malformed: 1, dropped_flags: 1 }],
  ['ACK, forwarded', forwarded(tcp({ flags: Tcp.ACK })), undefined],
  ['UDP, forwarded', forwarded(udp()), undefined],
  ['ICMP echo', [ethernet(ipv4(V4, icmp(8, 0)))], undefined],
  ['ICMPv6 echo', [ethernet(ipv6(V6, icmp6(128, 0)))], undefined],
  [
    'ICMPv6 neighbour solicitation',
    [ethernet(ipv6(V6, icmp6(135, 0, Buffer.alloc(20))))],
    undefined,
  ],
  [
    'a later fragment',
    [
      ethernet(ipv4({ ...V4, fragment: { offset: 8 } }, udp({ payload: Buffer.alloc(64) }))),
      ethernet(
        ipv6(
          { ...V6, extensions: [fragmentHeader({ offset: 8 })] },
          udp({ payload: Buffer.alloc(64) }),
        ),
      ),
    ],
    undefined,
  ],
];

describe.each(HOOKS)('from a blocked source, %s', (hook) => {
  const rig = withRig({ block: true });

  it.each(FROM_BLOCKED)('%s', (_, frames, drop) => {
    expect([rig().block(SCANNER), rig().block(SCANNER6)]).toEqual(['done', 'done']);
    rig().discard();
    for (const frame of frames) {
      rig().moved();
      expect(rig().run(hook, frame)).toBe(drop ? 'drop' : 'pass');
      expect(rig().moved()).toEqual({ packets: 1, ...drop });
    }
    expect(rig().records()).toEqual([]);
  });

  it.each(FROM_BLOCKED)('with --block-established: %s', (name, frames, drop) => {
    rig().block(SCANNER);
    rig().block(SCANNER6);
    const guard = rig().guard(hook, { blockEstablished: true });
    for (const frame of frames)
      expect(guard(frame)).toBe(drop || !/^ICMP|fragment/.test(name) ? 'drop' : 'pass');
  });

  it('packets of others pass, whatever they are', () => {
    rig().block(SCANNER);
    rig().block('2001:db8:bad:1::1');
    const others = [{ src: BYSTANDER, dst: VICTIM }] as const;
    for (const ends of others)
      for (const segment of [tcp(), tcp({ flags: 0 }), tcp({ flags: Tcp.ACK }), udp(), icmp(8, 0)])
        expect(rig().run(hook, ethernet(ipv4(ends, segment)))).toBe('pass');
    for (const segment of [tcp(), tcp({ flags: 0 }), tcp({ flags: Tcp.ACK }), udp()])
      expect(rig().run(hook, ethernet(ipv6(V6, segment)))).toBe('pass');
  });

  it('what is sent to a blocked source passes', () => {
    rig().block(SCANNER);
    expect(rig().run(hook, tcpFrame({ src: VICTIM, dst: SCANNER, flags: Tcp.ACK }))).toBe('pass');
    expect(rig().leave(tcpFrame({ src: VICTIM, dst: SCANNER, flags: Tcp.ACK }))).toBe('pass');
  });
});

function syns(
  rig: Rig,
  hook: HookName,
  src: string,
  dst: string,
  ports: readonly number[],
): string[] {
  return ports.map((dstPort) => rig.run(hook, tcpFrame({ src, dst, dstPort, seq: dstPort })));
}

/** More than can be told: sums, full rings, and that every attempt is accounted for. */
import { describe, expect, it } from 'vitest';
import { RING_SIZES } from '../../src/kernel/maps.ts';
import { Head, VerdictPart } from '../../src/wire/layout.gen.ts';
import { Tcp, tcpFrame } from '../support/frames.ts';
import { HOOKS, type HookName, OTHER_VICTIM, type Rig, SCANNER, VICTIM, VICTIM6 } from './rig.ts';
import { withRig } from './with-rig.ts';

const NEVER = 0xffffffff;
/** Records of a size that a ring holds; each has a header of 8 bytes before it. */
const room = (ring: keyof typeof RING_SIZES, bytes: number): number =>
  Math.floor(RING_SIZES[ring] / (bytes + 8));

describe.each(HOOKS)('attempts faster than sum_above, %s', (hook) => {
  const rig = withRig({ sumAbove: 10 });

  it('attempts = reported + summed, and the sums that come out are exact', () => {
    flood(rig(), hook);
    rig().kernel.flushSums(true);
    const records = rig().records();
    const moved = rig().moved();
    const { attempts, attempts_reported: reported, attempts_summed: summed } = moved;
    expect(attempts).toBe(FLOOD);
    expect(reported! + summed!).toBe(attempts);
    expect(summed).toBeGreaterThan(FLOOD * 0.9);
    expect(moved).toMatchObject({ sums_reported: summed });
    expect(moved).not.toHaveProperty('attempts_lost');
    expect(moved).not.toHaveProperty('sums_lost');
    const sums = records.filter((r) => r.kind === 'SUM');
    expect(records.filter((r) => r.kind === 'ATTEMPT')).toHaveLength(reported!);
    expect(sums.reduce((sum, r) => sum + r.count, 0)).toBe(summed);
    for (const [dst, ports] of TARGETS)
      for (const port of ports) {
        const end = dst.includes(':') ? `[${dst}]:${port}` : `${dst}:${port}`;
        const all = records.filter((r) => r.dst === end && r.kind !== 'SCAN');
        expect([end, all.reduce((sum, r) => sum + r.count, 0)]).toEqual([end, FLOOD / 12]);
      }
  });

  it('more ports than there are sums: each port has its own count', () => {
    const guard = rig().guard(hook, { sumAbove: 0, ports: 0 });
    const ports = Array.from({ length: 8000 }, (_, i) => i + 1);
    for (const dstPort of [...ports, ...ports])
      guard(tcpFrame({ src: SCANNER, dst: VICTIM, dstPort }));
    rig().kernel.flushSums(true);
    const counts = new Map<string, number>();
    for (const r of rig().records()) counts.set(r.dst, (counts.get(r.dst) ?? 0) + r.count);
    expect(counts).toEqual(new Map(ports.map((port) => [`${VICTIM}:${port}`, 2])));
    expect(rig().moved()).toMatchObject({ attempts_summed: 16_000, sums_reported: 16_000 });
  });

  it('a sum waits for its second to be over', async () => {
    await afterTheSecond();
    rig().run(hook, SYN, 100);
    rig().kernel.flushSums();
    const early = sumOf(rig());
    await afterTheSecond();
    rig().kernel.flushSums();
    const { attempts_summed: summed, sums_reported: out } = rig().moved();
    expect(early + sumOf(rig())).toBe(summed);
    expect(out).toBe(summed);
    rig().kernel.flushSums(true);
    expect(rig().discard()).toBe(0);
  });

  it('a sum of the next second does not join the last', async () => {
    await afterTheSecond();
    rig().run(hook, SYN, 50);
    await afterTheSecond();
    rig().run(hook, SYN, 50);
    rig().kernel.flushSums(true);
    const sums = rig()
      .records()
      .filter((r) => r.kind === 'SUM');
    expect(sums.length).toBeGreaterThanOrEqual(2);
    expect(new Set(sums.map((r) => r.id)).size).toBe(sums.length);
    expect(sums.reduce((n, r) => n + r.count, 0)).toBe(rig().moved()['attempts_summed']);
  });

  it('a scanner is caught in the flood, and dropped ones are in no sum', () => {
    const guard = rig().guard(hook, { block: true });
    const syns = Array.from({ length: 500 }, (_, i) =>
      guard(tcpFrame({ src: SCANNER, dst: VICTIM, dstPort: i + 1 })),
    );
    expect(syns.indexOf('drop')).toBe(3);
    expect(syns.lastIndexOf('pass')).toBe(2);
    rig().kernel.flushSums(true);
    rig().discard();
    const moved = rig().moved();
    expect(moved).toMatchObject({ attempts: 500, attempts_dropped: 496 });
    expect((moved['attempts_reported'] ?? 0) + (moved['attempts_summed'] ?? 0)).toBe(4);
  });

  it('refusals are summed beside the attempts', () => {
    const attempt = tcpFrame({ src: SCANNER, dst: VICTIM, dstPort: 9 });
    rig().run(hook, attempt, 1000);
    rig().leave(REFUSAL, 1000);
    rig().kernel.flushSums(true);
    const records = rig().records();
    const single = records.filter((r) => r.kind === 'REFUSED').length;
    const summed = records.filter((r) => r.kind === 'SUM').reduce((n, r) => n + r.refused, 0);
    expect(single + summed).toBe(1000);
    expect(rig().moved()['answers_reported'] ?? 0).toBe(single);
  });

  it('refusals in a sum that finds the ring full are lost with it', () => {
    const every = rig().guard(hook, { sumAbove: NEVER });
    rig().run(hook, tcpFrame({ src: SCANNER, dst: VICTIM, dstPort: 9 }), 1000);
    rig().leave(REFUSAL, 1000);
    for (let i = 0; i < room('pw_attempts', Head.size); i++) every(SYN);
    const before = rig().moved();
    rig().kernel.flushSums(true);
    const after = rig().moved();
    const all = (before['answers_reported'] ?? 0) + (before['answers_lost'] ?? 0);
    expect(all + (after['answers_lost'] ?? 0)).toBe(1000);
    expect(after['sums_lost']).toBe(before['attempts_summed']);
  });
});

describe.each(HOOKS)('a ring that nobody reads, %s', (hook) => {
  const rig = withRig({ sumAbove: NEVER, block: true });
  it('sent = reported + lost, and what was reported comes out', () => {
    const sent = 250_000;
    expect(rig().run(hook, SYN, sent)).toBe('pass');
    const { attempts, attempts_reported: reported, attempts_lost: lost } = rig().moved();
    expect(attempts).toBe(sent);
    expect(reported! + lost!).toBe(sent);
    expect(lost).toBeGreaterThan(0);
    expect(reported).toBe(room('pw_attempts', Head.size));
    expect(rig().discard()).toBe(reported);
    rig().run(hook, SYN);
    expect(rig().moved()).toEqual({ packets: 1, attempts: 1, attempts_reported: 1 });
    expect(rig().discard()).toBe(1);
  });

  it('sums that find it full are lost with their count', () => {
    const guard = rig().guard(hook, { sumAbove: 10 });
    rig().run(hook, SYN, 250_000);
    rig().moved();
    for (let i = 0; i < 100; i++) guard(SYN);
    rig().kernel.flushSums(true);
    const moved = rig().moved();
    expect(moved['attempts_summed']! + (moved['attempts_lost'] ?? 0)).toBe(100);
    expect(moved['sums_lost']).toBe(moved['attempts_summed']);
    rig().discard();
    rig().kernel.flushSums(true);
    expect(rig().discard()).toBe(0);
  });

  it('answers are lost and counted', () => {
    rig().run(hook, SYN, 250_000);
    rig().moved();
    rig().leave(REFUSAL, 10);
    expect(rig().moved()).toEqual({ answers_lost: 10 });
  });

  it('a verdict that finds its ring full still blocks', () => {
    const sent = 40_000;
    rig().leave(tcpFrame({ src: VICTIM, dst: SCANNER }), sent);
    const { outbound_reported: reported, outbound_lost: lost } = rig().moved();
    expect(reported! + lost!).toBe(sent);
    const whole = room('pw_events', Head.size + (VerdictPart.first_ns - Head.size) + 24);
    expect(reported).toBe(whole);
    const scan = [1, 2, 3, 4, 5].map((dstPort) =>
      rig().run(hook, tcpFrame({ src: SCANNER, dst: VICTIM, dstPort })),
    );
    expect(scan).toEqual(['pass', 'pass', 'pass', 'drop', 'drop']);
    expect(rig().moved()).toMatchObject({ verdicts: 1, verdicts_lost: 1, blocked: 1 });
    expect(rig().discard()).toBe(reported! + 4);
  });
});

const SYN = tcpFrame({ src: SCANNER, dst: VICTIM });
const REFUSAL = tcpFrame({
  src: VICTIM,
  dst: SCANNER,
  srcPort: 9,
  dstPort: 40000,
  flags: Tcp.RST | Tcp.ACK,
  seq: 0,
  ack: 1001,
});

const TARGETS: readonly (readonly [string, readonly number[]])[] = [
  [VICTIM, [80, 81, 82, 65535]],
  [OTHER_VICTIM, [80, 443, 444, 1]],
  [VICTIM6, [80, 443, 444, 2]],
];
const FLOOD = 12 * 500;

/** SYNs in turn to 12 ports of 3 victims, of many sources. */
function flood(rig: Rig, hook: HookName): void {
  for (let i = 0; i < FLOOD / 12; i++)
    for (const [dst, ports] of TARGETS)
      for (const dstPort of ports) {
        const src = dst.includes(':') ? `2001:db8:bad:${i}::1` : `198.51.${i >> 8}.${i & 255}`;
        rig.run(hook, tcpFrame({ src, dst, dstPort, seq: i }));
      }
}

function sumOf(rig: Rig): number {
  return rig
    .records()
    .filter((r) => r.kind === 'SUM')
    .reduce((sum, r) => sum + r.count, 0);
}

/** Waits for the kernel's next second, which has 2^30 ns. */
async function afterTheSecond(): Promise<void> {
  const second = (): bigint => process.hrtime.bigint() >> 30n;
  const before = second();
  while (second() === before) await new Promise((resolve) => setTimeout(resolve, 5));
}

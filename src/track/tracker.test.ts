/** The table's bounds, and sums that hold whatever comes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { icmp, ip, tcp, udp } from '../../test/support/frames.ts';
import { Play } from '../../test/track/script.ts';
import type { Told } from '../../test/track/told.ts';
import { FlowEnd } from '../model/events.ts';

const SERVER = '10.0.0.1';
const syn = (n: number): Buffer =>
  ip(
    { src: `192.0.${(n >> 8) & 255}.${n & 255}`, dst: SERVER },
    tcp({ srcPort: 1024 + (n >> 16), seq: n }),
  );

describe('a flood of attempts', () => {
  it('has a quarter of the table, the oldest go first, and all are told', () => {
    const play = new Play({ maxConnections: 64 });
    play.send('> S', '< SA', '> A');
    for (let n = 0; n < 1000; n++) play.packet(1 + n / 1e6, syn(n));
    const { live, evicted } = play.tracker.counts();
    expect([live, evicted]).toEqual([17, 984]);
    const early = play.take().filter(({ kind }) => kind === 'ended');
    expect(early.every(({ reason, state }) => reason === FlowEnd.resources && state === 'S0')).toBe(
      true,
    );
    const rest = play.end();
    expect(rest.map(({ state }) => state)).toContain('S1');
    expect(early.length + rest.length).toBe(1001);
  });
});

describe('a table that is full', () => {
  const open = (play: Play, n: number, second: number): void => {
    const client = { src: `198.51.100.${n}`, dst: SERVER };
    const server = { src: SERVER, dst: `198.51.100.${n}` };
    play.packet(second, ip(client, tcp({ seq: 1 })));
    play.packet(
      second,
      ip(server, tcp({ srcPort: 80, dstPort: 40_000, seq: 9, ack: 2, flags: 0x12 })),
    );
    play.packet(second, ip(client, tcp({ seq: 2, ack: 10, flags: 0x10 })));
  };

  it('lets those go that are likeliest to be over: closed ones, then the most silent', () => {
    const play = new Play({ maxConnections: 4 });
    for (let n = 1; n <= 4; n++) open(play, n, n);
    play.packet(5, ip({ src: '198.51.100.3', dst: SERVER }, tcp({ seq: 2, ack: 10, flags: 0x14 })));
    const gone = (): string[] =>
      play
        .take()
        .filter(({ kind }) => kind === 'ended')
        .map(({ conn, reason }) => `${conn.split(':')[0]} ${reason}`);
    gone();
    open(play, 5, 6);
    expect(gone()).toEqual(['198.51.100.3 5']);
    open(play, 6, 7);
    expect(gone()).toEqual(['198.51.100.1 5']);
    expect(play.tracker.counts()).toMatchObject({ live: 4, evicted: 2 });
  });
});

describe('whatever segments come, in any order', () => {
  const ends = ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2'] as const;
  const anyEnd = fc.constantFrom(0, 1);
  const number = fc.oneof(
    fc.integer({ min: 995, max: 1030 }),
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.constantFrom(0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
  );
  const segment = fc.record({
    six: fc.boolean(),
    from: anyEnd,
    flags: fc.oneof(fc.constantFrom(2, 0x12, 0x10, 0x18, 0x11, 4, 0x14), fc.nat(255)),
    seq: number,
    ack: number,
    length: fc.constantFrom(0, 0, 1, 5, 20),
    window: fc.constantFrom(0, 1, 501, 65_535),
    urgent: fc.nat(100),
    options: fc.uint8Array({ maxLength: 40 }),
    other: fc.constantFrom('tcp', 'tcp', 'tcp', 'udp', 'icmp'),
    step: fc.oneof(
      fc.constantFrom(0, 0.0001, 1, 6, 61, 301, 4000),
      fc.integer({ min: -100_000, max: 100_000 }),
    ),
  });

  it('the table stays bounded, and every connection and packet is told once', () => {
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 60 }), (segments) => {
        const play = new Play({ maxConnections: 3 });
        const told: Told[] = [];
        let second = 0;
        for (const one of segments) {
          second = Math.max(-1e6, second + one.step);
          const [a, b] = one.six ? [ends[2], ends[3]] : [ends[0], ends[1]];
          const ports =
            one.from === 0 ? { srcPort: 40_000, dstPort: 80 } : { srcPort: 80, dstPort: 40_000 };
          const payload = Buffer.alloc(one.length);
          const tcpOptions = one.options.subarray(0, one.options.length & ~3);
          const transport = {
            tcp: () => tcp({ ...one, ...ports, payload, tcpOptions }),
            udp: () => udp({ ...ports, payload }),
            icmp: () => icmp(one.flags & 15, 0),
          }[one.other]();
          play.packet(
            second,
            ip(one.from === 0 ? { src: a, dst: b } : { src: b, dst: a }, transport),
          );
          expect(play.tracker.counts().live).toBeLessThanOrEqual(3);
          told.push(...play.take());
        }
        const { begun, live } = play.tracker.counts();
        const before = told.filter(({ kind }) => kind === 'ended').length;
        expect(begun).toBe(before + live);
        told.push(...play.end());
        const ended = told.filter(({ kind }) => kind === 'ended');
        const { packets, twice, errors, states, left } = play.tracker.counts();
        expect(ended).toHaveLength(begun);
        const seen = ended.reduce((sum, one) => sum + one.packets[0] + one.packets[1], 0);
        expect(seen).toBe(packets);
        expect(packets + twice + errors).toBe(segments.length);
        expect(states.every((count) => count === 0)).toBe(true);
        const isTcp = ({ orig, resp }: Told): number => (orig.state > 0 && resp.state > 0 ? 2 : 0);
        expect(left.reduce((sum, count) => sum + count, 0)).toBe(
          ended.reduce((sum, one) => sum + isTcp(one), 0),
        );
        for (const one of ended) {
          expect(one.duration).toBeGreaterThanOrEqual(0);
          expect(one.state).not.toBe('');
          expect(one.outcome).not.toBe('');
          expect(one.missed[0]).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 200 },
    );
  });
});

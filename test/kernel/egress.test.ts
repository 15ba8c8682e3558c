/** What leaves the host and tells how attempts ended. */
import { describe, expect, it } from 'vitest';
import { Flag } from '../../src/wire/layout.gen.ts';
import type { PlainRecord } from '../contract/records.ts';
import {
  authentication,
  EtherType,
  ethernet,
  extension,
  icmp,
  icmp6,
  type Ip4Spec,
  type Ip6Spec,
  ip,
  ipv4,
  ipv6,
  SYN_OPTIONS,
  type Tag,
  Tcp,
  tcp,
  type TcpSpec,
  udp,
  unreachable,
} from '../support/frames.ts';
import { idOf } from './id-of.ts';
import { HOOKS, type HookName, type Rig, SCANNER, SCANNER6, VICTIM, VICTIM6 } from './rig.ts';
import { withRig } from './with-rig.ts';

type Ends = Ip4Spec & Ip6Spec;
const FAMILIES: [string, Ends][] = [
  ['IPv4', { src: SCANNER, dst: VICTIM }],
  ['IPv6', { src: SCANNER6, dst: VICTIM6 }],
];
const SYN = { srcPort: 5973, dstPort: 80, seq: 0xfffffffe };
const GATEWAY = { 4: '10.0.0.1', 6: '2001:db8:5::1' } as const;

describe.each(FAMILIES)('answers to an attempt, %s', (_, ends) => {
  const rig = withRig();
  const back = { src: ends.dst, dst: ends.src };
  const answer = (spec: TcpSpec, tags: Tag[] = []): Buffer =>
    ethernet(ip(back, tcp({ srcPort: SYN.dstPort, dstPort: SYN.srcPort, ...spec })), tags);
  const refusal = { flags: Tcp.RST | Tcp.ACK, seq: 0, ack: SYN.seq + 1 };

  it.each([
    ['plain', []],
    ['in a VLAN', [{ type: EtherType.VLAN, id: 7 }]],
  ] as [string, Tag[]][])('RST for SYN is REFUSED, with the id of the attempt, %s', (__, tags) => {
    const attempt = arrive(rig(), 'tcx', ends);
    expect(rig().leave(answer(refusal, tags))).toBe('pass');
    const [refused, ...more] = rig().records();
    expect(more).toEqual([]);
    expect(refused).toMatchObject({ kind: 'REFUSED', flags: 0, count: 1 });
    expect(pick(refused!)).toEqual(pick(attempt));
    expect(rig().moved()).toMatchObject({ answers_reported: 1 });
  });

  it.each([
    ['a quote of the whole packet', 1000],
    ['a quote of 8 bytes (RFC 792)', 8],
    ['a quote that ends before the flags', 13],
    ['a quote of 20 bytes', 20],
  ])('ICMP unreachable is REFUSED, by %s', (__, bytes) => {
    const attempt = arrive(rig(), 'tcx', ends);
    const quoted = ip(ends, tcp({ ...SYN, tcpOptions: SYN_OPTIONS }));
    const header = quoted.length - 40;
    const from = { ...back, src: ends.src.includes(':') ? GATEWAY[6] : GATEWAY[4] };
    rig().leave(ethernet(ip(from, unreachable(quoted.subarray(0, header + bytes)))));
    const [refused, ...more] = rig().records();
    expect(more).toEqual([]);
    expect(refused).toMatchObject({ kind: 'REFUSED', flags: Flag.ICMP });
    expect(pick(refused!)).toEqual(pick(attempt));
  });

  it('other segments and messages answer nothing', () => {
    const quote = (segment: ReturnType<typeof tcp>): Buffer =>
      ethernet(ip(back, unreachable(ip(ends, segment))));
    const echo = ends.src.includes(':') ? icmp6(129, 0) : icmp(0, 0);
    const timeExceeded = Buffer.concat([Buffer.alloc(4), ip(ends, tcp(SYN))]);
    const exceeded = ends.src.includes(':') ? icmp6(3, 0, timeExceeded) : icmp(11, 0, timeExceeded);
    const frames = [
      answer({ flags: Tcp.ACK }),
      answer({ flags: Tcp.FIN | Tcp.ACK }),
      answer({ flags: Tcp.RST | Tcp.ACK, seq: 77, ack: SYN.seq + 1 }), // of a connection
      answer({ flags: Tcp.RST, seq: 0 }),
      quote(udp()),
      quote(tcp({ ...SYN, flags: Tcp.ACK })),
      quote(tcp({ ...SYN, flags: Tcp.SYN | Tcp.ACK })),
      ethernet(ip(back, echo)),
      ethernet(ip(back, exceeded)),
      ethernet(ip(back, udp())),
    ];
    for (const frame of frames) expect(rig().leave(frame)).toBe('pass');
    expect(rig().records()).toEqual([]);
    const unreachables = ends.src.includes(':') ? {} : { unreachables: 1 };
    expect(rig().moved()).toEqual({ strays: 1, ...unreachables });
  });

  it('SYN+ACK is remembered, and that the originator reset it', () => {
    const attempt = arrive(rig(), 'tcx', ends);
    const state = (): number => answered(rig(), attempt);
    expect(state()).toBe(0);
    rig().leave(answer({ flags: Tcp.SYN | Tcp.ACK, seq: 5, ack: SYN.seq + 1 }));
    expect(state()).toBe(1);
    const reset = { ...SYN, flags: Tcp.RST, seq: SYN.seq + 1 };
    rig().run('tcx', ethernet(ip(ends, tcp({ ...reset, seq: SYN.seq + 2 - 2 ** 32 })))); // not its number
    expect(state()).toBe(1);
    rig().run('tcx', ethernet(ip(ends, tcp(reset))));
    expect(state()).toBe(2);
    rig().run('tcx', ethernet(ip(ends, tcp(reset))));
    expect(state()).toBe(2);
    expect(rig().records()).toEqual([]);
  });

  it('a reset without SYN+ACK is none', () => {
    const attempt = arrive(rig(), 'tcx', ends, 4711);
    rig().run('tcx', ethernet(ip(ends, tcp({ ...SYN, flags: Tcp.RST, seq: 4712 }))));
    expect(answered(rig(), attempt)).toBe(0);
  });

  it('a SYN of our own is an outbound attempt', () => {
    const own = { srcPort: 44444, dstPort: 443, seq: 7 };
    rig().leave(ethernet(ip(back, tcp(own))));
    const [record, ...more] = rig().records();
    expect(more).toEqual([]);
    expect(record).toMatchObject({ kind: 'ATTEMPT', direction: 'OUTBOUND', flags: 0, isn: 7 });
    expect(record!.id).toBe(idOf(record!));
    expect(rig().moved()).toEqual({ outbound_reported: 1 });
  });

  it('truncated at every byte: nothing but whole answers', () => {
    const quoted = ip(ends, tcp(SYN));
    const frames: [Buffer, number][] = [
      [answer(refusal), 20],
      [ethernet(ip(back, unreachable(quoted))), 8 + quoted.length - 12],
    ];
    for (const [frame, needed] of frames) {
      const header = frame.length - (frame === frames[0]![0] ? 20 : 8 + quoted.length);
      for (let length = 0; length <= frame.length; length++) {
        rig().leave(frame.subarray(0, length));
        expect([length, rig().discard()]).toEqual([length, length >= header + needed ? 1 : 0]);
      }
    }
  });
});

describe('answers behind unusual headers', () => {
  const rig = withRig();

  it('IPv4 options and IPv6 extension headers, outside and in the quote', () => {
    const v4 = { src: SCANNER, dst: VICTIM };
    const v6 = { src: SCANNER6, dst: VICTIM6 };
    const options = { ipOptions: Buffer.alloc(40, 1) };
    const extensions = {
      extensions: [extension('HOP'), authentication(), extension('DESTINATION', 64)],
    };
    const rst = tcp({
      srcPort: 80,
      dstPort: 5973,
      flags: Tcp.RST | Tcp.ACK,
      seq: 0,
      ack: SYN.seq + 1,
    });
    const back4 = { src: VICTIM, dst: SCANNER, ...options };
    const back6 = { src: VICTIM6, dst: SCANNER6, ...extensions };
    for (const packet of [
      ipv4(back4, rst),
      ipv6(back6, rst),
      ipv4(back4, unreachable(ipv4({ ...v4, ...options }, tcp(SYN)))),
      ipv6(back6, unreachable(ipv6({ ...v6, ...extensions }, tcp(SYN)))),
    ])
      rig().leave(ethernet(packet));
    const records = rig().records();
    expect(records.map((r) => r.kind)).toEqual(Array.from({ length: 4 }, () => 'REFUSED'));
    for (const record of records) expect(record.id).toBe(idOf({ ...record, isn: SYN.seq }));
    expect(new Set(records.map((r) => r.id)).size).toBe(2);
  });
});

describe.each(HOOKS)('a reset at the guard, %s', (hook) => {
  const rig = withRig();

  it('is noted', () => {
    const ends = { src: SCANNER, dst: VICTIM };
    const attempt = arrive(rig(), hook, ends);
    const synAck = { srcPort: 80, dstPort: 5973, flags: Tcp.SYN | Tcp.ACK, ack: SYN.seq + 1 };
    rig().leave(ethernet(ip({ src: VICTIM, dst: SCANNER }, tcp(synAck))));
    rig().run(hook, ethernet(ip(ends, tcp({ ...SYN, flags: Tcp.RST, seq: SYN.seq + 1 }))));
    expect(answered(rig(), attempt)).toBe(2);
  });
});

/** The attempt's record. What was answered is never forgotten: attempts that differ in nothing are one. */
function arrive(rig: Rig, hook: HookName, ends: Ends, seq = SYN.seq): PlainRecord {
  rig.run(hook, ethernet(ip(ends, tcp({ ...SYN, seq }))));
  const [attempt] = rig.records();
  expect(attempt).toMatchObject({ kind: 'ATTEMPT', isn: seq });
  return attempt!;
}

function pick({ id, src, dst, isn, family }: PlainRecord): object {
  return { id, src, dst, isn, family };
}

function answered(rig: Rig, { id }: PlainRecord): number {
  return rig.kernel.answered(Number.parseInt(id.slice(8), 16), Number.parseInt(id.slice(0, 8), 16));
}

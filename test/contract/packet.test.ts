/** The decoder takes frames for what the guard takes them for: test/kernel feeds it the same ones. */
import { describe, expect, it } from 'vitest';
import { parseEthernet } from '../../src/packet/ethernet.ts';
import { parseUnreachable } from '../../src/packet/icmp.ts';
import { parseNetwork, Protocol } from '../../src/packet/ip.ts';
import { EtherType, Layers, Parsed } from '../../src/packet/layers.ts';
import { Segment, SegmentKind } from '../../src/packet/tcp.ts';
import { formatAddress } from '../../src/wire/address.ts';
import { mutant, randomOf } from '../fuzz/mutate.ts';
import { natureOf } from '../fuzz/oracle.ts';
import { ethernet, ip, ipv4, ipv6, Tcp, tcp, udp, unreachable } from '../support/frames.ts';
import {
  ATTEMPTS,
  DATA,
  LIES,
  NO_ATTEMPTS,
  SCANNER,
  SCANNER6,
  VICTIM,
  VICTIM6,
  WHOLE,
} from './attempt-frames.ts';

const layers = new Layers();
const segment = new Segment();

/** @param captured bytes of the frame that are there */
function decode(frame: Buffer, captured = frame.length): Parsed {
  // behind other bytes, as in a ring
  const bytes = new Uint8Array(captured + 8).fill(0xee);
  bytes.set(frame.subarray(0, captured), 4);
  layers.begin(bytes, 4, captured, frame.length);
  return transport(parseEthernet(layers, 4));
}

function transport(parsed: Parsed): Parsed {
  if (parsed !== Parsed.ok) return parsed;
  return layers.protocol === Protocol.tcp ? segment.read(layers) : Parsed.other;
}

function isAttempt(parsed: Parsed): boolean {
  return parsed === Parsed.ok && segment.kind === SegmentKind.attempt;
}

function addresses(): string[] {
  const { bytes, ip: at, family } = layers;
  const [src, size] = family === 4 ? [at + 12, 4] : [at + 8, 16];
  return [src, src + size].map((from) => {
    const address = new Uint8Array(16);
    if (size === 4) address.set([0xff, 0xff], 10);
    address.set(bytes.subarray(from, from + size), 16 - size);
    return formatAddress(address);
  });
}

/** More tags than the guard looks through, of NO_ATTEMPTS. */
const TAGGED = 'three VLAN tags';

describe('headers before a SYN', () => {
  it.each(Object.entries(ATTEMPTS))('%s: an attempt', (_, frame) => {
    expect(isAttempt(decode(frame))).toBe(true);
    expect(segment).toMatchObject({ srcPort: 5973, dstPort: 80, seq: 0xfeedbeef, window: 64240 });
    expect(segment.flags & Tcp.SYN).toBe(Tcp.SYN);
    const v6 = frame.includes('20010db8', 0, 'hex');
    expect(layers.family).toBe(v6 ? 6 : 4);
    expect(addresses()).toEqual(v6 ? [SCANNER6, VICTIM6] : [SCANNER, VICTIM]);
  });

  it.each(Object.entries(NO_ATTEMPTS).filter(([name]) => name !== TAGGED))(
    '%s: none',
    (_, frame) => {
      const parsed = decode(frame);
      expect(isAttempt(parsed)).toBe(false);
      expect(parsed).not.toBe(Parsed.malformed);
    },
  );

  it(`${TAGGED}: an attempt here, though the guard looks through two`, () => {
    expect(isAttempt(decode(NO_ATTEMPTS[TAGGED]!))).toBe(true);
  });

  it.each(Object.entries(LIES))('%s: malformed', (_, frame) => {
    expect(decode(frame)).toBe(Parsed.malformed);
  });

  it.each([
    ['IPv4', EtherType.ipv4, ip({ src: '8.0.2.1', dst: VICTIM }, tcp())],
    ['IPv6', EtherType.ipv6, ip({ src: '2001:db8:86dd::1', dst: VICTIM6 }, tcp())],
  ] as const)('%s without a link header: an attempt', (_, type, packet) => {
    layers.begin(packet, 0, packet.length, packet.length);
    expect(isAttempt(transport(parseNetwork(layers, type, 0)))).toBe(true);
  });
});

describe('a frame that ends too early', () => {
  it.each(Object.entries(WHOLE))('%s: malformed on the wire', (_, frame) => {
    for (let length = 0; length <= frame.length; length++) {
      const whole = length >= frame.length - DATA.length;
      const parsed = decode(frame.subarray(0, length));
      expect([length, parsed]).toEqual([length, whole ? Parsed.ok : Parsed.malformed]);
    }
  });

  it.each(Object.entries(WHOLE))('%s: cut in the capture, and no less an attempt', (_, frame) => {
    const fixed = frame.length - DATA.length - 20; // behind it there are options only
    for (let captured = 0; captured <= frame.length; captured++) {
      const parsed = decode(frame, captured);
      expect([captured, parsed]).toEqual([captured, captured < fixed ? Parsed.cut : Parsed.ok]);
    }
  });
});

describe('the payload of a segment', () => {
  const ends = { src: SCANNER, dst: VICTIM };
  it.each([
    ['none', ethernet(ipv4(ends, tcp())), 0],
    ['1,000 bytes', ethernet(ipv4(ends, tcp({ payload: Buffer.alloc(1000) }))), 1000],
    ['padded frame', Buffer.concat([ethernet(ipv4(ends, tcp())), Buffer.alloc(6)]), 0],
    [
      'total length 0',
      ethernet(ipv4({ ...ends, totalLength: 0 }, tcp({ payload: Buffer.alloc(1000) }))),
      1000,
    ],
    [
      'behind extension headers',
      ethernet(ipv6({ src: SCANNER6, dst: VICTIM6 }, tcp({ payload: DATA }))),
      DATA.length,
    ],
  ] as const)('%s', (_, frame, payload) => {
    expect(decode(frame, Math.min(frame.length, 80))).toBe(Parsed.ok);
    expect(segment.payload).toBe(payload);
    expect(segment.header).toBe(20);
    expect(segment.captured).toBe(Math.min(payload, Math.min(frame.length, 80) + 4 - segment.data));
  });
});

describe('what an ICMP unreachable quotes', () => {
  const V4 = { src: VICTIM, dst: SCANNER };
  const V6 = { src: VICTIM6, dst: SCANNER6 };
  function quoted(packet: Buffer): Parsed {
    const frame = ethernet(packet);
    layers.begin(frame, 0, frame.length, frame.length);
    expect(parseEthernet(layers, 0)).toBe(Parsed.ok);
    const parsed = parseUnreachable(layers);
    if (parsed !== Parsed.ok || layers.protocol !== Protocol.tcp) return Parsed.other;
    return segment.readQuoted(layers);
  }
  const syn = tcp({ srcPort: 5973, dstPort: 81, seq: 7 });

  it.each([
    ['IPv4', ipv4(V4, unreachable(ipv4({ src: SCANNER, dst: VICTIM }, syn)))],
    ['IPv6', ipv6(V6, unreachable(ipv6({ src: SCANNER6, dst: VICTIM6 }, syn)))],
    [
      'the 8 bytes of RFC 792',
      ipv4(V4, unreachable(ipv4({ src: SCANNER, dst: VICTIM }, syn).subarray(0, 28))),
    ],
  ])('%s: a SYN', (_, packet) => {
    expect(isAttempt(quoted(packet))).toBe(true);
    expect(segment).toMatchObject({ srcPort: 5973, dstPort: 81, seq: 7 });
  });

  it('an ACK, a datagram and less than 8 bytes: none', () => {
    const of = (inner: Buffer) => quoted(ipv4(V4, unreachable(inner)));
    expect(isAttempt(of(ipv4({ src: SCANNER, dst: VICTIM }, tcp({ flags: Tcp.ACK }))))).toBe(false);
    expect(of(ipv4({ src: SCANNER, dst: VICTIM }, udp()))).toBe(Parsed.other);
    expect(of(ipv4({ src: SCANNER, dst: VICTIM }, syn).subarray(0, 27))).toBe(Parsed.malformed);
  });
});

/** Does the link layer have what the decoder looks through and the guard doesn't? */
function isBeyondGuard(frame: Buffer): boolean {
  let type = frame.readUInt16BE(12);
  for (let at = 14; GUARD_TAGS.has(type) && at < 22 && at + 4 <= frame.length; at += 4)
    type = frame.readUInt16BE(at + 2);
  return type < 0x0600 || DECODER_TYPES.has(type);
}
const GUARD_TAGS = new Set<number>([EtherType.vlan, EtherType.qinq]);
const DECODER_TYPES = new Set<number>(
  Object.values(EtherType).filter((type) => type !== EtherType.ipv4 && type !== EtherType.ipv6),
);

it('takes 50,000 mutated frames for what a plain reading takes them for', () => {
  const random = randomOf(20_261_121);
  const seen = { attempt: 0, malformed: 0, other: 0 };
  const wrong: string[] = [];
  for (let n = 0; n < 50_000; n++) {
    const frame = mutant(random);
    const parsed = decode(frame);
    let nature: keyof typeof seen = parsed === Parsed.malformed ? 'malformed' : 'other';
    if (isAttempt(parsed)) nature = 'attempt';
    const right = natureOf(frame, false);
    if (nature !== right && !isBeyondGuard(frame))
      wrong.push(`${nature}, not ${right}: ${frame.toString('hex')}`);
    seen[nature]++;
    decode(frame, random(frame.length + 1));
    if (parseUnreachable(layers) === Parsed.ok) segment.readQuoted(layers);
  }
  expect(wrong).toEqual([]);
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(1000);
});

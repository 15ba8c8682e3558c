/** Frames that are nearly right. */
import {
  authentication,
  EtherType,
  ethernet,
  extension,
  fragmentHeader,
  icmp,
  icmp6,
  ipv4,
  ipv6,
  SYN_OPTIONS,
  Tcp,
  tcp,
  udp,
  unreachable,
} from '../support/frames.ts';

/** Whole numbers below `limit`, always the same ones for one seed (mulberry32). */
export type Random = (limit: number) => number;

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

const V4 = { src: '198.51.100.1', dst: '10.0.0.5' };
const V6 = { src: '2001:db8:bad::1', dst: '2001:db8:5::5' };
const VLAN = { type: EtherType.VLAN, id: 7 } as const;
const QINQ = { type: EtherType.QINQ, id: 8 } as const;
const SEGMENTS = [
  ...Array.from({ length: 8 }, (_, i) => tcp({ dstPort: 80 + i, tcpOptions: SYN_OPTIONS })),
  tcp(),
  tcp({ flags: 0 }),
  tcp({ flags: Tcp.ACK, payload: Buffer.alloc(40) }),
  tcp({ flags: Tcp.SYN | Tcp.ACK }),
  tcp({ flags: Tcp.RST }),
  tcp({ flags: Tcp.RST | Tcp.ACK, seq: 0, ack: 1001 }),
  udp({ payload: Buffer.alloc(20) }),
];

/** Ethernet frames. */
export const CORPUS: readonly Buffer[] = SEGMENTS.flatMap((segment) => [
  ethernet(ipv4(V4, segment)),
  ethernet(ipv4({ ...V4, ipOptions: Buffer.alloc(24, 1) }, segment), [VLAN]),
  ethernet(ipv4({ ...V4, fragment: { offset: 0, length: 24 } }, segment)),
  ethernet(ipv6(V6, segment)),
  ethernet(ipv6({ ...V6, extensions: [extension('HOP')] }, segment), [QINQ, VLAN]),
  ethernet(
    ipv6(
      {
        ...V6,
        extensions: [
          extension('HOP', 16),
          extension('ROUTING', 24),
          fragmentHeader({ offset: 0 }),
          authentication(),
          extension('DESTINATION'),
        ],
      },
      segment,
    ),
  ),
]).concat([
  ethernet(ipv4(V4, icmp(8, 0))),
  ethernet(ipv4(V4, unreachable(ipv4(V4, tcp())))),
  ethernet(ipv6(V6, icmp6(135, 0, Buffer.alloc(20)))),
  ethernet(Buffer.alloc(46), [], EtherType.ARP),
]);

const TELLING = [0, 1, 4, 5, 6, 15, 17, 40, 43, 44, 51, 58, 60, 0x45, 0x60, 0x7f, 0x80, 0xff];
/** Headers end here in most frames: what lies behind changes nothing. */
const HEADERS = 120;

/** A frame of the corpus with another source, changed in none to four places. */
export function mutant(random: Random): Buffer {
  let frame: Buffer = Buffer.from(pick(CORPUS, random));
  const source = frame.indexOf(V4_SOURCE);
  const source6 = frame.indexOf(V6_SOURCE);
  if (source >= 0) frame[source + 3] = random(HOSTS);
  else if (source6 >= 0) frame[source6 + 7] = random(HOSTS); // of a /64 each
  for (let changes = random(5); changes > 0; changes--)
    frame = changed(frame, random, CORPUS, HEADERS);
  return frame;
}

/** So few that some are always scanning. */
const HOSTS = 64;
const V4_SOURCE = Buffer.from([198, 51, 100, 1]);
const V6_SOURCE = Buffer.from('20010db80bad0000', 'hex');

/** The frame with one change among its first bytes, so many of them. @param others of which it may get the end */
export function changed(
  frame: Buffer,
  random: Random,
  others: readonly Buffer[],
  within: number,
): Buffer {
  const at = random(Math.min(frame.length, within));
  switch (random(8)) {
    case 0: // a bit
      if (frame.length > 0) frame[at]! ^= 1 << random(8);
      return frame;
    case 1: // a byte that means something somewhere
      if (frame.length > 0) frame[at] = pick(TELLING, random);
      return frame;
    case 2:
      if (frame.length > 0) frame[at] = random(256);
      return frame;
    case 3: // a length or port
      if (at + 2 <= frame.length) frame.writeUInt16BE(random(2) ? random(65536) : random(100), at);
      return frame;
    case 4:
      return frame.subarray(0, random(frame.length + 1));
    case 5: // what is missing comes as noise
      return Buffer.concat([
        frame,
        Buffer.from(Array.from({ length: random(64) }, () => random(256))),
      ]);
    case 6: {
      // the end of another frame
      const other = pick(others, random);
      return Buffer.concat([frame.subarray(0, at), other.subarray(random(other.length))]);
    }
    default: {
      // some bytes twice, or left out
      const to = random(Math.min(frame.length, within));
      return Buffer.concat([frame.subarray(0, at), frame.subarray(to)]);
    }
  }
}

export function pick<T>(list: readonly T[], random: Random): T {
  return list[random(list.length)]!;
}

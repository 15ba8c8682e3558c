/** What the guard must take a frame for, by a second reading of the RFCs; written to be plain, not fast. */
import { EtherType, Protocol, Tcp } from '../support/frames.ts';

export type Nature = 'attempt' | 'malformed' | 'other';

const TAGS = new Set<number>([EtherType.VLAN, EtherType.QINQ]);
const EXTENSIONS = new Set<number>([
  Protocol.HOP,
  Protocol.ROUTING,
  Protocol.DESTINATION,
  Protocol.FRAGMENT,
  Protocol.AH,
]);
const MOST_TAGS = 2;
const MOST_EXTENSIONS = 6;
/** A length of 0 in an IP header: a large GSO segment or a jumbogram. */
const ANY_LENGTH = 0xffff;

/** @param blocking some source is blocked: only then does the guard look at UDP */
export function natureOf(frame: Buffer, blocking: boolean): Nature {
  if (frame.length < 14) return 'malformed';
  let at = 14;
  let type = frame.readUInt16BE(12);
  for (let tags = 0; tags < MOST_TAGS && TAGS.has(type); tags++) {
    if (frame.length < at + 4) return 'malformed';
    type = frame.readUInt16BE(at + 2);
    at += 4;
  }
  if (type === EtherType.IPV4) return ofIp4(frame, at, blocking);
  if (type === EtherType.IPV6) return ofIp6(frame, at, blocking);
  return 'other';
}

function ofIp4(frame: Buffer, at: number, blocking: boolean): Nature {
  if (frame.length < at + 20) return 'malformed';
  const header = (frame[at]! & 15) * 4;
  const total = frame.readUInt16BE(at + 2);
  if (frame[at]! >> 4 !== 4 || header < 20 || (total !== 0 && total < header)) return 'malformed';
  if ((frame.readUInt16BE(at + 6) & 0x1fff) !== 0) return 'other';
  const length = total === 0 ? ANY_LENGTH : total - header;
  return ofTransport(frame, at + header, length, frame[at + 9]!, blocking);
}

function ofIp6(frame: Buffer, start: number, blocking: boolean): Nature {
  if (frame.length < start + 40 || frame[start]! >> 4 !== 6) return 'malformed';
  let rest = frame.readUInt16BE(start + 4) || ANY_LENGTH;
  let next = frame[start + 6]!;
  let at = start + 40;
  for (let n = 0; EXTENSIONS.has(next); n++) {
    if (n === MOST_EXTENSIONS || frame.length < at + 8) return 'malformed';
    let length = (frame[at + 1]! + 1) * 8;
    if (next === Protocol.AH) length = (frame[at + 1]! + 2) * 4;
    if (next === Protocol.FRAGMENT) {
      length = 8;
      if ((frame.readUInt16BE(at + 2) & 0xfff8) !== 0) return 'other';
    }
    if (length > rest) return 'malformed';
    next = frame[at]!;
    at += length;
    rest -= length;
  }
  return ofTransport(frame, at, rest, next, blocking);
}

/** @param length bytes from `at` on, as the IP header says */
function ofTransport(
  frame: Buffer,
  at: number,
  length: number,
  protocol: number,
  blocking: boolean,
): Nature {
  const bytes = Math.min(length, frame.length - at);
  if (protocol === Protocol.UDP) return blocking && bytes < 8 ? 'malformed' : 'other';
  if (protocol !== Protocol.TCP) return 'other';
  if (bytes < 20) return 'malformed';
  const header = (frame[at + 12]! >> 4) * 4;
  if (header < 20 || header > bytes) return 'malformed';
  const flags = frame[at + 13]! & (Tcp.SYN | Tcp.ACK | Tcp.FIN | Tcp.RST);
  return flags === Tcp.SYN ? 'attempt' : 'other';
}

import { EtherType, type Layers, Parsed, u16 } from './layers.ts';

/** Protocol numbers (IANA), of transport and of IPv6 extension headers. */
export const Protocol = {
  hopByHop: 0,
  icmp: 1,
  /** IP in IP (RFC 2003). */
  ipv4: 4,
  tcp: 6,
  udp: 17,
  /** IPv6 in either (RFC 2473, RFC 4213). */
  ipv6: 41,
  routing: 43,
  fragment: 44,
  gre: 47,
  authentication: 51,
  icmp6: 58,
  destination: 60,
} as const;

/** RFC 8200 names six kinds of extension headers, each at most once but one. */
const EXTENSIONS = 6;
const IP4_HEADER = 20;
export const IP6_HEADER = 40;

/** A length of 0 says nothing: a jumbogram, or a segment over 64 KiB that the card is to cut. */
export const ANY_LENGTH = 0x7fff_ffff;

/** From an IP header to the transport header, by the EtherType: the packet of a link without a header, too. */
export function parseNetwork(layers: Layers, etherType: number, at: number): Parsed {
  layers.etherType = etherType;
  if (etherType === EtherType.ipv4) return parseIp4(layers, at);
  if (etherType === EtherType.ipv6) return parseIp6(layers, at);
  return Parsed.other;
}

/** An IP packet without a link header. */
export function parseRaw(layers: Layers, at: number): Parsed {
  if (at >= layers.end) return layers.missing(at + 1);
  const version = layers.bytes[at]! >> 4;
  if (version === 4) return parseNetwork(layers, EtherType.ipv4, at);
  return version === 6 ? parseNetwork(layers, EtherType.ipv6, at) : Parsed.other;
}

/** IPv4 (RFC 791) with options. */
export function parseIp4(layers: Layers, at: number): Parsed {
  const { bytes, end } = layers;
  if (at + IP4_HEADER > end) return layers.missing(at + IP4_HEADER);
  const header = (bytes[at]! & 15) * 4;
  const total = u16(bytes, at + 2);
  if (bytes[at]! >> 4 !== 4 || header < IP4_HEADER || (total !== 0 && total < header))
    return Parsed.malformed;
  const fragment = u16(bytes, at + 6);
  layers.ip = at;
  layers.family = 4;
  layers.ttl = bytes[at + 8]!;
  layers.ipLength = total || layers.wireEnd - at;
  layers.protocol = bytes[at + 9]!;
  layers.transport = at + header;
  layers.transportLength = (total || ANY_LENGTH) - header;
  layers.fragmented = (fragment & 0x3fff) !== 0;
  if (!layers.fragmented) return Parsed.ok;
  layers.fragmentOffset = (fragment & 0x1fff) * 8;
  layers.moreFragments = (fragment & 0x2000) !== 0;
  return layers.fragmentOffset === 0 ? Parsed.ok : Parsed.fragment;
}

/** IPv6 (RFC 8200) with extension headers. */
export function parseIp6(layers: Layers, at: number): Parsed {
  const { bytes, end } = layers;
  if (at + IP6_HEADER > end) return layers.missing(at + IP6_HEADER);
  if (bytes[at]! >> 4 !== 6) return Parsed.malformed;
  const payload = u16(bytes, at + 4);
  let rest = payload || ANY_LENGTH;
  let next = bytes[at + 6]!;
  let header = at + IP6_HEADER;
  layers.ip = at;
  layers.family = 6;
  layers.ttl = bytes[at + 7]!;
  layers.ipLength = payload === 0 ? layers.wireEnd - at : IP6_HEADER + payload;
  layers.fragmented = false;
  for (let n = 0; isExtension(next); n++) {
    if (n === EXTENSIONS) return Parsed.malformed; // nothing hides behind more of them than any peer sends
    if (header + 8 > end) return layers.missing(header + 8);
    let length = (bytes[header + 1]! + 1) * 8;
    if (next === Protocol.authentication) length = (bytes[header + 1]! + 2) * 4;
    else if (next === Protocol.fragment) {
      length = 8;
      readFragment(layers, header);
      if (layers.fragmentOffset !== 0) {
        layers.protocol = bytes[header]!;
        layers.transport = header + length;
        layers.transportLength = Math.max(0, rest - length);
        return Parsed.fragment;
      }
    }
    if (length > rest) return Parsed.malformed;
    rest -= length;
    next = bytes[header]!;
    header += length;
  }
  layers.protocol = next;
  layers.transport = header;
  layers.transportLength = rest;
  return Parsed.ok;
}

/** One that is the whole datagram is none (RFC 6946: atomic fragments). */
function readFragment(layers: Layers, header: number): void {
  const fragment = u16(layers.bytes, header + 2);
  layers.fragmentHeader = header;
  layers.fragmentOffset = fragment & 0xfff8;
  layers.moreFragments = (fragment & 1) !== 0;
  layers.fragmented = layers.fragmentOffset !== 0 || layers.moreFragments;
}

/** Is this the number of an extension header that others may follow? */
function isExtension(protocol: number): boolean {
  return (
    protocol === Protocol.hopByHop ||
    protocol === Protocol.routing ||
    protocol === Protocol.destination ||
    protocol === Protocol.fragment ||
    protocol === Protocol.authentication
  );
}

import { parseMpls } from './mpls.ts';
import { parseNetwork } from './ip.ts';
import { EtherType, type Layers, Parsed, u16 } from './layers.ts';

/** PPP's protocol numbers (RFC 1661, IANA). */
const PppProtocol = {
  ipv4: 0x0021,
  ipv6: 0x0057,
  mplsUnicast: 0x0281,
  mplsMulticast: 0x0283,
} as const;

/** PPPoE: version and type, code, session, length (RFC 2516). */
const PPPOE_HEADER = 6;

/** PPP as a capture has it: with or without the address and control of HDLC-like framing (RFC 1662). */
export function parsePppFrame(layers: Layers, at: number): Parsed {
  const { bytes, end } = layers;
  const framed = at + 2 <= end && bytes[at] === 0xff && bytes[at + 1] === 0x03;
  return parsePpp(layers, framed ? at + 2 : at);
}

/** From PPP's protocol number on, which is one byte where the peers agreed on that. */
export function parsePpp(layers: Layers, at: number): Parsed {
  const { bytes, end } = layers;
  if (at + 2 > end) return layers.missing(at + 2);
  const short = (bytes[at]! & 1) !== 0;
  const protocol = short ? bytes[at]! : u16(bytes, at);
  const next = at + (short ? 1 : 2);
  switch (protocol) {
    case PppProtocol.ipv4:
      return parseNetwork(layers, EtherType.ipv4, next);
    case PppProtocol.ipv6:
      return parseNetwork(layers, EtherType.ipv6, next);
    case PppProtocol.mplsUnicast:
    case PppProtocol.mplsMulticast:
      return parseMpls(layers, next);
    default:
      return Parsed.other;
  }
}

/** A PPPoE session's packet. */
export function parsePppoe(layers: Layers, at: number): Parsed {
  const next = at + PPPOE_HEADER;
  return next > layers.end ? layers.missing(next) : parsePpp(layers, next);
}

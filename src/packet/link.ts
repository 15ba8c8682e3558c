import { parseEthernet, parseEtherType, parseLlc } from './ethernet.ts';
import { parseNetwork, parseRaw } from './ip.ts';
import { EtherType, type Layers, Parsed, u16, u32 } from './layers.ts';
import { LinkType } from './link-type.ts';
import { parsePpp, parsePppFrame, parsePppoe } from './ppp.ts';

/** From a packet's first byte to the transport header, by the link type of its capture. */
type ParseLink = (layers: Layers, at: number) => Parsed;

/** Undefined: such links are not decoded. */
export function linkParser(linkType: number): ParseLink | undefined {
  return PARSERS.get(linkType);
}

const PARSERS: ReadonlyMap<number, ParseLink> = new Map<number, ParseLink>([
  [LinkType.ethernet, parseEthernet],
  [LinkType.null, parseFamily],
  [LinkType.loop, parseFamily],
  [LinkType.rawBsd, parseRaw],
  [LinkType.rawOpenBsd, parseRaw],
  [LinkType.raw, parseRaw],
  [LinkType.ipv4, (layers, at) => parseNetwork(layers, EtherType.ipv4, at)],
  [LinkType.ipv6, (layers, at) => parseNetwork(layers, EtherType.ipv6, at)],
  [LinkType.cooked, parseCooked],
  [LinkType.cooked2, parseCooked2],
  [LinkType.ppp, parsePppFrame],
  [LinkType.pppSerial, parsePppFrame],
  [LinkType.pppd, (layers, at) => parsePpp(layers, at + 2)],
  [LinkType.pppEther, parsePppoe],
  [LinkType.hdlc, parseHdlc],
]);

/**
 * BSD loopback: an address family of four bytes in the order of the host that captured, or in network order; small as
 * they are, the numbers tell.
 */
function parseFamily(layers: Layers, at: number): Parsed {
  const next = at + 4;
  if (next > layers.end) return layers.missing(next);
  const number = u32(layers.bytes, at);
  const family = number > 0xffff ? number >>> 24 : number;
  if (family === AF_INET) return parseNetwork(layers, EtherType.ipv4, next);
  return AF_INET6.has(family) ? parseNetwork(layers, EtherType.ipv6, next) : Parsed.other;
}

const AF_INET = 2;
/** Linux; Windows; NetBSD and OpenBSD; FreeBSD; macOS. */
const AF_INET6: ReadonlySet<number> = new Set([10, 23, 24, 28, 30]);

/** Linux cooked capture: what `-i any` gives. */
function parseCooked(layers: Layers, at: number): Parsed {
  const next = at + 16;
  return next > layers.end
    ? layers.missing(next)
    : parseProtocol(layers, u16(layers.bytes, at + 14), next);
}

/** Its second version, which has the protocol in front. */
function parseCooked2(layers: Layers, at: number): Parsed {
  const next = at + 20;
  return next > layers.end
    ? layers.missing(next)
    : parseProtocol(layers, u16(layers.bytes, at), next);
}

/** Linux has numbers of its own below the EtherTypes (linux/if_ether.h). */
function parseProtocol(layers: Layers, protocol: number, at: number): Parsed {
  return protocol === ETH_P_802_2
    ? parseLlc(layers, at, layers.wireEnd)
    : parseEtherType(layers, protocol, at);
}

const ETH_P_802_2 = 4;

/** Cisco's HDLC: address, control, EtherType. */
function parseHdlc(layers: Layers, at: number): Parsed {
  const next = at + 4;
  return next > layers.end
    ? layers.missing(next)
    : parseEtherType(layers, u16(layers.bytes, at + 2), next);
}

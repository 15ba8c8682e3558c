import { parseEthernet, parseEtherType } from './ethernet.ts';
import { ANY_LENGTH, parseIp4, parseIp6, parseRaw, Protocol } from './ip.ts';
import { EtherType, type Layers, Parsed, u16, u32 } from './layers.ts';
import { Tunnel } from '../wire/layout.gen.ts';
import { UDP_HEADER } from './udp.ts';

/** UDP ports of tunnels (IANA). */
const GTP = 2152;
const TEREDO = 3544;
const VXLAN = 4789;
const AYIYA = 5072;
const GENEVE = 6081;
/** Of Linux before VXLAN had one; Flannel and Cilium still use it. */
const OLD_VXLAN = 8472;

/** May a datagram from or to this port be of a tunnel? */
export function isTunnelPort(port: number): boolean {
  return (
    port === GTP ||
    port === TEREDO ||
    port === VXLAN ||
    port === AYIYA ||
    port === GENEVE ||
    port === OLD_VXLAN
  );
}

/**
 * Which tunnel a datagram at `layers.transport` may be of, by its ports alone. VXLAN and Geneve have any source port,
 * so that routers spread their flows.
 */
export function udpTunnel(layers: Layers): number {
  const { bytes, transport: at } = layers;
  if (at + UDP_HEADER > layers.end) return Tunnel.NONE;
  const to = u16(bytes, at + 2);
  if (isTunnelPort(to)) return tunnelOf(to);
  const from = u16(bytes, at);
  return from === GTP || from === TEREDO || from === AYIYA ? tunnelOf(from) : Tunnel.NONE;
}

function tunnelOf(port: number): number {
  switch (port) {
    case GENEVE:
      return Tunnel.GENEVE;
    case TEREDO:
      return Tunnel.TEREDO;
    case GTP:
      return Tunnel.GTP;
    case AYIYA:
      return Tunnel.AYIYA;
    default:
      return Tunnel.VXLAN;
  }
}

/**
 * From the UDP header of such a datagram to the transport header of the packet inside. Anybody may use these ports, so
 * whatever isn't as the protocol says is no tunnel: `other`.
 */
export function parseUdpTunnel(layers: Layers, kind: number): Parsed {
  const { bytes, transport: at, transportLength } = layers;
  const length = u16(bytes, at + 4) || transportLength;
  if (length < UDP_HEADER || (length > transportLength && !layers.fragmented)) return Parsed.other;
  if (!layers.fragmented) layers.narrow(at + length);
  switch (kind) {
    case Tunnel.VXLAN:
      return parseVxlan(layers, at + UDP_HEADER);
    case Tunnel.GENEVE:
      return parseGeneve(layers, at + UDP_HEADER);
    case Tunnel.TEREDO:
      return parseTeredo(layers, at + UDP_HEADER);
    case Tunnel.GTP:
      return parseGtp(layers, at + UDP_HEADER);
    default:
      return parseAyiya(layers, at + UDP_HEADER);
  }
}

const VXLAN_HEADER = 8;
/** The flag that says that a network number is there: one always is. */
const VXLAN_NUMBERED = 0x08;

/** VXLAN (RFC 7348); the flags of its extensions may stand beside. */
function parseVxlan(layers: Layers, at: number): Parsed {
  const { bytes } = layers;
  const next = at + VXLAN_HEADER;
  if (next > layers.end) return layers.missing(next);
  if ((bytes[at]! & VXLAN_NUMBERED) === 0 || bytes[next - 1] !== 0) return Parsed.other;
  return parseEthernet(layers, next);
}

const GENEVE_HEADER = 8;

/** Geneve (RFC 8926), whose options are skipped. */
function parseGeneve(layers: Layers, at: number): Parsed {
  const { bytes } = layers;
  if (at + GENEVE_HEADER > layers.end) return layers.missing(at + GENEVE_HEADER);
  const isVersion0 = bytes[at]! >> 6 === 0;
  if (!isVersion0 || (bytes[at + 1]! & 0x3f) !== 0 || bytes[at + 7] !== 0) return Parsed.other;
  const type = u16(bytes, at + 2);
  const next = at + GENEVE_HEADER + (bytes[at]! & 0x3f) * 4;
  if (type === EtherType.bridged) return parseEthernet(layers, next);
  return type === EtherType.ipv4 || type === EtherType.ipv6
    ? parseEtherType(layers, type, next)
    : Parsed.other;
}

/** Of the indications that may come before the packet: origin (RFC 4380 5.1.1), and authentication's least. */
const TEREDO_ORIGIN = 8;
const TEREDO_AUTHENTICATION = 13;

/** Teredo (RFC 4380): IPv6 of which one end has a Teredo address, or a link's own while it looks for its server. */
function parseTeredo(layers: Layers, at: number): Parsed {
  const { bytes, end } = layers;
  let next = at;
  if (next + TEREDO_AUTHENTICATION <= end && u16(bytes, next) === 1)
    next += TEREDO_AUTHENTICATION + bytes[next + 2]! + bytes[next + 3]!;
  if (next + TEREDO_ORIGIN <= end && u16(bytes, next) === 0) next += TEREDO_ORIGIN;
  const parsed = parseIp6(layers, next);
  const isIp = parsed === Parsed.ok || parsed === Parsed.fragment;
  return !isIp || isTeredo(bytes, next + 8) || isTeredo(bytes, next + 24) ? parsed : Parsed.other;
}

/** 2001::/32, or fe80::/16. */
function isTeredo(bytes: Uint8Array, at: number): boolean {
  const prefix = u32(bytes, at);
  return prefix === 0x2001_0000 || prefix >>> 16 === 0xfe80;
}

const GTP_HEADER = 8;
/** Version 1, protocol type GTP. */
const GTP_VERSION = 0x30;
const GTP_OPTIONAL = 0x07;
const GTP_EXTENDED = 0x04;
/** The type of messages with a user's packet. */
const GTP_PACKET = 255;
/** Extension headers that are looked through: there are fewer kinds. */
const GTP_EXTENSIONS = 8;

/** GTP-U of mobile networks (3GPP TS 29.281). */
function parseGtp(layers: Layers, at: number): Parsed {
  const { bytes, end } = layers;
  let next = at + GTP_HEADER;
  if (next > end) return layers.missing(next);
  if ((bytes[at]! & 0xf8) !== GTP_VERSION || bytes[at + 1] !== GTP_PACKET) return Parsed.other;
  if (next + u16(bytes, at + 2) !== layers.wireEnd && layers.wireEnd < ANY_LENGTH)
    return Parsed.other;
  if ((bytes[at]! & GTP_OPTIONAL) !== 0) {
    next += 4;
    if (next > end) return layers.missing(next);
    let more = (bytes[at]! & GTP_EXTENDED) === 0 ? 0 : bytes[next - 1]!;
    for (let n = 0; more !== 0; n++) {
      if (next >= end) return layers.missing(next + 1);
      const length = bytes[next]! * 4;
      if (length === 0 || n === GTP_EXTENSIONS) return Parsed.other;
      next += length;
      if (next > end) return layers.missing(next);
      more = bytes[next - 1]!;
    }
  }
  return parseRaw(layers, next);
}

const AYIYA_HEADER = 8;
/** The operation that forwards a packet. */
const AYIYA_FORWARD = 1;

/** AYIYA (draft-massar-v6ops-ayiya): an identity and a signature, of lengths that the header tells. */
function parseAyiya(layers: Layers, at: number): Parsed {
  const { bytes } = layers;
  if (at + AYIYA_HEADER > layers.end) return layers.missing(at + AYIYA_HEADER);
  if ((bytes[at + 2]! & 15) !== AYIYA_FORWARD) return Parsed.other;
  const identity = 1 << (bytes[at]! >> 4);
  const next = at + AYIYA_HEADER + identity + (bytes[at + 1]! >> 4) * 4;
  switch (bytes[at + 3]) {
    case Protocol.ipv4:
      return parseIp4(layers, next);
    case Protocol.ipv6:
      return parseIp6(layers, next);
    default:
      return Parsed.other;
  }
}

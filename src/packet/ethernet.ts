import { parseNetwork } from './ip.ts';
import { EtherType, type Layers, NO_VLAN, Parsed, u16 } from './layers.ts';
import { parseMpls } from './mpls.ts';
import { parsePppoe } from './ppp.ts';

/** Bytes before the first tag. */
export const ETHERNET_HEADER = 14;
export const VLAN_TAG = 4;
/** The lower bits of a tag; those above are priority. */
const VLAN_ID = 0x0fff;

/** Tags, and frames within frames, that are looked through: providers use four. */
const MOST_TAGS = 8;
/** The service tag of IEEE 802.1ah, before the customer's frame. */
const SERVICE_TAG = 4;
/** Smaller numbers are the length of an IEEE 802.3 frame. */
const LEAST_ETHER_TYPE = 0x0600;

/** From an Ethernet header at `at` to the transport header: tags, then IP, or what carries it. */
export function parseEthernet(layers: Layers, at: number): Parsed {
  const next = at + ETHERNET_HEADER;
  if (next > layers.end) return layers.missing(next);
  return parseEtherType(layers, u16(layers.bytes, next - 2), next);
}

/** From the EtherType of what begins at `at`. */
export function parseEtherType(layers: Layers, etherType: number, at: number): Parsed {
  const { bytes, end } = layers;
  let type = etherType;
  let next = at;
  for (let tags = 0; tags < MOST_TAGS; tags++) {
    switch (type) {
      case EtherType.vlan:
      case EtherType.qinq:
      case EtherType.oldQinq:
        if (next + 2 <= end && layers.vlan === NO_VLAN) layers.vlan = u16(bytes, next) & VLAN_ID;
        next += VLAN_TAG;
        break;
      case EtherType.backbone:
        next += SERVICE_TAG + ETHERNET_HEADER;
        break;
      case EtherType.mpls:
      case EtherType.mplsUpstream:
        return parseMpls(layers, next);
      case EtherType.pppoe:
        return parsePppoe(layers, next);
      default:
        return type < LEAST_ETHER_TYPE
          ? parseLlc(layers, next, next + type)
          : parseNetwork(layers, type, next);
    }
    if (next > end) return layers.missing(next);
    type = u16(bytes, next - 2);
  }
  return Parsed.other;
}

const LLC_HEADER = 3;
const SNAP_HEADER = 5;
/** Service access points (IEEE 802.2): of SNAP, and of IP itself (RFC 948). */
const Sap = { snap: 0xaa, ip: 0x06 } as const;

/** IEEE 802.2 with or without SNAP (RFC 1042). @param frameEnd where the frame says that it ends */
export function parseLlc(layers: Layers, at: number, frameEnd: number): Parsed {
  const { bytes, end } = layers;
  const network = at + LLC_HEADER;
  if (network > frameEnd) return Parsed.other;
  if (network > end) return layers.missing(network);
  const sap = bytes[at]!;
  if (bytes[at + 1] !== sap || bytes[at + 2] !== UNNUMBERED) return Parsed.other;
  if (sap === Sap.ip) return parseNetwork(layers, EtherType.ipv4, network);
  if (sap !== Sap.snap) return Parsed.other;
  const next = network + SNAP_HEADER;
  if (next > end) return layers.missing(next);
  const isEtherType = bytes[network] === 0 && bytes[network + 1] === 0 && bytes[network + 2] === 0;
  return isEtherType ? parseNetwork(layers, u16(bytes, next - 2), next) : Parsed.other;
}

/** The control field of information without a number. */
const UNNUMBERED = 0x03;

import { parseNetwork } from './ip.ts';
import { EtherType, type Layers, type Parsed, u16 } from './layers.ts';

/** Bytes before the first tag. */
export const ETHERNET_HEADER = 14;
/** IEEE 802.1ad has two: the provider's and the customer's. */
export const VLAN_TAGS = 2;
export const VLAN_TAG = 4;

/** From an Ethernet header at `at` to the transport header: up to two VLAN tags, then IP. */
export function parseEthernet(layers: Layers, at: number): Parsed {
  const { bytes, end } = layers;
  let next = at + ETHERNET_HEADER;
  if (next > end) return layers.missing(next);
  let type = u16(bytes, next - 2);
  for (let tags = 0; tags < VLAN_TAGS && isTag(type); tags++) {
    next += VLAN_TAG;
    if (next > end) return layers.missing(next);
    type = u16(bytes, next - 2);
  }
  return parseNetwork(layers, type, next);
}

function isTag(type: number): boolean {
  return type === EtherType.vlan || type === EtherType.qinq;
}

import { AF_INET, AF_INET6, type Attributes, NetlinkBody } from './netlink-body.ts';
import { DUMP, MESSAGE, walkMessages, type Walked } from './netlink-messages.ts';

/** Messages of rtnetlink(7), as far as interfaces, addresses and gateways need them. Pure: bytes in, facts out. */

/** An interface as it is now; `gone`: as it was. */
export interface LinkMessage {
  readonly what: 'link';
  readonly gone: boolean;
  readonly index: number;
  readonly name: string;
  /** Further names that it may be asked for by. */
  readonly otherNames: readonly string[];
  /** Set up by the administrator (IFF_UP); it may lack a carrier. */
  readonly up: boolean;
  /** ARPHRD_* (linux/if_arp.h). */
  readonly type: number;
  /** Ids of the programs in its XDP slots; undefined where it can't be known. */
  readonly xdp: readonly number[] | undefined;
}

/** One of our own addresses, 16 bytes, IPv4 as ::ffff:a.b.c.d. */
export interface AddressMessage {
  readonly what: 'address';
  readonly gone: boolean;
  readonly index: number;
  readonly address: Uint8Array;
}

/** The gateways of a route that came, of the main table. */
export interface RouteMessage {
  readonly what: 'route';
  readonly gateways: readonly Uint8Array[];
}

export type NetlinkMessage = LinkMessage | AddressMessage | RouteMessage;

/** What a datagram holds. */
export interface Datagram extends Walked {
  readonly messages: readonly NetlinkMessage[];
}

/** Groups to subscribe to (linux/rtnetlink.h). */
export const Group = {
  LINK: 1,
  IPV4_ADDRESS: 0x10,
  IPV4_ROUTE: 0x40,
  IPV6_ADDRESS: 0x100,
  IPV6_ROUTE: 0x400,
} as const;

/** What a dump is asked for. */
export const Ask = { LINKS: 18, ADDRESSES: 22 } as const;

const NEW_LINK = 16;
const DELETE_LINK = 17;
const NEW_ADDRESS = 20;
const DELETE_ADDRESS = 21;
const NEW_ROUTE = 24;
const IFF_UP = 1;
const AF_UNSPEC = 0;

/** A request for a dump; counters of interfaces are left out of the answer. */
export function dumpRequest(ask: number): Buffer {
  const request = Buffer.alloc(128); // koffi hands out memory of over 64 bytes only
  request.writeUInt32LE(MESSAGE + 24, 0);
  request.writeUInt16LE(ask, 4);
  request.writeUInt16LE(DUMP, 6);
  if (ask !== Ask.LINKS) return request.subarray(0, MESSAGE + 24);
  request.writeUInt16LE(8, MESSAGE + 16);
  request.writeUInt16LE(29, MESSAGE + 18); // IFLA_EXT_MASK
  request.writeUInt32LE(8, MESSAGE + 20); // RTEXT_FILTER_SKIP_STATS
  return request.subarray(0, MESSAGE + 24);
}

/** Reads a datagram. Kinds of messages that nobody asked for are passed over. */
export function readDatagram(bytes: Uint8Array): Datagram {
  const messages: NetlinkMessage[] = [];
  const walked = walkMessages(bytes, (type, from, to) => {
    const message = readMessage(type, new NetlinkBody(bytes.subarray(from, to)));
    if (message !== undefined && message !== 'bad') messages.push(message);
    return message !== 'bad';
  });
  return { messages, ...walked };
}

function readMessage(type: number, body: NetlinkBody): NetlinkMessage | 'bad' | undefined {
  if (type === NEW_LINK || type === DELETE_LINK) return readLink(type === DELETE_LINK, body);
  if (type === NEW_ADDRESS || type === DELETE_ADDRESS)
    return readAddress(type === DELETE_ADDRESS, body);
  return type === NEW_ROUTE ? readRoute(body) : undefined;
}

/** struct ifinfomsg and its attributes. */
function readLink(gone: boolean, body: NetlinkBody): LinkMessage | 'bad' | undefined {
  if (body.length < 16) return 'bad';
  // AF_BRIDGE: it came to a bridge as a port, or left one; the interface itself stays.
  if (body.u8(0) !== AF_UNSPEC) return undefined;
  const attributes = body.attributes(16);
  const index = body.u32(4);
  const name = attributes?.get(3)?.text(); // IFLA_IFNAME
  if (!attributes || index === 0 || name === undefined || name === '') return 'bad';
  const otherNames = [...(attributes.get(52)?.list(0) ?? [])] // IFLA_PROP_LIST
    .filter(([kind]) => kind === 53) // IFLA_ALT_IFNAME
    .map(([, value]) => value.text());
  return {
    what: 'link',
    gone,
    index,
    name,
    otherNames,
    up: (body.u32(8) & IFF_UP) !== 0,
    type: body.u16(2),
    xdp: xdpOf(attributes.get(43)), // IFLA_XDP
  };
}

/** IFLA_XDP_PROG_ID to IFLA_XDP_HW_PROG_ID, which aren't there where no program is. */
function xdpOf(xdp: NetlinkBody | undefined): number[] | undefined {
  return xdp
    ?.list(0)
    ?.filter(([kind, id]) => kind >= 4 && kind <= 7 && id.length >= 4)
    .map(([, id]) => id.u32(0));
}

/** struct ifaddrmsg and its attributes. */
function readAddress(gone: boolean, body: NetlinkBody): AddressMessage | 'bad' | undefined {
  if (body.length < 8) return 'bad';
  const family = body.u8(0);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const attributes = body.attributes(8);
  // With a peer IFA_ADDRESS is the peer's, and IFA_LOCAL ours.
  const value = attributes?.get(2) ?? attributes?.get(1);
  const address = value?.address(family);
  return address ? { what: 'address', gone, index: body.u32(4), address } : 'bad';
}

const MAIN_TABLE = 254;

/** struct rtmsg and its attributes. */
function readRoute(body: NetlinkBody): RouteMessage | 'bad' | undefined {
  if (body.length < 12) return 'bad';
  const attributes = body.attributes(12);
  if (!attributes) return 'bad';
  const table = attributes.get(15); // RTA_TABLE
  if ((table && table.length >= 4 ? table.u32(0) : body.u8(4)) !== MAIN_TABLE) return undefined;
  const gateways: Uint8Array[] = [];
  const add = (of: Attributes): void => {
    const gateway = of.get(5)?.address(body.u8(0)); // RTA_GATEWAY
    if (gateway) gateways.push(gateway);
    const via = of.get(18); // RTA_VIA: of another family than the route's
    const other = via && via.length > 2 ? via.from(2).address(via.u16(0)) : undefined;
    if (other) gateways.push(other);
  };
  add(attributes);
  const paths = attributes.get(9); // RTA_MULTIPATH: struct rtnexthop, each with attributes
  for (let at = 0; paths && at + 8 <= paths.length; ) {
    const length = paths.u16(at);
    const of = length >= 8 && at + length <= paths.length && paths.part(at + 8, at + length);
    const nested = of && of.attributes(0);
    if (!nested) return 'bad';
    add(nested);
    at += (length + 3) & ~3;
  }
  return gateways.length > 0 ? { what: 'route', gateways } : undefined;
}

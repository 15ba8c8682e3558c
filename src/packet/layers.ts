import { Tunnel } from '../wire/layout.gen.ts';
export { u16, u32 } from '../wire/network-order.ts';

/** Numbers of protocols after a link header (IEEE 802 numbers at IANA). */
export const EtherType = {
  ipv4: 0x0800,
  arp: 0x0806,
  /** Transparent Ethernet bridging: in tunnels, an Ethernet frame. */
  bridged: 0x6558,
  vlan: 0x8100,
  ipv6: 0x86dd,
  mpls: 0x8847,
  /** RFC 5332. */
  mplsUpstream: 0x8848,
  /** Session stage. */
  pppoe: 0x8864,
  qinq: 0x88a8,
  /** IEEE 802.1ah. */
  backbone: 0x88e7,
  /** Of switches from before 802.1ad. */
  oldQinq: 0x9100,
} as const;

/** What a decoder found. */
export const Parsed = {
  /** Not what it looks for: not IP, not TCP. */
  other: 0,
  /** Shorter than its own headers say, or they contradict each other. */
  malformed: 1,
  /** As far as it was captured it is right, but the capture ends before it can be told. */
  cut: 2,
  ok: 3,
  /** Part of a datagram without its transport header. */
  fragment: 4,
} as const;

export type Parsed = (typeof Parsed)[keyof typeof Parsed];

/** Of a packet without a VLAN tag; the number 0 is that of a tag that has only a priority. */
export const NO_VLAN = -1;

/**
 * One packet as it lies in memory, and where its layers begin. Decoders fill it in place; one object serves all
 * packets, so that none is made per packet. Positions are byte offsets in `bytes`.
 */
export class Layers {
  bytes: Uint8Array = NOTHING;
  /** Where the captured bytes end. */
  end = 0;
  /** Where the packet ended on the wire; not before `end`. */
  wireEnd = 0;
  /** Of the outermost VLAN tag; NO_VLAN: there is none. */
  vlan: number = NO_VLAN;
  /** The number of what the link carries, IP or not (EtherType). */
  etherType = 0;
  /** Tunnels that the packet was in: `ip` and what follows are of the packet inside. */
  tunnels = 0;
  /** The innermost one, of Tunnel. */
  tunnel: number = Tunnel.NONE;
  /** The IP header. */
  ip = 0;
  /** 4 or 6. */
  family = 0;
  /** Time to live, or hop limit. */
  ttl = 0;
  /** Bytes of the IP packet on the wire, its header included; of a length that the header doesn't know, what was there. */
  ipLength = 0;
  /** Protocol number of the transport header. */
  protocol = 0;
  /** The transport header. */
  transport = 0;
  /** Bytes from it on, as the IP header says; it may not know. */
  transportLength = 0;
  /** Part of a fragmented datagram, or its header put together. */
  fragmented = false;
  /** Of such a part: where in the datagram its bytes belong, and whether others follow. */
  fragmentOffset = 0;
  moreFragments = false;
  /** The IPv6 fragment header. */
  fragmentHeader = 0;

  /** Takes up the next packet: `captured` bytes at `from`, of `length` on the wire. */
  begin(bytes: Uint8Array, from: number, captured: number, length: number): void {
    this.bytes = bytes;
    this.end = from + captured;
    this.wireEnd = from + Math.max(captured, length);
    this.vlan = NO_VLAN;
    this.etherType = 0;
    this.tunnels = 0;
    this.tunnel = Tunnel.NONE;
  }

  /** What follows lies before `end`, where something around it ends. */
  narrow(end: number): void {
    this.wireEnd = Math.min(this.wireEnd, end);
    this.end = Math.min(this.end, end);
  }

  /** Becomes what another one is. */
  copy(other: Layers): void {
    this.bytes = other.bytes;
    this.end = other.end;
    this.wireEnd = other.wireEnd;
    this.vlan = other.vlan;
    this.etherType = other.etherType;
    this.tunnels = other.tunnels;
    this.tunnel = other.tunnel;
    this.ip = other.ip;
    this.family = other.family;
    this.ttl = other.ttl;
    this.ipLength = other.ipLength;
    this.protocol = other.protocol;
    this.transport = other.transport;
    this.transportLength = other.transportLength;
    this.fragmented = other.fragmented;
    this.fragmentOffset = other.fragmentOffset;
    this.moreFragments = other.moreFragments;
    this.fragmentHeader = other.fragmentHeader;
  }

  /** What it means that bytes before `end` are wanted and aren't all there. */
  missing(end: number): Parsed {
    return end > this.wireEnd ? Parsed.malformed : Parsed.cut;
  }
}

const NOTHING = new Uint8Array(0);

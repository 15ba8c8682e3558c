import type { CapturedPacket } from './captured-packet.ts';
import { ipSum, Sum, transportSum } from './checksum.ts';
import { Fragments } from './fragments.ts';
import { Protocol } from './ip.ts';
import { EtherType, Layers, Parsed } from './layers.ts';
import { linkParser } from './link.ts';
import { isDull } from './screen.ts';
import { TCP_HEADER } from './tcp.ts';
import { Tunnels } from './tunnel.ts';

/** Link types that are kept count of: a file may name 65,536 of them. */
const MOST_LINK_TYPES = 64;
/** Stands for all link types beyond the first ones. */
export const OTHERS = -1;

/** Is told of datagrams that carry packets. */
export interface CarrierTaker {
  /** @param layers of the datagram @param tunnel of Tunnel: what is inside of it comes next */
  carrier(layers: Layers, tunnel: number): void;
}

/**
 * Captured packets from their first byte to the transport header of what they carry, through tunnels, with headers that
 * fragments are put together to. What isn't told of is counted.
 */
export class Decoder {
  /** Of the packet at hand. */
  readonly layers: Layers = new Layers();
  /** What became of it: of a packet that is `ok` or a `fragment`, `layers` has the addresses. */
  parsed: Parsed = Parsed.other;
  /** Whether it is left out, since a checksum is wrong. */
  leftOut = false;
  /** Is the packet at hand a first fragment that has the ports of TCP, but not the flags (RFC 1858)? */
  headless = false;
  packets = 0;
  /** Packets whose headers contradict each other or the packet's length. */
  malformed = 0;
  /** Packets whose headers go beyond what was captured of them. */
  cut = 0;
  /** Packets with a wrong checksum of IP or of what it carries, and those whose checksums the card was to make. */
  corrupt = 0;
  offloaded = 0;
  /** Packets that carry something else than IP, and how many of them are ARP. */
  notIp = 0;
  arp = 0;
  /** Packets in tunnels. */
  tunnelled = 0;
  /** Packets of link types that aren't decoded, by type. */
  readonly unknown: Map<number, number> = new Map();
  readonly fragments: Fragments = new Fragments();
  readonly tunnels: Tunnels = new Tunnels();
  readonly #verify: boolean;
  readonly #carriers: CarrierTaker | undefined;
  #linkType = -1;
  #parse: ReturnType<typeof linkParser>;

  /** @param verify whether packets with a wrong checksum are left out @param carriers is told before `take` returns */
  constructor(verify: boolean, carriers?: CarrierTaker) {
    this.#verify = verify;
    this.#carriers = carriers;
  }

  /** Is a packet right, and no attempt, at a glance? Then it is counted, and needn't be taken. */
  passes(bytes: Uint8Array, packet: CapturedPacket): boolean {
    if (this.#verify || !isDull(bytes, packet)) return false;
    this.packets++;
    return true;
  }

  /**
   * Takes a packet that lies in `bytes`; true: `layers` tells of it. Then `protocol` has a header, though not
   * necessarily a right one.
   */
  take(bytes: Uint8Array, packet: CapturedPacket): boolean {
    this.packets++;
    this.parsed = Parsed.other;
    this.leftOut = false;
    this.headless = false;
    if (packet.linkType !== this.#linkType) {
      this.#linkType = packet.linkType;
      this.#parse = linkParser(packet.linkType);
    }
    if (!this.#parse) {
      this.#countUnknown();
      return false;
    }
    const { layers } = this;
    layers.begin(bytes, packet.at, packet.captured, packet.length);
    let parsed = this.#parse(layers, packet.at);
    if (parsed === Parsed.other) return this.#countOther();
    for (;;) {
      if (this.#verify && !this.#hasRightIp(parsed)) return false;
      if (layers.fragmented && (parsed === Parsed.ok || parsed === Parsed.fragment)) {
        this.headless = isHeadless(layers);
        parsed = this.fragments.take(layers, packet.seconds);
      }
      if (parsed !== Parsed.ok || layers.protocol === Protocol.tcp) break;
      const inner = this.tunnels.enter(layers);
      if (inner === Parsed.other) break;
      if (this.tunnels.outer.protocol === Protocol.udp && !this.#takeCarrier()) return false;
      parsed = inner;
    }
    this.parsed = parsed;
    if (layers.tunnels > 0) this.tunnelled++;
    if (parsed === Parsed.ok) return !this.#verify || this.#isRight(transportSum(layers));
    this.fault(parsed);
    return false;
  }

  /** Counts what is wrong with the packet at hand, if anything is. */
  fault(parsed: Parsed): void {
    if (parsed === Parsed.malformed) this.malformed++;
    else if (parsed === Parsed.cut) this.cut++;
  }

  /** Takes the datagram that carries the packet at hand; false: it is wrong, and what it carries isn't believed. */
  #takeCarrier(): boolean {
    const { layers } = this;
    const { outer } = this.tunnels;
    if (this.#verify && transportSum(outer) === Sum.wrong) {
      layers.copy(outer);
      this.parsed = Parsed.ok;
      return this.#isRight(Sum.wrong);
    }
    this.#carriers?.carrier(outer, layers.tunnel);
    return true;
  }

  #hasRightIp(parsed: Parsed): boolean {
    const isIp = parsed === Parsed.ok || parsed === Parsed.fragment;
    return !isIp || this.#isRight(ipSum(this.layers));
  }

  #isRight(sum: Sum): boolean {
    if (sum === Sum.offloaded) this.offloaded++;
    if (sum !== Sum.wrong) return true;
    this.corrupt++;
    this.leftOut = true;
    return false;
  }

  #countOther(): boolean {
    const { etherType } = this.layers;
    this.notIp++;
    if (etherType === EtherType.arp) this.arp++;
    return false;
  }

  #countUnknown(): void {
    const known = this.unknown.get(this.#linkType);
    const key =
      known === undefined && this.unknown.size >= MOST_LINK_TYPES ? OTHERS : this.#linkType;
    this.unknown.set(key, (this.unknown.get(key) ?? 0) + 1);
  }
}

function isHeadless({
  protocol,
  fragmentOffset,
  transport,
  transportLength,
  end,
}: Layers): boolean {
  if (protocol !== Protocol.tcp || fragmentOffset !== 0 || transport + PORTS > end) return false;
  return transportLength >= PORTS && transportLength < TCP_HEADER;
}

/** RFC 1858 3: the least that a fragment holds, which has the ports. */
const PORTS = 8;

import { addressOf, clockTime, closeFd, type Mapping, mapShared } from './libc.ts';
import {
  bindSocket,
  getOption,
  openSocket,
  setOption,
  type SocketOption,
  SocketType,
  SOL_SOCKET,
} from './libc-sockets.ts';
import { TIME_NAMESPACE } from './monotonic.ts';

/** packet(7), linux/if_packet.h. */
const AF_PACKET = 17;
const SOL_PACKET = 263;
const ATTACH_FILTER: SocketOption = { level: SOL_SOCKET, number: 26, name: 'SO_ATTACH_FILTER' };
const RX_RING: SocketOption = { level: SOL_PACKET, number: 5, name: 'PACKET_RX_RING' };
const STATISTICS: SocketOption = { level: SOL_PACKET, number: 6, name: 'PACKET_STATISTICS' };
const VERSION: SocketOption = { level: SOL_PACKET, number: 10, name: 'PACKET_VERSION' };
const TPACKET_V3 = 2;
const ETH_P_ALL = 0x0300; // in network order

/** Memory of a ring; the kernel closes a block when it is full, or `retireMs` after its first packet. */
export interface RingGeometry {
  /** A power of two, at least a page. */
  readonly blockBytes: number;
  readonly blocks: number;
  readonly retireMs: number;
}

/** How many packets passed the filter, and how many of these found no place in the ring. */
export interface PacketCounts {
  readonly packets: number;
  readonly drops: number;
}

/** A packet socket that sees all interfaces of its network namespace through a classic BPF filter, with a ring. */
export class PacketSocket {
  readonly ring: Mapping;
  readonly #fd: number;
  #packets = 0;
  #drops = 0;

  /**
   * The filter is there before the first packet: the socket is bound last.
   * @param filter struct sock_filter, 8 bytes an instruction
   */
  constructor(filter: Uint8Array, geometry: RingGeometry) {
    const fd = openSocket(AF_PACKET, SocketType.RAW, 'AF_PACKET'); // no protocol: nothing comes yet
    this.#fd = fd;
    let ring: Mapping | undefined;
    try {
      this.setFilter(filter);
      ring = this.#map(geometry);
      this.#bind();
    } catch (error) {
      ring?.unmap();
      closeFd(fd);
      throw error;
    }
    this.ring = ring;
  }

  /** Puts another filter in place of the one there; no packet passes between them. */
  setFilter(filter: Uint8Array): void {
    const program = Buffer.alloc(128); // struct sock_fprog
    program.writeUInt16LE(filter.length / 8, 0);
    program.writeBigUInt64LE(addressOf(filter), 8);
    setOption(this.#fd, ATTACH_FILTER, program, 16);
  }

  /** Since the socket was opened. */
  counts(): PacketCounts {
    // struct tpacket_stats_v3; reading it sets it to zero
    const value = getOption(this.#fd, STATISTICS, 12);
    this.#packets += value.readUInt32LE(0);
    this.#drops += value.readUInt32LE(4);
    return { packets: this.#packets, drops: this.#drops };
  }

  stop(): void {
    this.ring.unmap();
    closeFd(this.#fd);
  }

  #map({ blockBytes, blocks, retireMs }: RingGeometry): Mapping {
    const version = Buffer.alloc(128);
    version.writeUInt32LE(TPACKET_V3, 0);
    setOption(this.#fd, VERSION, version, 4);
    const request = Buffer.alloc(128); // struct tpacket_req3
    const frame = FRAME_BYTES;
    [blockBytes, blocks, frame, (blockBytes / frame) * blocks, retireMs].forEach((value, i) =>
      request.writeUInt32LE(value, i * 4),
    );
    setOption(this.#fd, RX_RING, request, 28);
    return mapShared(this.#fd, blockBytes * blocks, 0, true);
  }

  #bind(): void {
    const address = Buffer.alloc(128); // struct sockaddr_ll; interface 0: all
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16LE(ETH_P_ALL, 2);
    bindSocket(this.#fd, address, 20, 'AF_PACKET');
  }
}

/** With version 3 it only has to divide a block and to hold the headers of a packet. */
const FRAME_BYTES = 2048;

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;

/** What must be added to CLOCK_REALTIME, which packets are stamped with, to get monotonicNs(); and the latter, now. */
export interface ClockOffset {
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly nowNs: number;
}

export function clockOffset(): ClockOffset {
  const [realS, realNs] = clockTime(CLOCK_REALTIME);
  const [ourS, ourNs] = clockTime(CLOCK_MONOTONIC);
  const seconds = ourS - TIME_NAMESPACE.seconds;
  const nanoseconds = ourNs - TIME_NAMESPACE.nanoseconds;
  return {
    seconds: seconds - realS,
    nanoseconds: nanoseconds - realNs,
    nowNs: seconds * 1e9 + nanoseconds,
  };
}

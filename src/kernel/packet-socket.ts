import koffi from 'koffi';
import { closeFd, failed, type Mapping, mapShared } from './libc.ts';
import { TIME_NAMESPACE } from './monotonic.ts';

/** What AF_PACKET sockets need of the C library; packet(7), linux/if_packet.h. */
const libc = koffi.load('libc.so.6');
const cSocket = libc.func('int socket(int domain, int type, int protocol)');
const cSetsockopt = libc.func(
  'int setsockopt(int fd, int level, int name, const void *value, unsigned int length)',
);
const cGetsockopt = libc.func(
  'int getsockopt(int fd, int level, int name, void *value, void *length)',
);
const cBind = libc.func('int bind(int fd, const void *address, unsigned int length)');
const cClockGettime = libc.func('int clock_gettime(int clock, void *time)');

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SOL_PACKET = 263;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
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

/** Whether this process may open packet sockets here: CAP_NET_RAW in the user namespace of its network namespace. */
export function mayCapture(): boolean {
  const fd = cSocket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) as number;
  if (fd < 0) return false;
  closeFd(fd);
  return true;
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
    const fd = cSocket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) as number; // protocol 0: nothing comes yet
    if (fd < 0) throw failed('socket AF_PACKET');
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
    program.writeBigUInt64LE(koffi.address(filter), 8);
    this.#set(SOL_SOCKET, SO_ATTACH_FILTER, program, 16);
  }

  /** Since the socket was opened. */
  counts(): PacketCounts {
    const value = Buffer.alloc(128); // struct tpacket_stats_v3; reading it sets it to zero
    value.writeUInt32LE(12, 64);
    if (cGetsockopt(this.#fd, SOL_PACKET, PACKET_STATISTICS, value, value.subarray(64)) === 0) {
      this.#packets += value.readUInt32LE(0);
      this.#drops += value.readUInt32LE(4);
    }
    return { packets: this.#packets, drops: this.#drops };
  }

  stop(): void {
    this.ring.unmap();
    closeFd(this.#fd);
  }

  #map({ blockBytes, blocks, retireMs }: RingGeometry): Mapping {
    const version = Buffer.alloc(128);
    version.writeUInt32LE(TPACKET_V3, 0);
    this.#set(SOL_PACKET, PACKET_VERSION, version, 4);
    const request = Buffer.alloc(128); // struct tpacket_req3
    const frame = FRAME_BYTES;
    [blockBytes, blocks, frame, (blockBytes / frame) * blocks, retireMs].forEach((value, i) =>
      request.writeUInt32LE(value, i * 4),
    );
    this.#set(SOL_PACKET, PACKET_RX_RING, request, 28);
    return mapShared(this.#fd, blockBytes * blocks, 0, true);
  }

  #bind(): void {
    const address = Buffer.alloc(128); // struct sockaddr_ll; interface 0: all
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16LE(ETH_P_ALL, 2);
    if (cBind(this.#fd, address, 20) !== 0) throw failed('bind AF_PACKET');
  }

  #set(level: number, name: number, value: Uint8Array, length: number): void {
    if (cSetsockopt(this.#fd, level, name, value, length) !== 0) throw failed(`setsockopt ${name}`);
  }
}

/** With version 3 it only has to divide a block and to hold the headers of a packet. */
const FRAME_BYTES = 2048;

const NOW = Buffer.alloc(128);

/** A clock's time, as seconds and nanoseconds: as one number it would not be exact. */
function clockOf(clock: number): [number, number] {
  cClockGettime(clock, NOW);
  return [Number(NOW.readBigInt64LE(0)), NOW.readInt32LE(8)];
}

/** What must be added to CLOCK_REALTIME, which packets are stamped with, to get monotonicNs(); and the latter, now. */
export interface ClockOffset {
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly nowNs: number;
}

export function clockOffset(): ClockOffset {
  const [realS, realNs] = clockOf(0);
  const [ourS, ourNs] = clockOf(1);
  const seconds = ourS - TIME_NAMESPACE.seconds;
  const nanoseconds = ourNs - TIME_NAMESPACE.nanoseconds;
  return {
    seconds: seconds - realS,
    nanoseconds: nanoseconds - realNs,
    nowNs: seconds * 1e9 + nanoseconds,
  };
}

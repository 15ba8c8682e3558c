import type { RingGeometry } from './packet-socket.ts';

/** A packet in the ring: where its frame begins, and what struct tpacket3_hdr and struct sockaddr_ll say of it. */
export interface RingPacket {
  /** First byte of the link header, or of the IP header where the link has none. */
  frame: number;
  /** First byte of the network header. */
  network: number;
  /** From `frame` on: bytes in the ring, and on the wire. */
  captured: number;
  length: number;
  /** CLOCK_REALTIME. */
  seconds: number;
  nanoseconds: number;
  ifindex: number;
  /** ARPHRD_*, linux/if_arp.h. */
  hardware: number;
  /** EtherType. */
  protocol: number;
}

/**
 * The ring of a packet socket of TPACKET_V3 (Documentation/networking/packet_mmap.rst) as typed arrays: the kernel
 * hands over one block after the other, and gets each back when it has been read.
 */
export class PacketRing {
  readonly bytes: Uint8Array;
  /** Of `next`. */
  readonly packet: RingPacket = {
    frame: 0,
    network: 0,
    captured: 0,
    length: 0,
    seconds: 0,
    nanoseconds: 0,
    ifindex: 0,
    hardware: 0,
    protocol: 0,
  };
  /** Packets read so far. */
  packets = 0;
  /** The largest number of blocks that ever waited at once. */
  highWater = 0;
  readonly #words: Uint32Array;
  readonly #status: Int32Array;
  readonly #geometry: RingGeometry;
  #block = 0;
  #left = 0;
  #at = 0;

  constructor(memory: ArrayBuffer, geometry: RingGeometry) {
    this.bytes = new Uint8Array(memory);
    this.#words = new Uint32Array(memory);
    this.#status = new Int32Array(memory);
    this.#geometry = geometry;
  }

  /** Begins to read the next block; false when there is none. */
  open(): boolean {
    const base = this.#block * this.#geometry.blockBytes;
    if ((Atomics.load(this.#status, (base + BLOCK_STATUS) >> 2) & USER) === 0) return false;
    this.#left = this.#words[(base + BLOCK_PACKETS) >> 2]!;
    this.#at = base + this.#words[(base + BLOCK_FIRST) >> 2]!;
    return true;
  }

  /** Reads the next packet of the open block into `packet`; false at its end. */
  next(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    const words = this.#words;
    const at = this.#at;
    const w = at >> 2;
    const packet = this.packet;
    packet.seconds = words[w + 1]!;
    packet.nanoseconds = words[w + 2]!;
    const offsets = words[w + 6]!;
    const mac = offsets & 0xffff;
    packet.frame = at + mac;
    packet.network = at + (offsets >>> 16);
    packet.captured = words[w + 3]!;
    packet.length = words[w + 4]!;
    const link = (at + LINK) >> 2;
    const protocol = words[link]! >>> 16;
    packet.protocol = ((protocol & 0xff) << 8) | (protocol >>> 8);
    packet.ifindex = words[link + 1]!;
    packet.hardware = words[link + 2]! & 0xffff;
    this.#at = at + words[w]!;
    this.packets++;
    return true;
  }

  /** Gives the open block back to the kernel. */
  close(): void {
    const { blockBytes, blocks } = this.#geometry;
    Atomics.store(this.#status, (this.#block * blockBytes + BLOCK_STATUS) >> 2, 0);
    this.#block = (this.#block + 1) % blocks;
  }

  /** Blocks that wait to be read. */
  waiting(): number {
    const { blockBytes, blocks } = this.#geometry;
    let count = 0;
    while (count < blocks) {
      const base = ((this.#block + count) % blocks) * blockBytes;
      if ((Atomics.load(this.#status, (base + BLOCK_STATUS) >> 2) & USER) === 0) break;
      count++;
    }
    if (count > this.highWater) this.highWater = count;
    return count;
  }
}

/** TP_STATUS_USER */
const USER = 1;
/** In struct tpacket_block_desc. */
const BLOCK_STATUS = 8;
const BLOCK_PACKETS = 12;
const BLOCK_FIRST = 16;
/** struct sockaddr_ll, behind struct tpacket3_hdr. */
const LINK = 48;

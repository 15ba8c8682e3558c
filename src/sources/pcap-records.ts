import type { RingPacket } from '../kernel/packet-ring.ts';
import { parseEthernet } from '../packet/ethernet.ts';
import { parseUnreachable } from '../packet/icmp.ts';
import { parseNetwork, Protocol } from '../packet/ip.ts';
import { Layers, Parsed } from '../packet/layers.ts';
import { Segment, SegmentKind } from '../packet/tcp.ts';
import { stampId } from '../wire/id.ts';
import { Direction, Flag, Head, Kind } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { AnswerNotes } from './answer-notes.ts';
import type { OwnAddresses } from './own-addresses.ts';
import { Hardware } from './pcap-filter.ts';
import { PcapLife } from './pcap-life.ts';

export interface PcapRecordsOptions {
  readonly writer: RecordWriter;
  readonly own: OwnAddresses;
  /** Cookie of the network namespace. */
  readonly netns: bigint;
  /** 32 random bits. */
  readonly seed: number;
  /** Connections followed at once, a power of two. */
  readonly maxConnections: number;
}

/**
 * What packets mean: a SYN is an ATTEMPT, an RST or ICMP unreachable that answers it a REFUSED record; what becomes of
 * a handshake that was answered is PcapLife's to tell. Nothing is kept of attempts on this host, so that no flood of
 * SYNs fills anything.
 */
export class PcapRecords {
  readonly life: PcapLife;
  readonly notes: AnswerNotes = new AnswerNotes();
  /** Packets whose headers contradict each other or the packet's length. */
  malformed = 0;
  /** Packets whose headers go beyond what is captured of a packet. */
  cut = 0;
  readonly #writer: RecordWriter;
  readonly #own: OwnAddresses;
  readonly #layers: Layers = new Layers();
  readonly #segment: Segment = new Segment();
  /** A record's head, of the packet at hand. */
  readonly #head: Uint32Array = new Uint32Array(Head.size / 4);
  readonly #headBytes: Uint8Array = new Uint8Array(this.#head.buffer);

  constructor(options: PcapRecordsOptions) {
    const { writer, own, netns, seed, maxConnections } = options;
    this.#writer = writer;
    this.#own = own;
    this.life = new PcapLife({ writer, notes: this.notes, seed, maxConnections });
    this.#head[Head.count >> 2] = 1;
    this.#head[Head.netns >> 2] = Number(netns & 0xffff_ffffn);
    this.#head[(Head.netns >> 2) + 1] = Number(netns >> 32n);
  }

  /** Takes a packet, which lies in `bytes`. @param tsNs CLOCK_MONOTONIC */
  take(bytes: Uint8Array, packet: RingPacket, tsNs: number): void {
    const layers = this.#layers;
    const { frame, captured, length, hardware } = packet;
    layers.begin(bytes, frame, captured, length);
    let parsed: Parsed =
      hardware === Hardware.ethernet || hardware === Hardware.loopback
        ? parseEthernet(layers, frame)
        : parseNetwork(layers, packet.protocol, packet.network);
    const isTcp = layers.protocol === Protocol.tcp;
    if (parsed === Parsed.ok) parsed = isTcp ? this.#segment.read(layers) : this.#readQuoted();
    if (parsed === Parsed.ok) {
      this.#head[0] = tsNs; // its lower 32 bits
      this.#head[1] = Math.floor(tsNs / 0x1_0000_0000);
      this.#head[Head.ifindex >> 2] = packet.ifindex;
      if (isTcp) this.#tcp(tsNs);
      else this.#refused(Flag.ICMP, false, this.#segment.seq);
    } else if (parsed === Parsed.malformed) this.malformed++;
    else if (parsed === Parsed.cut) this.cut++;
  }

  /** The SYN that an ICMP unreachable quotes. */
  #readQuoted(): Parsed {
    const layers = this.#layers;
    const parsed = parseUnreachable(layers);
    if (parsed !== Parsed.ok) return parsed;
    if (layers.protocol !== Protocol.tcp) return Parsed.other;
    const read = this.#segment.readQuoted(layers);
    return read === Parsed.ok && this.#segment.kind !== SegmentKind.attempt ? Parsed.other : read;
  }

  #tcp(tsNs: number): void {
    const segment = this.#segment;
    switch (segment.kind) {
      case SegmentKind.attempt:
        this.#fill(false, segment.seq);
        this.#append(Kind.ATTEMPT, 0);
        this.life.asked(this.#head, tsNs);
        return;
      case SegmentKind.answer:
        this.#fill(true, segment.ack - 1);
        this.life.answered(this.#head, segment, tsNs);
        return;
      case SegmentKind.fin:
        this.#ends(false);
        this.life.fin(this.#head, segment, tsNs);
        return;
      case SegmentKind.resetAck:
        // RFC 9293 3.10.7.1: sequence number zero answers a segment without ACK
        if (segment.seq === 0) this.#refused(0, true, segment.ack - 1);
        else this.#reset(tsNs);
        return;
      case SegmentKind.reset:
        this.#reset(tsNs);
    }
  }

  #reset(tsNs: number): void {
    this.#ends(false);
    this.life.reset(this.#head, this.#segment, tsNs);
  }

  /** @param flags Flag.ICMP or 0 */
  #refused(flags: number, swapped: boolean, isn: number): void {
    this.#fill(swapped, isn);
    this.#append(Kind.REFUSED, flags);
    this.life.refused(this.#head);
  }

  #append(kind: number, flags: number): void {
    const writer = this.#writer;
    const at = writer.append(kind, Head.size);
    this.#headBytes[Head.kind] = kind;
    this.#headBytes[Head.flags] = flags;
    for (let i = 0; i < Head.size / 4; i++) writer.words[(at >> 2) + i] = this.#head[i]!;
  }

  /**
   * Fills the head with both ends, the direction and the id.
   * @param swapped the packet comes from the responder
   * @param isn initial sequence number of the originator
   */
  #fill(swapped: boolean, isn: number): void {
    this.#ends(swapped);
    this.#head[Head.isn >> 2] = isn;
    this.#headBytes[Head.direction] = this.#direction();
    stampId(this.#head, this.#headBytes, 0);
  }

  /** Fills the head with both ends, which is all that finds a connection. */
  #ends(swapped: boolean): void {
    const { bytes, ip, family } = this.#layers;
    const { srcPort, dstPort } = this.#segment;
    const head = this.#head;
    const src = swapped ? DST : SRC;
    const dst = swapped ? SRC : DST;
    if (family === 4) {
      fillV4(head, src, bytes, ip + 12);
      fillV4(head, dst, bytes, ip + 16);
    } else {
      for (let i = 0; i < 4; i++) {
        head[src + i] = word(bytes, ip + 8 + 4 * i);
        head[dst + i] = word(bytes, ip + 24 + 4 * i);
      }
    }
    head[Head.src_port >> 2] = swapped ? dstPort | (srcPort << 16) : srcPort | (dstPort << 16);
    this.#headBytes[Head.family] = family;
  }

  #direction(): number {
    const { family } = this.#layers;
    const from = this.#own.has(this.#head, SRC, family);
    const to = this.#own.has(this.#head, DST, family);
    if (from) return to ? Direction.LOCAL : Direction.OUTBOUND;
    return to ? Direction.INBOUND : Direction.FORWARDED;
  }
}

const SRC = Head.src >> 2;
const DST = Head.dst >> 2;

/** Four bytes as they lie, as a little-endian word. */
function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function fillV4(head: Uint32Array, w: number, bytes: Uint8Array, at: number): void {
  head[w] = 0;
  head[w + 1] = 0;
  head[w + 2] = 0xffff_0000;
  head[w + 3] = word(bytes, at);
}

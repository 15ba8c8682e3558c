import type { RingPacket } from '../kernel/packet-ring.ts';
import { hasEthernet } from '../kernel/hardware.ts';
import { parseEthernet } from '../packet/ethernet.ts';
import { parseUnreachable } from '../packet/icmp.ts';
import { parseNetwork, Protocol } from '../packet/ip.ts';
import { Layers, Parsed } from '../packet/layers.ts';
import { Segment, SegmentKind } from '../packet/tcp.ts';
import { Direction, Flag, Head, Kind } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { AnswerNotes } from '../flow/answer-notes.ts';
import type { OwnAddresses } from './own-addresses.ts';
import { DST, PacketHead, SRC } from '../packet/packet-head.ts';
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
  /** Of the packet at hand. */
  readonly #record: PacketHead = new PacketHead();
  readonly #head: Uint32Array = this.#record.words;

  constructor(options: PcapRecordsOptions) {
    const { writer, own, netns, seed, maxConnections } = options;
    this.#writer = writer;
    this.#own = own;
    this.life = new PcapLife({ writer, notes: this.notes, seed, maxConnections });
    this.#head[Head.netns >> 2] = Number(netns & 0xffff_ffffn);
    this.#head[(Head.netns >> 2) + 1] = Number(netns >> 32n);
  }

  /** Takes a packet, which lies in `bytes`. @param tsNs CLOCK_MONOTONIC */
  take(bytes: Uint8Array, packet: RingPacket, tsNs: number): void {
    const layers = this.#layers;
    const { frame, captured, length, hardware } = packet;
    layers.begin(bytes, frame, captured, length);
    let parsed: Parsed = hasEthernet(hardware)
      ? parseEthernet(layers, frame)
      : parseNetwork(layers, packet.protocol, packet.network);
    const isTcp = layers.protocol === Protocol.tcp;
    if (parsed === Parsed.ok) parsed = isTcp ? this.#segment.read(layers) : this.#readQuoted();
    if (parsed === Parsed.ok) {
      this.#record.time(tsNs);
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
    this.#record.append(this.#writer, kind, flags);
  }

  /**
   * Fills the head with both ends, the direction and the id.
   * @param swapped the packet comes from the responder
   * @param isn initial sequence number of the originator
   */
  #fill(swapped: boolean, isn: number): void {
    this.#ends(swapped);
    this.#record.identify(isn);
    this.#record.bytes[Head.direction] = this.#direction();
  }

  /** Fills the head with both ends, which is all that finds a connection. */
  #ends(swapped: boolean): void {
    this.#record.ends(this.#layers, this.#segment, swapped);
  }

  #direction(): number {
    const { family } = this.#layers;
    const from = this.#own.has(this.#head, SRC, family);
    const to = this.#own.has(this.#head, DST, family);
    if (from) return to ? Direction.LOCAL : Direction.OUTBOUND;
    return to ? Direction.INBOUND : Direction.FORWARDED;
  }
}

import type { CapturedPacket } from '../packet/captured-packet.ts';
import { type CarrierTaker, Decoder } from '../packet/decoder.ts';
import { IcmpMessage } from '../packet/icmp.ts';
import { Protocol } from '../packet/ip.ts';
import { type Layers, Parsed } from '../packet/layers.ts';
import { Segment, SegmentKind } from '../packet/tcp.ts';
import { Datagram } from '../packet/udp.ts';
import type { PacketRules } from '../detect/packet-rules.ts';
import type { Tracker } from '../track/tracker.ts';
import { isIcmp } from '../wire/ip-proto.ts';
import { Direction, Head, Kind } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { PacketHead } from '../packet/packet-head.ts';

/** What the packets of capture files mean: a SYN is an ATTEMPT, as for PcapRecords. Which way it went nobody knows. */
export class CaptureRecords implements CarrierTaker {
  attempts = 0;
  readonly decoder: Decoder;
  readonly #writer: RecordWriter;
  readonly #tracker: Tracker | undefined;
  readonly #rules: PacketRules | undefined;
  readonly #segment: Segment = new Segment();
  readonly #datagram: Datagram = new Datagram();
  readonly #message: IcmpMessage = new IcmpMessage();
  readonly #head: PacketHead = new PacketHead();
  /** Of the packet at hand. */
  #tsNs = 0;

  /**
   * @param verify whether packets with a wrong checksum are left out
   * @param tracker follows connections to their ends, and writes to the same writer
   * @param rules judge packets, and write to the same writer
   */
  constructor(writer: RecordWriter, verify: boolean, tracker?: Tracker, rules?: PacketRules) {
    this.#writer = writer;
    this.decoder = new Decoder(verify, tracker && this);
    this.#tracker = tracker;
    this.#rules = rules;
    this.#head.bytes[Head.direction] = Direction.UNKNOWN;
  }

  /** Takes a packet that lies in `bytes`; true: the writer has got records. */
  take(bytes: Uint8Array, packet: CapturedPacket): boolean {
    const tsNs = recordNs(packet.seconds, packet.nanoseconds);
    const tracker = this.#tracker;
    this.#tsNs = tsNs;
    tracker?.advance(tsNs);
    const isWhole = this.decoder.take(bytes, packet);
    if (this.decoder.headless) this.#rules?.fragment(this.decoder.layers, tsNs);
    if (isWhole) {
      const { protocol } = this.decoder.layers;
      if (protocol === Protocol.tcp) this.#takeSegment(tsNs);
      else if (tracker || this.#rules) this.#takeOther(protocol, tsNs);
    } else if (tracker && this.decoder.leftOut && this.decoder.parsed === Parsed.ok)
      this.#takeCorrupt(tracker, tsNs);
    return this.#writer.count > 0;
  }

  carrier(layers: Layers, tunnel: number): void {
    if (this.#datagram.read(layers) === Parsed.ok)
      this.#tracker?.carrier(layers, this.#datagram, this.#tsNs, tunnel);
  }

  #takeSegment(tsNs: number): void {
    const { layers } = this.decoder;
    const segment = this.#segment;
    if (!this.#isRead(segment.read(layers))) return;
    this.#tracker?.segment(layers, segment, tsNs);
    if (segment.kind === SegmentKind.attempt) {
      this.#head.time(tsNs);
      this.#head.ends(layers, segment, false);
      this.#head.identify(segment.seq);
      this.#head.append(this.#writer, Kind.ATTEMPT, 0);
      this.attempts++;
    }
    this.#rules?.segment(layers, segment, tsNs);
  }

  #takeOther(protocol: number, tsNs: number): void {
    const { layers } = this.decoder;
    if (protocol === Protocol.udp) {
      const datagram = this.#datagram;
      if (!this.#isRead(datagram.read(layers))) return;
      this.#rules?.datagram(layers, datagram, tsNs);
      this.#tracker?.datagram(layers, datagram, tsNs);
    } else if (isIcmp(protocol)) {
      const message = this.#message;
      if (!this.#isRead(message.read(layers))) return;
      this.#rules?.message(layers, message, tsNs);
      this.#tracker?.message(layers, message, tsNs);
    }
  }

  /** That it came is all that is believed of it. */
  #takeCorrupt(tracker: Tracker, tsNs: number): void {
    const { layers } = this.decoder;
    if (layers.protocol === Protocol.tcp) {
      if (this.#segment.read(layers) === Parsed.ok)
        tracker.corruptSegment(layers, this.#segment, tsNs);
    } else if (layers.protocol === Protocol.udp && this.#datagram.read(layers) === Parsed.ok)
      tracker.corruptDatagram(layers, this.#datagram, tsNs);
  }

  /** Counts what can't be read. */
  #isRead(parsed: Parsed): boolean {
    if (parsed === Parsed.ok) return true;
    this.decoder.fault(parsed);
    return false;
  }
}

/** Records count nanoseconds in 64 bits: until the year 2554. */
const LAST_SECOND = 18_446_744_072;

/**
 * The time of a packet as records have it, nanoseconds since 1970. The program computes with such times as doubles,
 * which until 2116 hold at least every multiple of 512, so it is the next such multiple after the whole microsecond: what is told
 * in microseconds is exact.
 */
export function recordNs(seconds: number, nanoseconds: number): number {
  const whole = nanoseconds - (nanoseconds % 1000);
  return Math.min(seconds, LAST_SECOND) * 1e9 + ((whole + 511) & ~511);
}

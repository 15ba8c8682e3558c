import type { CapturedPacket } from '../packet/captured-packet.ts';
import { Decoder } from '../packet/decoder.ts';
import { Protocol } from '../packet/ip.ts';
import { Parsed } from '../packet/layers.ts';
import { Segment, SegmentKind } from '../packet/tcp.ts';
import { Direction, Head, Kind } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { PacketHead } from './packet-head.ts';

/** What the packets of capture files mean: a SYN is an ATTEMPT, as for PcapRecords. Which way it went nobody knows. */
export class CaptureRecords {
  attempts = 0;
  readonly decoder: Decoder;
  readonly #writer: RecordWriter;
  readonly #segment: Segment = new Segment();
  readonly #head: PacketHead = new PacketHead();

  /** @param verify whether packets with a wrong checksum are left out */
  constructor(writer: RecordWriter, verify: boolean) {
    this.#writer = writer;
    this.decoder = new Decoder(verify);
    this.#head.bytes[Head.direction] = Direction.UNKNOWN;
  }

  /** Takes a packet that lies in `bytes`; true: the writer has got a record of it. */
  take(bytes: Uint8Array, packet: CapturedPacket): boolean {
    if (!this.decoder.take(bytes, packet)) return false;
    const { layers } = this.decoder;
    if (layers.protocol !== Protocol.tcp) return false;
    const segment = this.#segment;
    const parsed = segment.read(layers);
    if (parsed !== Parsed.ok) {
      this.decoder.fault(parsed);
      return false;
    }
    if (segment.kind !== SegmentKind.attempt) return false;
    this.#head.time(recordNs(packet.seconds, packet.nanoseconds));
    this.#head.ends(layers, segment, false);
    this.#head.identify(segment.seq);
    this.#head.append(this.#writer, Kind.ATTEMPT, 0);
    this.attempts++;
    return true;
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

import type { CapturedPacket } from '../packet/captured-packet.ts';
import { Protocol } from '../packet/ip.ts';
import { Layers, Parsed } from '../packet/layers.ts';
import { linkParser } from '../packet/link.ts';
import { Segment, SegmentKind } from '../packet/tcp.ts';
import { Direction, Head, Kind } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { PacketHead } from './packet-head.ts';

/** Link types that are kept count of: a file may name 65,536 of them. */
const MOST_LINK_TYPES = 64;

/** What the packets of capture files mean: a SYN is an ATTEMPT, as for PcapRecords. Which way it went nobody knows. */
export class CaptureRecords {
  packets = 0;
  attempts = 0;
  /** Packets whose headers contradict each other or the packet's length. */
  malformed = 0;
  /** Packets whose headers go beyond what was captured of them. */
  cut = 0;
  /** Packets of link types that aren't decoded, by type. */
  readonly unknown: Map<number, number> = new Map();
  readonly #writer: RecordWriter;
  readonly #layers: Layers = new Layers();
  readonly #segment: Segment = new Segment();
  readonly #head: PacketHead = new PacketHead();
  #linkType = -1;
  #parse: ReturnType<typeof linkParser>;

  constructor(writer: RecordWriter) {
    this.#writer = writer;
    this.#head.bytes[Head.direction] = Direction.UNKNOWN;
  }

  /** Takes a packet that lies in `bytes`; true: the writer has got a record of it. */
  take(bytes: Uint8Array, packet: CapturedPacket): boolean {
    const layers = this.#layers;
    const segment = this.#segment;
    this.packets++;
    if (packet.linkType !== this.#linkType) {
      this.#linkType = packet.linkType;
      this.#parse = linkParser(packet.linkType);
    }
    if (!this.#parse) {
      this.#countUnknown();
      return false;
    }
    layers.begin(bytes, packet.at, packet.captured, packet.length);
    let parsed = this.#parse(layers, packet.at);
    if (parsed === Parsed.ok) {
      if (layers.protocol !== Protocol.tcp) return false;
      parsed = segment.read(layers);
    }
    if (parsed === Parsed.ok) {
      if (segment.kind !== SegmentKind.attempt) return false;
      this.#head.time(recordNs(packet.seconds, packet.nanoseconds));
      this.#head.ends(layers, segment, false);
      this.#head.identify(segment.seq);
      this.#head.append(this.#writer, Kind.ATTEMPT, 0);
      this.attempts++;
      return true;
    }
    if (parsed === Parsed.malformed) this.malformed++;
    else if (parsed === Parsed.cut) this.cut++;
    return false;
  }

  #countUnknown(): void {
    const known = this.unknown.get(this.#linkType);
    const key =
      known === undefined && this.unknown.size >= MOST_LINK_TYPES ? OTHERS : this.#linkType;
    this.unknown.set(key, (this.unknown.get(key) ?? 0) + 1);
  }
}

/** Stands for all link types beyond the first ones. */
export const OTHERS = -1;

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

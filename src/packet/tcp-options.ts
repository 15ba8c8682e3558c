import { type Layers, Parsed, u16, u32 } from './layers.ts';
import { type Segment, TCP_HEADER } from './tcp.ts';

/** Kinds of TCP options (RFC 9293 3.1, 7323, 2018, 7413; IANA). */
const Kind = {
  end: 0,
  none: 1,
  mss: 2,
  windowScale: 3,
  sackPermitted: 4,
  sack: 5,
  timestamps: 8,
  fastOpen: 34,
  /** RFC 6994: a number of 16 bits says which experiment. */
  experiment: 254,
} as const;

/** Fast open before it had a kind of its own (RFC 7413 appendix A). */
const FAST_OPEN_EXPERIMENT = 0xf989;
/** Option bytes of the longest header hold no more. */
const MOST_SACKS = 4;
/** RFC 7323 2.3: what is larger means this. */
const MOST_SCALE = 14;

/** An option that the segment hasn't. */
export const NOT_SENT = -1;

/** The options of one TCP segment, read only where somebody asks; one object serves all segments. */
export class TcpOptions {
  /** Bytes; NOT_SENT: none. */
  mss: number = NOT_SENT;
  /** Bits to shift by; NOT_SENT: none. */
  windowScale: number = NOT_SENT;
  sackPermitted = false;
  /** Blocks in `sacks`, each of two sequence numbers: its first, and the one after its last. */
  sackCount = 0;
  readonly sacks: Uint32Array = new Uint32Array(2 * MOST_SACKS);
  hasTimestamp = false;
  timestamp = 0;
  timestampEcho = 0;
  /** Bytes of the cookie, 0 where one is asked for; NOT_SENT: none. */
  fastOpen: number = NOT_SENT;

  /** What stands before an option that is malformed, or cut, counts. */
  read(layers: Layers, segment: Segment): Parsed {
    this.#clear();
    const { bytes } = layers;
    const last = segment.data;
    const end = Math.min(last, layers.end);
    let at = layers.transport + TCP_HEADER;
    while (at < end) {
      const kind = bytes[at]!;
      if (kind === Kind.end) return Parsed.ok;
      if (kind === Kind.none) {
        at++;
        continue;
      }
      if (at + 1 === last) return Parsed.malformed;
      if (at + 1 === end) return Parsed.cut;
      const length = bytes[at + 1]!;
      if (length < 2 || at + length > last) return Parsed.malformed;
      if (at + length > end) return Parsed.cut;
      if (!this.#take(bytes, at, kind, length)) return Parsed.malformed;
      at += length;
    }
    return end < last ? Parsed.cut : Parsed.ok;
  }

  /** Takes one option; false: it isn't as long as its kind is. */
  #take(bytes: Uint8Array, at: number, kind: number, length: number): boolean {
    switch (kind) {
      case Kind.mss:
        if (length !== 4) return false;
        this.mss = u16(bytes, at + 2);
        return true;
      case Kind.windowScale:
        if (length !== 3) return false;
        this.windowScale = Math.min(bytes[at + 2]!, MOST_SCALE);
        return true;
      case Kind.sackPermitted:
        this.sackPermitted = length === 2;
        return this.sackPermitted;
      case Kind.sack:
        return this.#takeSacks(bytes, at, length);
      case Kind.timestamps:
        if (length !== 10) return false;
        this.hasTimestamp = true;
        this.timestamp = u32(bytes, at + 2);
        this.timestampEcho = u32(bytes, at + 6);
        return true;
      case Kind.fastOpen:
        this.fastOpen = length - 2;
        return true;
      case Kind.experiment:
        if (length >= 4 && u16(bytes, at + 2) === FAST_OPEN_EXPERIMENT) this.fastOpen = length - 4;
        return true;
      default:
        return true;
    }
  }

  #takeSacks(bytes: Uint8Array, at: number, length: number): boolean {
    const count = (length - 2) >> 3;
    if (count === 0 || length !== 2 + 8 * count) return false;
    this.sackCount = count;
    for (let n = 0; n < 2 * count; n++) this.sacks[n] = u32(bytes, at + 2 + 4 * n);
    return true;
  }

  #clear(): void {
    this.mss = NOT_SENT;
    this.windowScale = NOT_SENT;
    this.sackPermitted = false;
    this.sackCount = 0;
    this.hasTimestamp = false;
    this.timestamp = 0;
    this.timestampEcho = 0;
    this.fastOpen = NOT_SENT;
  }
}

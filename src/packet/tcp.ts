import { type Layers, Parsed, u16, u32 } from './layers.ts';

/** Bits of the TCP flags byte (RFC 9293 3.1). */
export const TcpFlag = {
  fin: 1,
  syn: 2,
  rst: 4,
  psh: 8,
  ack: 16,
  urg: 32,
  ece: 64,
  cwr: 128,
} as const;

/** The flags that say what a segment is to its connection; the others (PSH, URG, ECE, CWR) don't change that. */
export const TELLING: number = TcpFlag.fin | TcpFlag.syn | TcpFlag.rst | TcpFlag.ack;

/** What a segment is to its connection, by TELLING flags; all other sets are sent by no RFC 9293 peer, or tell nothing. */
export const SegmentKind: Readonly<
  Record<'attempt' | 'answer' | 'fin' | 'reset' | 'resetAck', number>
> = {
  attempt: TcpFlag.syn,
  answer: TcpFlag.syn | TcpFlag.ack,
  fin: TcpFlag.fin | TcpFlag.ack,
  reset: TcpFlag.rst,
  resetAck: TcpFlag.rst | TcpFlag.ack,
};

export const TCP_HEADER = 20;

/** The fields of one TCP segment; one object serves all segments. */
export class Segment {
  srcPort = 0;
  dstPort = 0;
  seq = 0;
  ack = 0;
  /** All eight flags; of what is quoted without them, SYN. */
  flags = 0;
  /** One of SegmentKind, or another set of the same flags. */
  kind = 0;
  /** As it stands in the header: not scaled. */
  window = 0;
  urgent = 0;
  /** Bytes of the header, with its options. */
  header = 0;
  /** Where the payload begins. */
  data = 0;
  /** Bytes of payload on the wire, and how many of them were captured; of a fragment, of that one. */
  payload = 0;
  captured = 0;

  /** Reads the header at `layers.transport`. Its length must be possible and within the datagram, as in bpf/guard.h. */
  read(layers: Layers): Parsed {
    const { bytes, transport: at, transportLength } = layers;
    if (transportLength < TCP_HEADER) return Parsed.malformed;
    if (at + TCP_HEADER > layers.end) return layers.missing(at + TCP_HEADER);
    const header = (bytes[at + 12]! >> 4) * 4;
    if (header < TCP_HEADER || header > transportLength || at + header > layers.wireEnd)
      return Parsed.malformed;
    this.srcPort = u16(bytes, at);
    this.dstPort = u16(bytes, at + 2);
    this.seq = u32(bytes, at + 4);
    this.ack = u32(bytes, at + 8);
    this.flags = bytes[at + 13]!;
    this.kind = this.flags & TELLING;
    this.window = u16(bytes, at + 14);
    this.urgent = u16(bytes, at + 18);
    this.header = header;
    this.data = at + header;
    // frames may be padded, and a datagram may be cut by the wire
    this.payload = Math.min(transportLength, layers.wireEnd - at) - header;
    this.captured = Math.max(0, Math.min(this.payload, layers.end - this.data));
    return Parsed.ok;
  }

  /**
   * Reads the ports and the sequence number of a segment that an ICMP error quotes: RFC 792 promises 8 bytes of it,
   * so the flags may be missing; then `kind` is `attempt`.
   */
  readQuoted(layers: Layers): Parsed {
    const { bytes, transport: at } = layers;
    if (at + 8 > layers.end) return layers.missing(at + 8);
    this.srcPort = u16(bytes, at);
    this.dstPort = u16(bytes, at + 2);
    this.seq = u32(bytes, at + 4);
    this.flags = at + 14 > layers.end ? TcpFlag.syn : bytes[at + 13]!;
    this.kind = this.flags & TELLING;
    return Parsed.ok;
  }
}

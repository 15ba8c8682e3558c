import { type Layers, Parsed, u16 } from './layers.ts';

export const UDP_HEADER = 8;

/** The fields of one UDP datagram (RFC 768); one object serves all of them. */
export class Datagram {
  srcPort = 0;
  dstPort = 0;
  /** Where the payload begins. */
  data = 0;
  /** Bytes of payload, as the header says: also of a fragment those of the whole datagram. */
  payload = 0;
  /** How many of them are there. */
  captured = 0;

  /** Reads the header at `layers.transport`. */
  read(layers: Layers): Parsed {
    const { bytes, transport: at, transportLength } = layers;
    if (transportLength < UDP_HEADER) return Parsed.malformed;
    if (at + UDP_HEADER > layers.end) return layers.missing(at + UDP_HEADER);
    // RFC 2675 4: 0 leaves the length to the IP header
    const there = Math.min(transportLength, layers.wireEnd - at);
    const length = u16(bytes, at + 4) || there;
    if (length < UDP_HEADER || (length > transportLength && !layers.fragmented))
      return Parsed.malformed;
    this.srcPort = u16(bytes, at);
    this.dstPort = u16(bytes, at + 2);
    this.data = at + UDP_HEADER;
    this.payload = length - UDP_HEADER;
    const end = Math.min(layers.end, at + Math.min(length, there));
    this.captured = Math.max(0, end - this.data);
    return Parsed.ok;
  }

  /** Reads the ports of a datagram that an ICMP error quotes. */
  readQuoted(layers: Layers): Parsed {
    const { bytes, transport: at } = layers;
    if (at + 4 > layers.end) return layers.missing(at + 4);
    this.srcPort = u16(bytes, at);
    this.dstPort = u16(bytes, at + 2);
    return Parsed.ok;
  }
}

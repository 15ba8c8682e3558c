import { parseIp4, parseIp6, Protocol } from './ip.ts';
import { type Layers, Parsed, u16 } from './layers.ts';

/** Destination unreachable, the number of its type (RFC 792, RFC 4443). */
export const Unreachable = { icmp: 3, icmp6: 1 } as const;
/** Type, code, checksum and four bytes more; then what the type is about: of an error, the packet that it answers. */
export const ICMP_HEADER = 8;

/** Of errors besides. */
const Icmp = { sourceQuench: 4, redirect: 5, timeExceeded: 11, parameterProblem: 12 } as const;
/** RFC 4443 2.1: the types of errors are those below. */
const FIRST_ICMP6_INFORMATION = 128;

/** The fields of one ICMP or ICMPv6 message; one object serves all of them. */
export class IcmpMessage {
  type = 0;
  code = 0;
  /** Of echo and its like: which request a reply answers. Other types have something else here. */
  id = 0;
  seq = 0;
  /** Does it quote the packet that it tells of? */
  isError = false;
  /** Where what follows the first eight bytes begins. */
  data = 0;
  /** Bytes of that on the wire, and how many of them are there. */
  payload = 0;
  captured = 0;

  /** Reads the header at `layers.transport`. */
  read(layers: Layers): Parsed {
    const { bytes, transport: at, transportLength, protocol } = layers;
    if (transportLength < ICMP_HEADER) return Parsed.malformed;
    if (at + ICMP_HEADER > layers.end) return layers.missing(at + ICMP_HEADER);
    this.type = bytes[at]!;
    this.code = bytes[at + 1]!;
    this.id = u16(bytes, at + 4);
    this.seq = u16(bytes, at + 6);
    this.isError = protocol === Protocol.icmp ? isError4(this.type) : isError6(this.type);
    this.data = at + ICMP_HEADER;
    this.payload = Math.min(transportLength, layers.wireEnd - at) - ICMP_HEADER;
    this.captured = Math.max(0, Math.min(this.payload, layers.end - this.data));
    return Parsed.ok;
  }
}

function isError4(type: number): boolean {
  return (
    type === Unreachable.icmp ||
    type === Icmp.sourceQuench ||
    type === Icmp.redirect ||
    type === Icmp.timeExceeded ||
    type === Icmp.parameterProblem
  );
}

function isError6(type: number): boolean {
  return type < FIRST_ICMP6_INFORMATION;
}

/**
 * Goes on from an ICMP error to the transport header of the packet that it quotes: afterwards `layers` tells of that
 * one, which was sent the other way and is no traffic of its own.
 */
export function parseQuoted(layers: Layers, message: IcmpMessage): Parsed {
  if (!message.isError) return Parsed.other;
  return layers.protocol === Protocol.icmp
    ? parseIp4(layers, message.data)
    : parseIp6(layers, message.data);
}

/** The same of a destination unreachable alone. */
export function parseUnreachable(layers: Layers): Parsed {
  const { bytes, transport: at, protocol } = layers;
  if (at + ICMP_HEADER > layers.end) return layers.missing(at + ICMP_HEADER);
  if (protocol === Protocol.icmp && bytes[at] === Unreachable.icmp)
    return parseIp4(layers, at + ICMP_HEADER);
  if (protocol === Protocol.icmp6 && bytes[at] === Unreachable.icmp6)
    return parseIp6(layers, at + ICMP_HEADER);
  return Parsed.other;
}

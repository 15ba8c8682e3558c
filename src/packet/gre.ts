import { parseEthernet, parseEtherType } from './ethernet.ts';
import { EtherType, type Layers, Parsed, u16 } from './layers.ts';
import { parsePppFrame } from './ppp.ts';

/** Bits of the first two bytes (RFC 2784, 2890; RFC 1701 for routing; RFC 2637 for acknowledgement). */
const Flag = {
  checksum: 0x8000,
  routing: 0x4000,
  key: 0x2000,
  sequence: 0x1000,
  acknowledgement: 0x0080,
  version: 0x0007,
} as const;

const GRE_HEADER = 4;
/** Version 1 has lengths and call besides (RFC 2637). */
const PPTP_HEADER = 8;

/** Protocols that GRE alone carries. */
const GreType = {
  ppp: 0x880b,
  wccp: 0x883e,
  erspan: 0x88be,
  erspan3: 0x22eb,
} as const;

/** Of mirrored frames (draft-foschiano-erspan): version II, version III and what it may have besides. */
const ErspanHeader = { second: 8, third: 12, subheader: 8 } as const;
/** What may come before a packet that WCCP redirects (draft-wilson-wrec-wccp-v2). */
const WCCP_HEADER = 4;

/** From a GRE header at `layers.transport` to the transport header of what it carries. */
export function parseGre(layers: Layers): Parsed {
  const { bytes, end, transport: at } = layers;
  if (at + GRE_HEADER > end) return layers.missing(at + GRE_HEADER);
  const flags = u16(bytes, at);
  const type = u16(bytes, at + 2);
  switch (flags & Flag.version) {
    case 0:
      return parseGre0(layers, flags, type);
    case 1:
      return type === GreType.ppp ? parsePptp(layers, flags) : Parsed.other;
    default:
      return Parsed.other;
  }
}

function parseGre0(layers: Layers, flags: number, type: number): Parsed {
  const { bytes, end, transport } = layers;
  let at = transport + GRE_HEADER;
  if ((flags & (Flag.checksum | Flag.routing)) !== 0) at += 4;
  if ((flags & Flag.key) !== 0) at += 4;
  if ((flags & Flag.sequence) !== 0) at += 4;
  if ((flags & Flag.routing) !== 0) {
    // source routes: family, offset, length; the last one has none
    for (let length = 1; length !== 0; at += 4 + length) {
      if (at + 4 > end) return layers.missing(at + 4);
      length = bytes[at + 3]!;
    }
  }
  if (at >= end) return layers.missing(at + 1);
  switch (type) {
    case EtherType.bridged:
      return parseEthernet(layers, at);
    case GreType.erspan: // version I, which has no header, has no sequence number either
      return parseEthernet(layers, (flags & Flag.sequence) === 0 ? at : at + ErspanHeader.second);
    case GreType.erspan3:
      return parseErspan3(layers, at);
    case GreType.wccp:
      return parseEtherType(layers, EtherType.ipv4, bytes[at]! >> 4 === 4 ? at : at + WCCP_HEADER);
    default:
      return type < LEAST_TYPE ? Parsed.other : parseEtherType(layers, type, at);
  }
}

/** Smaller numbers are none here. */
const LEAST_TYPE = 0x0600;

/** The last bit of its header says whether there is a subheader. */
function parseErspan3(layers: Layers, at: number): Parsed {
  const next = at + ErspanHeader.third;
  if (next > layers.end) return layers.missing(next);
  const more = (layers.bytes[next - 1]! & 1) === 0 ? 0 : ErspanHeader.subheader;
  return parseEthernet(layers, next + more);
}

/** PPTP (RFC 2637): PPP frames; a packet without a sequence number only acknowledges. */
function parsePptp(layers: Layers, flags: number): Parsed {
  if ((flags & Flag.sequence) === 0) return Parsed.other;
  const more = (flags & Flag.acknowledgement) === 0 ? 4 : 8;
  return parsePppFrame(layers, layers.transport + PPTP_HEADER + more);
}

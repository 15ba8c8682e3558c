import { Row } from '../flow/row.ts';
import type { ConnectionTable, EndedRecord } from '../flow/table.ts';
import { CONN_STATES, FLOW_ENDS, FlowEnd } from '../model/events.ts';
import type { Metadata } from '../model/metadata.ts';
import { IpProto, isIcmp } from '../wire/ip-proto.ts';
import { PacketsPart } from '../wire/layout.gen.ts';
import { fromBytes, safe } from './escape.ts';
import { ascii, decimal, put } from './write.ts';

/**
 * What the packets of a connection add to the line of its end: ` udp SF 44/120 bytes`, with the protocol if that isn't
 * TCP, Zeek's conn_state, the bytes of the originator and of the responder; why it is over if it didn't end itself.
 */
export function packetsText(
  out: Uint8Array,
  pos: number,
  table: ConnectionTable,
  base: number,
  { bytes, at }: EndedRecord,
): number {
  const proto = bytes[at + PacketsPart.proto]!;
  let p = pos;
  if (proto === IpProto.udp) p = put(out, p, UDP);
  else if (isIcmp(proto)) p = icmp(out, p, table, base);
  p = put(out, p, STATES[table.bytes[base + Row.conn_state]!] ?? STATES[0]!);
  p = decimal(out, p, table.numbers[(base + Row.orig_bytes) >> 3]!);
  out[p++] = SLASH;
  p = decimal(out, p, table.numbers[(base + Row.resp_bytes) >> 3]!);
  p = put(out, p, BYTES);
  const reason = bytes[at + PacketsPart.end_reason]!;
  // conversations have no end of their own: it says nothing that they fell silent, or were not over
  const isTold = proto === IpProto.tcp ? reason !== FlowEnd.end : reason === FlowEnd.resources;
  return isTold ? put(out, p, REASONS[reason] ?? NOTHING) : p;
}

/** What a connection said of itself, for people: ` ssl example.org`, ` http GET example.org 200`. */
export function metadataText({ service, tls, http, dns, ssh }: Metadata): Uint8Array {
  const [first] = dns ?? [];
  const words = [
    service,
    tls?.serverName,
    http?.method,
    http?.host,
    http?.status,
    first?.type,
    first?.query,
    first?.rcode,
    ssh?.server ?? ssh?.client,
  ];
  const said = words.filter((word) => word !== undefined && word !== '');
  return safe(fromBytes(said.map((word) => ` ${word}`).join('')).replaceAll('\\', '\\\\'));
}

/** ` icmp 8/0`: its type, and the type that answers it or its code. */
function icmp(out: Uint8Array, pos: number, { halves }: ConnectionTable, base: number): number {
  const p = decimal(out, put(out, pos, ICMP), halves[(base + Row.src_port) >> 1]!);
  out[p] = SLASH;
  return decimal(out, p + 1, halves[(base + Row.dst_port) >> 1]!);
}

const SLASH = 0x2f;
const NOTHING = new Uint8Array(0);
const UDP = ascii(' udp');
const ICMP = ascii(' icmp ');
const BYTES = ascii(' bytes');
const STATES = CONN_STATES.map((name) => ascii(name === '' ? ' ' : ` ${name} `));
const REASONS = FLOW_ENDS.map((name) => (name === '' ? NOTHING : ascii(` (${name})`)));

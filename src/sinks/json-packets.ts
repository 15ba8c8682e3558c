import type { EndedRecord } from '../flow/table.ts';
import { FLOW_ENDS, FORMS, TUNNELS } from '../model/events.ts';
import { IpProto } from '../wire/ip-proto.ts';
import { PacketsEnd, PacketsPart } from '../wire/layout.gen.ts';
import { u64 } from '../wire/words.ts';
import { jsonName } from './escape.ts';
import { ascii, decimal, put } from './write.ts';

/** The fields that an ENDED record adds to the line of a connection's end, each with the comma before it. */
export function writePackets(out: Uint8Array, pos: number, ended: EndedRecord): number {
  const { words, bytes, at } = ended;
  let p = history(out, pos, bytes, at + PacketsPart.history);
  p = long(out, p, ORIG_PACKETS, words, ORIG + at + PacketsEnd.packets);
  p = long(out, p, RESP_PACKETS, words, RESP + at + PacketsEnd.packets);
  p = long(out, p, ORIG_IP_BYTES, words, ORIG + at + PacketsEnd.ip_bytes);
  p = long(out, p, RESP_IP_BYTES, words, RESP + at + PacketsEnd.ip_bytes);
  if (bytes[at + PacketsPart.proto] === IpProto.tcp) p = ofTcp(out, p, words, at);
  p = put(out, p, END_REASONS[bytes[at + PacketsPart.end_reason]!] ?? NOTHING);
  p = put(out, p, FORM_LISTS[bytes[at + PacketsPart.forms]!] ?? NOTHING);
  const vlan = bytes[at + PacketsPart.vlan]! | (bytes[at + PacketsPart.vlan + 1]! << 8);
  if (vlan !== 0) p = decimal(out, put(out, p, VLAN), vlan);
  const tunnels = bytes[at + PacketsPart.tunnels]!;
  if (tunnels === 0) return p;
  p = put(out, p, TUNNEL_KINDS[bytes[at + PacketsPart.tunnel]!] ?? NOTHING);
  return decimal(out, put(out, p, TUNNEL_DEPTH), tunnels);
}

/** What only TCP has, of both ends together. */
function ofTcp(out: Uint8Array, pos: number, words: Uint32Array, at: number): number {
  const orig = at + ORIG;
  const resp = at + RESP;
  const missed =
    u64(words, (orig + PacketsEnd.missed_bytes) >> 2) +
    u64(words, (resp + PacketsEnd.missed_bytes) >> 2);
  let p = decimal(out, put(out, pos, MISSED_BYTES), missed);
  for (const [field, offset] of COUNTERS) {
    p = put(out, p, field);
    p = decimal(out, p, words[(orig + offset) >> 2]! + words[(resp + offset) >> 2]!);
  }
  return p;
}

function history(out: Uint8Array, pos: number, bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0) return pos;
  const p = jsonName(out, put(out, pos, HISTORY), bytes, at, HISTORY_MAX);
  out[p] = QUOTE;
  return p + 1;
}

function long(
  out: Uint8Array,
  pos: number,
  field: Uint8Array,
  words: Uint32Array,
  at: number,
): number {
  return decimal(out, put(out, pos, field), u64(words, at >> 2));
}

const { orig: ORIG, resp: RESP } = PacketsPart;
const HISTORY_MAX = PacketsPart.metadata - PacketsPart.history;
const QUOTE = 0x22;
const NOTHING = new Uint8Array(0);
const HISTORY = ascii(',"history":"');
const ORIG_PACKETS = ascii(',"orig_packets":');
const RESP_PACKETS = ascii(',"resp_packets":');
const ORIG_IP_BYTES = ascii(',"orig_ip_bytes":');
const RESP_IP_BYTES = ascii(',"resp_ip_bytes":');
const MISSED_BYTES = ascii(',"missed_bytes":');
const VLAN = ascii(',"vlan":');
const TUNNEL_DEPTH = ascii(',"tunnel_depth":');

/** 32-bit counters of each end. */
const COUNTERS: readonly (readonly [field: Uint8Array, offset: number])[] = [
  [ascii(',"out_of_order":'), PacketsEnd.out_of_order],
  [ascii(',"duplicate_acks":'), PacketsEnd.duplicate_acks],
  [ascii(',"zero_windows":'), PacketsEnd.zero_windows],
];

const END_REASONS = FLOW_ENDS.map((name) =>
  name === '' ? NOTHING : ascii(`,"end_reason":"${name}"`),
);
const TUNNEL_KINDS = TUNNELS.map((name) => (name === '' ? NOTHING : ascii(`,"tunnel":"${name}"`)));

/** By all values of enum pw_form together. */
const FORM_LISTS = Array.from({ length: 1 << FORMS.length }, (_, forms) => {
  const names = FORMS.filter((_name, bit) => (forms & (1 << bit)) !== 0);
  return names.length === 0 ? NOTHING : ascii(`,"forms":${JSON.stringify(names)}`);
});

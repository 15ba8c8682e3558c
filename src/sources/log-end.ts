import {
  CONN_STATES,
  EventCode,
  FLOW_ENDS,
  FORMS,
  Outcome,
  OUTCOMES,
  TUNNELS,
} from '../model/events.ts';
import { Kind, PacketsEnd, PacketsPart } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { codeOf, countOf, type Fields, textOf, textsOf } from './json-fields.ts';
import { metadataOf } from './json-metadata.ts';
import type { LogLine } from './log-line.ts';

/**
 * Writes the ENDED record of a connection's last line. Counters that the line has of both ends together are the
 * originator's.
 * @param event code of how it ended
 */
export function endedRecord(
  writer: RecordWriter,
  line: LogLine,
  event: number,
  ifindex: number,
): void {
  const { fields, atNs, startNs } = line;
  const metadata = metadataOf(fields);
  const at = line.append(writer, Kind.ENDED, PacketsPart.size, atNs, ifindex);
  const { bytes, words, halves } = writer;
  writer.setU64(at + PacketsPart.start_ns, startNs);
  ends(writer, at, fields);
  const history = /^[a-zA-Z^]+/.exec(textOf(fields['history'], HISTORY_MAX) ?? '')?.[0] ?? '';
  bytes.set(new TextEncoder().encode(history), at + PacketsPart.history);
  if (metadata) words[(at + PacketsPart.metadata) >> 2] = writer.attach(metadata);
  halves[(at + PacketsPart.vlan) >> 1] = countOf(fields['vlan'], 4095) ?? 0;
  bytes[at + PacketsPart.proto] = line.proto;
  bytes[at + PacketsPart.tunnels] = countOf(fields['tunnel_depth'], 255) ?? 0;
  bytes[at + PacketsPart.tunnel] = codeOf(fields['tunnel'], TUNNELS) ?? 0;
  bytes[at + PacketsPart.event] = event;
  bytes[at + PacketsPart.outcome] = codeOf(fields['outcome'], OUTCOMES) ?? usualOutcome(event);
  bytes[at + PacketsPart.conn_state] = codeOf(fields['conn_state'], CONN_STATES) ?? 0;
  bytes[at + PacketsPart.end_reason] = codeOf(fields['end_reason'], FLOW_ENDS) ?? 0;
  for (const form of textsOf(fields['forms']) ?? []) {
    const bit = codeOf(form, FORMS);
    if (bit !== undefined) bytes[at + PacketsPart.forms]! |= 1 << bit;
  }
}

function ends(writer: RecordWriter, at: number, fields: Fields): void {
  const { words } = writer;
  const orig = at + PacketsPart.orig;
  const resp = at + PacketsPart.resp;
  for (const [field, offset] of LONGS) {
    writer.setU64(orig + offset, countOf(fields[`orig_${field}`]) ?? 0);
    writer.setU64(resp + offset, countOf(fields[`resp_${field}`]) ?? 0);
  }
  if (countOf(fields['orig_bytes']) === undefined && countOf(fields['resp_bytes']) === undefined)
    for (const end of [orig, resp]) words.fill(UNKNOWN, end >> 2, (end >> 2) + 2);
  writer.setU64(orig + PacketsEnd.missed_bytes, countOf(fields['missed_bytes']) ?? 0);
  for (const [field, offset] of COUNTERS)
    words[(orig + offset) >> 2] = countOf(fields[field], UNKNOWN) ?? 0;
}

function usualOutcome(event: number): number {
  switch (event) {
    case EventCode.refused:
      return Outcome.refused;
    case EventCode.timeout:
      return Outcome.timeout;
    case EventCode.reset:
      return Outcome.reset;
    default:
      return Outcome.ok;
  }
}

/** It ends with a NUL. */
const HISTORY_MAX = PacketsPart.metadata - PacketsPart.history - 1;
const UNKNOWN = 0xffff_ffff;

/** 64 bits, of each end. */
const LONGS: readonly (readonly [field: string, offset: number])[] = [
  ['bytes', PacketsEnd.bytes],
  ['ip_bytes', PacketsEnd.ip_bytes],
  ['packets', PacketsEnd.packets],
];

const COUNTERS: readonly (readonly [field: string, offset: number])[] = [
  ['retransmits', PacketsEnd.retransmits],
  ['out_of_order', PacketsEnd.out_of_order],
  ['duplicate_acks', PacketsEnd.duplicate_acks],
  ['zero_windows', PacketsEnd.zero_windows],
  ['rtt_us', PacketsEnd.rtt_us],
];

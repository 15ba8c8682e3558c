/** When a connection is over of which nothing more comes: Zeek's defaults (scripts/base/init-bare.zeek). */
import { IpProto } from '../wire/ip-proto.ts';
import { isOpening, Phase, phaseOf } from './phase.ts';
import { End, EndMark, Mark, Row } from './row.ts';
import type { TrackTable } from './table.ts';

/** Seconds as nanoseconds. */
const S = 1e9;

/** tcp_attempt_delay: so long an attempt waits for its answer. */
export const ATTEMPT_NS: number = 5 * S;
/** tcp_close_delay: so long segments of a closed connection may come still. */
export const CLOSE_NS: number = 5 * S;
/** tcp_SYN_timeout, tcp_session_timer, tcp_connection_linger: a connection with one close is looked at so often. */
const FIRST_LOOK_NS = 5 * S;
const LOOK_NS = 6 * S;
/** udp_inactivity_timeout, icmp_inactivity_timeout, and until a handshake is done. */
const SHORT_NS = 60 * S;
/** tcp_inactivity_timeout. */
const TCP_NS = 300 * S;
/** Conn::port_inactivity_timeouts: people sit there, and think. */
const INTERACTIVE_NS = 3600 * S;
const INTERACTIVE: ReadonlySet<number> = new Set([21, 22, 23, 513]);

/** dns_session_timeout: a conversation of DNS is looked at so often, and is over when it has been silent for a second less. */
const DNS_NS = 10 * S;
const DNS_SILENT_NS = 9 * S;
const DNS: ReadonlySet<number> = new Set([53, 137, 5353, 5355]);

/** Is this row an attempt that waits for its answer? */
export function isAttempt(table: TrackTable, row: number): boolean {
  const base = row * Row.size;
  const orig = phaseOf(table, base + Row.orig);
  if (orig !== Phase.synSent && orig !== Phase.synAckSent) return false;
  return (
    phaseOf(table, base + Row.resp) === Phase.inactive && (table.marks(row) & Mark.settled) === 0
  );
}

/** When a row is over if nothing more comes. */
export function dueOf(table: TrackTable, row: number): number {
  const base = row * Row.size;
  const { numbers } = table;
  const marks = table.marks(row);
  const lastNs = numbers[(base + Row.last_ns) >> 1]!;
  if ((marks & Mark.closing) !== 0) return numbers[(base + Row.due_ns) >> 1]!;
  const startNs = numbers[(base + Row.start_ns) >> 1]!;
  const proto = table.proto(row);
  if (proto === IpProto.udp && DNS.has(table.words[base + Row.ports]! >>> 16))
    return startNs + DNS_NS * Math.ceil((lastNs + DNS_SILENT_NS - startNs) / DNS_NS);
  if (proto !== IpProto.tcp) return lastNs + SHORT_NS;
  if (isAttempt(table, row)) return startNs + ATTEMPT_NS;
  const silentNs = lastNs + silenceOf(table, base, marks);
  if ((marks & Mark.settled) !== 0 || !isLingering(table, base)) return silentNs;
  const looks = Math.floor((lastNs - startNs) / LOOK_NS) + 1;
  return Math.min(silentNs, startNs + FIRST_LOOK_NS + LOOK_NS * looks);
}

function silenceOf(table: TrackTable, base: number, marks: number): number {
  const orig = phaseOf(table, base + Row.orig);
  const resp = phaseOf(table, base + Row.resp);
  if (isOpening(orig) && isOpening(resp)) return SHORT_NS;
  if ((marks & Mark.asked) === 0) return TCP_NS;
  return INTERACTIVE.has(table.words[base + Row.ports]! >>> 16) ? INTERACTIVE_NS : TCP_NS;
}

/** One end has closed, and the other one never did anything or was reset; or nothing ever happened. */
function isLingering(table: TrackTable, base: number): boolean {
  const { words } = table;
  const closedOrig = words[base + Row.orig + End.marks]! & EndMark.closed;
  const closedResp = words[base + Row.resp + End.marks]! & EndMark.closed;
  const orig = phaseOf(table, base + Row.orig);
  const resp = phaseOf(table, base + Row.resp);
  if (orig === Phase.inactive && resp === Phase.inactive) return true;
  if (closedOrig === 0 && closedResp === 0) return false;
  return (
    (closedOrig !== 0 && closedResp !== 0) ||
    orig === Phase.reset ||
    resp === Phase.reset ||
    orig === Phase.inactive ||
    resp === Phase.inactive
  );
}

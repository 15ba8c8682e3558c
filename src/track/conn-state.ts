import { ConnState } from '../model/events.ts';
import { Phase, phaseOf } from './phase.ts';
import { Row, Text } from './row.ts';
import { bytesSent } from './sent.ts';
import type { TrackTable } from './table.ts';

/** The conn_state of a TCP connection, with Zeek's meaning (scripts/base/protocols/conn/main.zeek). */
export function connStateOf(table: TrackTable, base: number): ConnState {
  const orig = phaseOf(table, base + Row.orig);
  const resp = phaseOf(table, base + Row.resp);
  const noOrig = orig === Phase.inactive || orig === Phase.partial;
  const noResp = resp === Phase.inactive || resp === Phase.partial;
  if (resp === Phase.reset) {
    if (orig === Phase.synSent || orig === Phase.synAckSent) return ConnState.REJ;
    if (orig === Phase.reset && isWithoutPayload(table, base)) return ConnState.REJ;
    return noOrig ? ConnState.RSTRH : ConnState.RSTR;
  }
  if (orig === Phase.reset) {
    if (!noResp) return ConnState.RSTO;
    return gaveUp(table, base) ? ConnState.RSTOS0 : ConnState.OTH;
  }
  if (orig === Phase.closed && resp === Phase.closed) return ConnState.SF;
  if (orig === Phase.closed) return noResp ? ConnState.SH : ConnState.S2;
  if (resp === Phase.closed) return noOrig ? ConnState.SHR : ConnState.S3;
  if (orig === Phase.synSent && resp === Phase.inactive) return ConnState.S0;
  return orig === Phase.established && resp === Phase.established ? ConnState.S1 : ConnState.OTH;
}

function isWithoutPayload(table: TrackTable, base: number): boolean {
  const orig = base + Row.orig;
  const resp = base + Row.resp;
  return bytesSent(table, orig, resp) === 0 && bytesSent(table, resp, orig) === 0;
}

/** Does the history say that the originator sent a SYN, and then a reset before it acknowledged anything? */
function gaveUp(table: TrackTable, base: number): boolean {
  const { bytes } = table;
  let at = ((base + Row.text) << 2) + Text.letters;
  if (bytes[at] === 0x5e) at++; // ^
  if (bytes[at++] !== 0x53) return false; // S
  for (; bytes[at] !== 0 && bytes[at] !== undefined; at++) {
    if (bytes[at] === 0x52) return true; // R
    if (BETWEEN.has(bytes[at]!)) return false;
  }
  return false;
}

/** H, A, F, G, I, Q */
const BETWEEN: ReadonlySet<number> = new Set([0x48, 0x41, 0x46, 0x47, 0x49, 0x51]);

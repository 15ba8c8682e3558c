import { ConnState, EventCode, Outcome } from '../model/events.ts';
import { TcpState } from '../model/tcp-state.ts';

/**
 * What one end's close says of the whole connection, packed into one number: read it with eventOf, outcomeOf
 * and connStateOf.
 *
 * conn_state follows `conn_state()` of Zeek's scripts/base/protocols/conn/main.zeek, where a SYN that was answered by
 * SYN+ACK makes both ends established: so a handshake that never ends is S1, not S0.
 *
 * | state left                                 | error               | event   | active end | passive end |
 * |--------------------------------------------|---------------------|---------|------------|-------------|
 * | SYN_SENT                                   | ECONNREFUSED        | refused | REJ        |             |
 * | SYN_SENT                                   | ECONNRESET          | reset   | REJ        |             |
 * | SYN_SENT                                   | none or other       | timeout | S0         |             |
 * | SYN_RECV                                   | none, ETIMEDOUT     | timeout | S1         | S1          |
 * | SYN_RECV                                   | other               | reset   | RSTR       | RSTO        |
 * | any later                                  | ECONNRESET, EPIPE   | reset   | RSTR       | RSTO        |
 * | any later, no FIN either way               | ETIMEDOUT, *UNREACH | timeout | S1         | S1          |
 * | FIN_WAIT1, FIN_WAIT2 (we have sent FIN)    | ETIMEDOUT, *UNREACH | timeout | S2         | S3          |
 * | CLOSE_WAIT (the peer has)                  | ETIMEDOUT, *UNREACH | timeout | S3         | S2          |
 * | LAST_ACK, CLOSING, TIME_WAIT (both have)   | ETIMEDOUT, *UNREACH | timeout | SF         | SF          |
 * | ESTABLISHED, CLOSE_WAIT, FIN_WAIT1         | none or other       | reset   | RSTO       | RSTR        |
 * | FIN_WAIT2, LAST_ACK, CLOSING, TIME_WAIT    | none                | close   | SF         | SF          |
 * | the same                                   | other               | reset   | RSTO       | RSTR        |
 *
 * @param passive the socket is the responder's
 * @param state the state that the socket left for CLOSE (TcpState)
 * @param error errno of the socket, 0 none
 */
export function endingOf(passive: boolean, state: number, error: number): number {
  const byPeer = passive ? ConnState.RSTO : ConnState.RSTR;
  const byUs = passive ? ConnState.RSTR : ConnState.RSTO;
  if (state === TcpState.SYN_SENT) {
    if (error === Errno.ECONNREFUSED)
      return pack(EventCode.refused, Outcome.refused, ConnState.REJ);
    if (error === Errno.ECONNRESET) return pack(EventCode.reset, Outcome.reset, ConnState.REJ);
    return pack(EventCode.timeout, Outcome.timeout, ConnState.S0);
  }
  if (state === TcpState.SYN_RECV || state === TcpState.NEW_SYN_RECV) {
    if (error === 0 || error === Errno.ETIMEDOUT)
      return pack(EventCode.timeout, Outcome.timeout, ConnState.S1);
    return pack(EventCode.reset, Outcome.reset, byPeer);
  }
  if (error === Errno.ECONNRESET || error === Errno.EPIPE)
    return pack(EventCode.reset, Outcome.reset, byPeer);
  if (error === Errno.ETIMEDOUT || error === Errno.EHOSTUNREACH || error === Errno.ENETUNREACH) {
    return pack(EventCode.timeout, Outcome.timeout, silentState(passive, state));
  }
  if (error === 0 && closedBothWays(state)) return pack(EventCode.close, Outcome.ok, ConnState.SF);
  return pack(EventCode.reset, Outcome.reset, byUs);
}

export const eventOf = (ending: number): number => ending & 15;
export const outcomeOf = (ending: number): number => (ending >> 4) & 15;
export const connStateOf = (ending: number): number => ending >> 8;

export function pack(event: number, outcome: number, connState: number): number {
  return event | (outcome << 4) | (connState << 8);
}

type EndingName = 'dropped' | 'unanswered' | 'halfOpen' | 'halfOpenReset' | 'refused';

/** The endings that no socket tells. */
export const Ending: Readonly<Record<EndingName, number>> = {
  /** No answer left this host. */
  dropped: pack(EventCode.timeout, Outcome.dropped, ConnState.S0),
  /** No answer was seen, of a peer that may have sent one elsewhere. */
  unanswered: pack(EventCode.timeout, Outcome.timeout, ConnState.S0),
  /** SYN+ACK went out, the handshake never ended. */
  halfOpen: pack(EventCode.timeout, Outcome.timeout, ConnState.S1),
  /** SYN+ACK went out, the originator reset it: how half-open scans look. */
  halfOpenReset: pack(EventCode.reset, Outcome.reset, ConnState.RSTO),
  refused: pack(EventCode.refused, Outcome.refused, ConnState.REJ),
};

/** The errno values that decide (asm-generic/errno.h). */
export const Errno = {
  EPIPE: 32,
  ENETUNREACH: 101,
  ECONNRESET: 104,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
} as const;

function closedBothWays(state: number): boolean {
  return (
    state === TcpState.LAST_ACK ||
    state === TcpState.FIN_WAIT2 ||
    state === TcpState.CLOSING ||
    state === TcpState.TIME_WAIT
  );
}

/** Zeek's state of a connection that just went silent: it depends on who had sent a FIN. */
function silentState(passive: boolean, state: number): ConnState {
  if (state === TcpState.FIN_WAIT1 || state === TcpState.FIN_WAIT2)
    return passive ? ConnState.S3 : ConnState.S2;
  if (state === TcpState.CLOSE_WAIT) return passive ? ConnState.S2 : ConnState.S3;
  return closedBothWays(state) ? ConnState.SF : ConnState.S1;
}

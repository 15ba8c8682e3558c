import { TcpState } from '../model/tcp-state.ts';
/** The row does not say whose socket it is: the kernel's INVALID_UID. */
export const NO_UID = 0xffff_ffff;

/** One end of a connection that is, or was, a row. */
export class End {
  /** As last settled; 0: never seen. */
  state = 0;
  /** The last that was not 0. */
  inode = 0;
  uid: number = NO_UID;
  /** OPEN was handed on, or it was open at the start. */
  opened = false;
  /** CLOSE was handed on, or it was closed at the start. */
  closed = false;
  /** The last read did not find it. */
  gone = false;
  /** What the read that is going on found; 0: nothing so far. */
  nextState = 0;
  nextInode = 0;
  nextUid: number = NO_UID;

  /**
   * Keeps the row for `settle`. A second one of the same read is a repetition: the table changes while it is read.
   * @param uid as printed; it is only right with an inode, or the listener's in SYN_RECV
   */
  note(state: number, inode: number, uid: number): void {
    if (this.nextState !== 0) return;
    this.nextState = state === TcpState.NEW_SYN_RECV ? TcpState.SYN_RECV : state;
    this.nextInode = inode;
    this.nextUid = inode !== 0 || isOpening(this.nextState) ? uid : NO_UID;
  }

  /**
   * Is what was noted another connection than before? A different non-zero inode says so, and a handshake after a
   * closing state. An inode of 0 says nothing, but TIME_WAIT never gets one again.
   */
  isRenewed(): boolean {
    if (this.state === 0 || this.nextState === 0) return false;
    if (isOpening(this.nextState) && (this.closed || CLOSING_STATES.has(this.state))) return true;
    if (this.nextInode === 0) return false;
    return this.inode === 0 ? this.state === TcpState.TIME_WAIT : this.nextInode !== this.inode;
  }

  /** Is it missing in this read, for the first time? */
  isMissed(): boolean {
    return this.state !== 0 && this.nextState === 0 && !this.closed;
  }

  /** Makes what was noted the state. */
  settle(): void {
    if (this.nextState !== 0) {
      if (!this.opened || !isOpening(this.nextState)) this.state = this.nextState;
      if (this.nextInode !== 0) this.inode = this.nextInode;
      if (this.nextUid !== NO_UID) this.uid = this.nextUid;
    }
    this.forget();
  }

  /** Forgets what was noted. */
  forget(): void {
    this.nextState = 0;
    this.nextInode = 0;
    this.nextUid = NO_UID;
  }

  /** Begins another connection with the same addresses. */
  renew(): void {
    this.state = 0;
    this.inode = 0;
    this.uid = NO_UID;
    this.opened = false;
    this.closed = false;
  }

  /**
   * The state that a CLOSE record gives as left. What happened since the last read is unknown; an open connection is
   * taken to have ended in the usual way: the end that closes first lingers in TIME_WAIT where a read finds it, so one
   * that has vanished was closed by its peer first.
   */
  stateLeft(): number {
    if (!this.opened) return this.state;
    switch (this.state) {
      case TcpState.FIN_WAIT1:
      case TcpState.FIN_WAIT2:
      case TcpState.TIME_WAIT:
        return TcpState.FIN_WAIT2;
      case TcpState.CLOSING:
        return TcpState.CLOSING;
      default:
        return TcpState.LAST_ACK;
    }
  }
}

/** Before the handshake's end. */
export function isOpening(state: number): boolean {
  return state === TcpState.SYN_SENT || state === TcpState.SYN_RECV;
}

/** Can a row of this state be a connection? */
export function isConnection(state: number): boolean {
  return state !== TcpState.LISTEN && state !== TcpState.CLOSE && state !== TcpState.BOUND_INACTIVE;
}

const CLOSING_STATES: ReadonlySet<number> = new Set([
  TcpState.FIN_WAIT1,
  TcpState.FIN_WAIT2,
  TcpState.TIME_WAIT,
  TcpState.CLOSE,
  TcpState.CLOSE_WAIT,
  TcpState.LAST_ACK,
  TcpState.CLOSING,
]);

/**
 * A connection as the table of sockets shows it: one row, or two when both ends are on this host. Its two ends are
 * `a` and `b` in the order of their address and port, so that both rows find the same connection.
 */
export class Connection {
  a: End | undefined;
  b: End | undefined;
  /** 0, or what tells it from earlier ones with the same addresses and ports. */
  isn: number;
  /** Was it handed on (or, at the start, settled)? */
  told = false;
  aIsOriginator = true;

  constructor(isn: number) {
    this.isn = isn;
  }
}

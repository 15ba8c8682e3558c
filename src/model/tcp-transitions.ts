/** The states of RFC 9293 by the codes of TcpState; the two that only Linux has are shown as what they are on the wire. */
export const STATE_NAMES = [
  '',
  'ESTABLISHED',
  'SYN-SENT',
  'SYN-RECEIVED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'TIME-WAIT',
  'CLOSED',
  'CLOSE-WAIT',
  'LAST-ACK',
  'LISTEN',
  'CLOSING',
  'SYN-RECEIVED',
  'CLOSED',
] as const;

export type StateName = Exclude<(typeof STATE_NAMES)[number], ''>;

/** From one state to another. */
export interface Transition {
  readonly from: StateName;
  readonly to: StateName;
  /** What makes an end change: a call of its program, a segment, a timer. */
  readonly on: string;
  /** What it sends then. */
  readonly sends?: string;
}

/** RFC 9293, figure 5. */
export const TRANSITIONS: readonly Transition[] = [
  { from: 'CLOSED', to: 'LISTEN', on: 'passive OPEN' },
  { from: 'CLOSED', to: 'SYN-SENT', on: 'active OPEN', sends: 'SYN' },
  { from: 'LISTEN', to: 'CLOSED', on: 'CLOSE' },
  { from: 'LISTEN', to: 'SYN-RECEIVED', on: 'rcv SYN', sends: 'SYN,ACK' },
  { from: 'LISTEN', to: 'SYN-SENT', on: 'SEND', sends: 'SYN' },
  { from: 'SYN-SENT', to: 'CLOSED', on: 'CLOSE' },
  { from: 'SYN-SENT', to: 'SYN-RECEIVED', on: 'rcv SYN', sends: 'SYN,ACK' },
  { from: 'SYN-SENT', to: 'ESTABLISHED', on: 'rcv SYN,ACK', sends: 'ACK' },
  { from: 'SYN-RECEIVED', to: 'LISTEN', on: 'rcv RST' },
  { from: 'SYN-RECEIVED', to: 'ESTABLISHED', on: 'rcv ACK of SYN' },
  { from: 'SYN-RECEIVED', to: 'FIN-WAIT-1', on: 'CLOSE', sends: 'FIN' },
  { from: 'ESTABLISHED', to: 'FIN-WAIT-1', on: 'CLOSE', sends: 'FIN' },
  { from: 'ESTABLISHED', to: 'CLOSE-WAIT', on: 'rcv FIN', sends: 'ACK' },
  { from: 'FIN-WAIT-1', to: 'FIN-WAIT-2', on: 'rcv ACK of FIN' },
  { from: 'FIN-WAIT-1', to: 'CLOSING', on: 'rcv FIN', sends: 'ACK' },
  { from: 'FIN-WAIT-2', to: 'TIME-WAIT', on: 'rcv FIN', sends: 'ACK' },
  { from: 'CLOSING', to: 'TIME-WAIT', on: 'rcv ACK of FIN' },
  { from: 'CLOSE-WAIT', to: 'LAST-ACK', on: 'CLOSE', sends: 'FIN' },
  { from: 'LAST-ACK', to: 'CLOSED', on: 'rcv ACK of FIN' },
  { from: 'TIME-WAIT', to: 'CLOSED', on: '2 MSL are over' },
];

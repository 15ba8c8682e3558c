import { type Entry, entries } from './entry.ts';

const SOURCE = 'RFC 9293, 3.3.1';

/** The variables of the transmission control block, as they are inferred from segments of both ends. */
export const CONTROL_BLOCK: readonly Entry[] = entries('control block variable', [
  {
    term: 'SND.UNA',
    aliases: ['send unacknowledged', 'snd_una', 'tcb.snd_una'],
    definition: 'The first sequence number that was sent and is not acknowledged yet.',
    meaning: 'When it stands still while SND.NXT grows, the path or the receiver loses segments.',
    see: ['snd-nxt', 'retransmission'],
    source: SOURCE,
  },
  {
    term: 'SND.NXT',
    aliases: ['send next', 'snd_nxt', 'tcb.snd_nxt'],
    definition: 'The sequence number that is sent next.',
    meaning: 'SND.NXT less SND.UNA is in flight.',
    see: ['snd-una', 'congestion-window'],
    source: SOURCE,
  },
  {
    term: 'SND.WND',
    aliases: ['send window', 'snd_wnd', 'tcb.snd_wnd'],
    definition: 'How many bytes after SND.UNA the receiver takes, by its last window, scaled.',
    meaning:
      'At 0 the receiver does not read; when in flight is near it, the receiver is the limit.',
    see: ['header-window', 'zero-window', 'receive-window', 'header-window-scale'],
    source: SOURCE,
  },
  {
    term: 'SND.UP',
    aliases: ['send urgent pointer', 'snd_up', 'tcb.snd_up'],
    definition: 'Up to where what was sent is urgent.',
    see: ['flag-urg', 'header-urgent-pointer'],
    source: SOURCE,
  },
  {
    term: 'SND.WL1',
    aliases: ['snd_wl1', 'tcb.snd_wl1'],
    definition: 'The sequence number of the segment that the window was last taken from.',
    meaning: 'It keeps an old segment from shrinking or growing the window.',
    see: ['snd-wl2', 'snd-wnd'],
    source: SOURCE,
  },
  {
    term: 'SND.WL2',
    aliases: ['snd_wl2', 'tcb.snd_wl2'],
    definition: 'The acknowledgment number of the segment that the window was last taken from.',
    see: ['snd-wl1', 'snd-wnd'],
    source: SOURCE,
  },
  {
    term: 'ISS',
    aliases: ['initial send sequence number', 'ISN', 'initial sequence number', 'tcb.iss'],
    definition: 'The initial send sequence number: that of the own SYN.',
    meaning: 'The same 4-tuple with another ISS is another connection; it should be hard to guess.',
    see: ['irs', 'header-sequence-number', 'field-id', 'port-reuse'],
    source: 'RFC 9293, 3.4.1; RFC 6528',
  },
  {
    term: 'RCV.NXT',
    aliases: ['receive next', 'rcv_nxt', 'tcb.rcv_nxt'],
    definition: 'The sequence number that is expected next: all before it has arrived.',
    meaning: 'It is the acknowledgment number of what this end sends.',
    see: ['header-acknowledgment-number', 'out-of-order'],
    source: SOURCE,
  },
  {
    term: 'RCV.WND',
    aliases: ['rcv_wnd', 'tcb.rcv_wnd'],
    definition: 'How many bytes from RCV.NXT on this end takes.',
    meaning: 'It shrinks while the program does not read what waits in the receive queue.',
    see: ['receive-window', 'receive-queue', 'zero-window'],
    source: SOURCE,
  },
  {
    term: 'RCV.UP',
    aliases: ['receive urgent pointer', 'rcv_up', 'tcb.rcv_up'],
    definition: 'Up to where what comes is urgent.',
    see: ['flag-urg', 'header-urgent-pointer'],
    source: SOURCE,
  },
  {
    term: 'IRS',
    aliases: ['initial receive sequence number', 'tcb.irs'],
    definition: "The initial receive sequence number: that of the peer's SYN.",
    see: ['iss', 'header-sequence-number'],
    source: SOURCE,
  },
]);

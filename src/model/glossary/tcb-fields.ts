import { type Entry, entries } from './entry.ts';

/** Fields of the control blocks of `--tcb`, beside their variables (CONTROL_BLOCK). */
export const TCB_FIELDS: readonly Entry[] = entries('JSON field', [
  {
    term: 'tcb',
    definition:
      'With `--tcb`: the control blocks of both ends of a connection that is over, inferred from its segments.',
    meaning: 'What no segment showed is left out.',
    see: ['control-block', 'field-tcb-orig', 'field-tcb-resp'],
    source: 'RFC 9293, 3.3.1',
  },
  {
    term: 'tcb.orig',
    definition: 'The control block of the originator.',
    see: ['field-tcb', 'originator'],
  },
  {
    term: 'tcb.resp',
    definition: 'The control block of the responder.',
    see: ['field-tcb', 'responder'],
  },
  {
    term: 'tcb.state',
    definition: 'The state of the end when the connection was over, or the capture.',
    see: ['field-tcb', 'state-established', 'state-time-wait', 'state-closed'],
  },
  {
    term: 'tcb.mss',
    definition: 'The largest segment that the end takes, by its SYN.',
    see: ['header-mss'],
  },
  {
    term: 'tcb.window_scale',
    definition: 'The scale of its windows that the end offered in its SYN.',
    meaning:
      'It counts when both ends offer one; left out: windows above 65,535 bytes are not to be had.',
    see: ['header-window-scale'],
  },
  {
    term: 'tcb.options',
    definition: 'Other TCP options of its SYN: sack, timestamps, fast open.',
    see: ['header-sack', 'header-timestamps', 'header-fast-open'],
  },
  {
    term: 'tcb.initial_window',
    definition: 'Bytes that the end sent before any of them was acknowledged.',
    meaning: 'Ten segments are usual; fewer make short answers slow.',
    see: ['initial-window'],
  },
  {
    term: 'tcb.cwnd',
    definition:
      'Most bytes of the end that were in flight: its congestion window was at least that.',
    see: ['congestion-window', 'slow-start'],
  },
  {
    term: 'tcb.rtt_us',
    definition:
      'The round-trip time from where it was captured over the peer, smoothed, in microseconds.',
    see: ['round-trip-time', 'field-rtt-us'],
    source: 'RFC 6298',
  },
]);

import { describe, expect, it } from 'vitest';
import { CONN_STATES, EVENT_NAMES, OUTCOMES } from '../model/events.ts';
import { connStateOf, endingOf, eventOf, outcomeOf } from './ending.ts';
import { TcpState } from '../model/tcp-state.ts';

type StateName = keyof typeof TcpState;

const E = {
  none: 0,
  EPIPE: 32,
  ENETUNREACH: 101,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
};

/** states | errors | event | outcome | conn_state of an active socket | of a passive one */
const TABLE: [StateName[], (keyof typeof E)[], string, string, string, string][] = [
  [['SYN_SENT'], ['ECONNREFUSED'], 'refused', 'refused', 'REJ', 'REJ'],
  [['SYN_SENT'], ['ECONNRESET'], 'reset', 'reset', 'REJ', 'REJ'],
  [
    ['SYN_SENT'],
    ['none', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNABORTED'],
    'timeout',
    'timeout',
    'S0',
    'S0',
  ],
  [['SYN_RECV', 'NEW_SYN_RECV'], ['none', 'ETIMEDOUT'], 'timeout', 'timeout', 'S1', 'S1'],
  [['SYN_RECV'], ['ECONNRESET', 'ECONNABORTED'], 'reset', 'reset', 'RSTR', 'RSTO'],
  [
    ['ESTABLISHED', 'FIN_WAIT1', 'FIN_WAIT2', 'CLOSE_WAIT', 'LAST_ACK', 'CLOSING'],
    ['ECONNRESET', 'EPIPE'],
    'reset',
    'reset',
    'RSTR',
    'RSTO',
  ],
  [['ESTABLISHED'], ['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'], 'timeout', 'timeout', 'S1', 'S1'],
  [['FIN_WAIT1', 'FIN_WAIT2'], ['ETIMEDOUT'], 'timeout', 'timeout', 'S2', 'S3'],
  [['CLOSE_WAIT'], ['ETIMEDOUT'], 'timeout', 'timeout', 'S3', 'S2'],
  [['LAST_ACK', 'CLOSING', 'TIME_WAIT'], ['ETIMEDOUT'], 'timeout', 'timeout', 'SF', 'SF'],
  [
    ['ESTABLISHED', 'CLOSE_WAIT', 'FIN_WAIT1'],
    ['none', 'ECONNABORTED'],
    'reset',
    'reset',
    'RSTO',
    'RSTR',
  ],
  [['LAST_ACK', 'FIN_WAIT2', 'CLOSING', 'TIME_WAIT'], ['none'], 'close', 'ok', 'SF', 'SF'],
  [['LAST_ACK', 'FIN_WAIT2'], ['ECONNABORTED'], 'reset', 'reset', 'RSTO', 'RSTR'],
];

describe('endingOf', () => {
  for (const [states, errors, event, outcome, active, passive] of TABLE) {
    for (const state of states) {
      for (const error of errors) {
        it(`${state}, ${error}: ${event}, ${active} or ${passive}`, () => {
          const ends = [false, true].map((isPassive) =>
            endingOf(isPassive, TcpState[state], E[error]),
          );
          expect(ends.map((end) => EVENT_NAMES[eventOf(end)])).toEqual([
            `connection.${event}`,
            `connection.${event}`,
          ]);
          expect(ends.map((end) => OUTCOMES[outcomeOf(end)])).toEqual([outcome, outcome]);
          expect(ends.map((end) => CONN_STATES[connStateOf(end)])).toEqual([active, passive]);
        });
      }
    }
  }
});

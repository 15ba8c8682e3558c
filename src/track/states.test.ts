import { describe, expect, it } from 'vitest';
import { Play, playOne } from '../../test/track/script.ts';
import { TcpState } from '../model/tcp-state.ts';
import { Form } from '../wire/layout.gen.ts';
import { STATES } from './states.ts';

const OPEN = ['> S', '< SA', '> A'];
const NAMES = new Map<number, string>(Object.entries(TcpState).map(([name, n]) => [n, name]));

/** What a script's ends went through, as `FROM TO` with how often. */
function went(...lines: string[]): Record<string, number> {
  const { transitions } = new Play().send(...lines).tracker.counts();
  const all: Record<string, number> = {};
  transitions.forEach((count, at) => {
    if (count === 0) return;
    all[`${NAMES.get(Math.floor(at / STATES))} ${NAMES.get(at % STATES)}`] = count;
  });
  return all;
}

const HANDSHAKE = {
  'CLOSE SYN_SENT': 1,
  'CLOSE LISTEN': 1,
  'LISTEN SYN_RECV': 1,
  'SYN_SENT ESTABLISHED': 1,
  'SYN_RECV ESTABLISHED': 1,
};

describe('states of RFC 9293 3.3.2', () => {
  it.each<[orig: string, resp: string, lines: string[]]>([
    ['SYN_SENT', 'CLOSE', ['> S']],
    ['SYN_SENT', 'SYN_RECV', ['> S', '< SA']],
    ['ESTABLISHED', 'ESTABLISHED', OPEN],
    ['FIN_WAIT1', 'ESTABLISHED', [...OPEN, '> FA']],
    ['FIN_WAIT2', 'CLOSE_WAIT', [...OPEN, '> FA', '< A']],
    ['FIN_WAIT2', 'LAST_ACK', [...OPEN, '> FA', '< FA']],
    ['TIME_WAIT', 'CLOSE', [...OPEN, '> FA', '< A', '< FA', '> A']],
    ['CLOSE', 'TIME_WAIT', [...OPEN, '< FA', '> FA', '< A']],
    ['CLOSE', 'CLOSE', ['> S', '< RA 0']],
    ['CLOSE', 'CLOSE', [...OPEN, '> R']],
    // a listener goes on listening (3.10.7.4)
    ['CLOSE', 'LISTEN', ['> S', '< SA', '> R']],
    ['ESTABLISHED', 'ESTABLISHED', ['> PA 1001 5001 +5', '< A']],
    ['FIN_WAIT2', 'LAST_ACK', ['> FA 1001 5001', '< FA']],
  ])('%s and %s: %j', (orig, resp, lines) => {
    const told = playOne(...lines);
    expect([NAMES.get(told.orig.state), NAMES.get(told.resp.state)]).toEqual([orig, resp]);
  });
});

describe('transitions', () => {
  it('of a handshake and a close, the client first', () => {
    expect(went(...OPEN, '> FA', '< A', '< FA', '> A')).toEqual({
      ...HANDSHAKE,
      'ESTABLISHED FIN_WAIT1': 1,
      'FIN_WAIT1 FIN_WAIT2': 1,
      'FIN_WAIT2 TIME_WAIT': 1,
      'ESTABLISHED CLOSE_WAIT': 1,
      'CLOSE_WAIT LAST_ACK': 1,
      'LAST_ACK CLOSE': 1,
    });
  });

  it('of both ends that ask at once (3.5, figure 7)', () => {
    const lines = ['> S 1000', '< S 5000', '> SA 1000 5001', '< SA 5000 1001'];
    expect(went(...lines)).toEqual({
      'CLOSE SYN_SENT': 2,
      'SYN_SENT SYN_RECV': 2,
      'SYN_RECV ESTABLISHED': 2,
    });
    const told = playOne(...lines);
    expect(told).toMatchObject({ state: 'S1', forms: Form.SIMULTANEOUS_OPEN });
  });

  it('of both ends that close at once (3.6, figure 13)', () => {
    const lines = [...OPEN, '> FA 1001 5001', '< FA 5001 1001', '> A 1002 5002', '< A 5002 1002'];
    expect(went(...lines)).toEqual({
      ...HANDSHAKE,
      'ESTABLISHED FIN_WAIT1': 2,
      'FIN_WAIT1 CLOSING': 2,
      'CLOSING TIME_WAIT': 2,
    });
    expect(playOne(...lines)).toMatchObject({ state: 'SF', forms: Form.SIMULTANEOUS_CLOSE });
  });

  it('of a half close: data follows the other end FIN', () => {
    const told = playOne(...OPEN, '> FA', '< A', '< PA +10', '> A', '< FA', '> A');
    expect(told).toMatchObject({ state: 'SF', forms: Form.HALF_CLOSE, bytes: [0, 10] });
    expect(playOne(...OPEN, '> FA', '< PA 5001 1001 +10').forms).toBe(0); // it was under way
  });

  it('are none after a reset, whatever is still under way', () => {
    const before = went(...OPEN, '> R');
    expect(went(...OPEN, '> R', '< PA 5001 1001 +10', '< PA +10')).toEqual(before);
  });

  it('are counted of the ends that there are, and were', () => {
    const play = new Play().send(...OPEN);
    const { states } = play.tracker.counts();
    expect(states[TcpState.ESTABLISHED]).toBe(2);
    play.send('> FA', '< A');
    expect([states[TcpState.FIN_WAIT2], states[TcpState.CLOSE_WAIT]]).toEqual([1, 1]);
    play.end();
    const { left } = play.tracker.counts();
    expect(states.every((count) => count === 0)).toBe(true);
    expect([left[TcpState.FIN_WAIT2], left[TcpState.CLOSE_WAIT]]).toEqual([1, 1]);
  });

  it('of the begin are missing when it was not captured', () => {
    expect(went('> PA 1001 5001 +5', '< A', '> FA')).toEqual({ 'ESTABLISHED FIN_WAIT1': 1 });
    expect(playOne('> PA 1001 5001 +5').forms).toBe(Form.MIDSTREAM);
    expect(playOne('< SA', '> A').forms).toBe(Form.MIDSTREAM | Form.FLIPPED);
  });
});

describe('OPEN', () => {
  const opened = (...lines: string[]): number[] =>
    new Play()
      .send(...lines)
      .end()
      .filter(({ kind }) => kind === 'open')
      .map(({ at }) => Math.round(at * 1000));

  it('is told once, with the segment that ends the handshake', () => {
    expect(opened(...OPEN, '> PA +1', '< A')).toEqual([2]);
    expect(opened('> S', '< SA', '> PA +10')).toEqual([2]);
    expect(opened('> S 1000', '< S 5000', '> SA 1000 5001', '< SA 5000 1001')).toEqual([3]);
  });

  it('has the id of the end', () => {
    const told = new Play().send(...OPEN).end();
    expect(told.map(({ kind }) => kind)).toEqual(['open', 'ended']);
    expect(told[0]!.id).toBe(told[1]!.id);
  });

  it('is not told of a handshake that did not end, or did not begin', () => {
    expect(opened('> S', '< SA')).toEqual([]);
    expect(opened('> S', '< SA', '> R')).toEqual([]);
    expect(opened('< SA', '> A')).toEqual([]);
  });
});

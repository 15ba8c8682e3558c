/** Which resets end a connection (RFC 9293 3.10.7, RFC 5961 3). */
import { describe, expect, it } from 'vitest';
import { Play, playOne } from '../../test/track/script.ts';

const OPEN = ['> S', '< SA', '> A'];
const TALK = [...OPEN, '> PA +10', '< A', '< PA +20', '> A'];

describe('a reset', () => {
  it.each<[what: string, line: string]>([
    ['has the number that is expected next', '< RA 5021'],
    ['has the number of what is not acknowledged yet', '< R 5021'],
  ])('%s', (_what, line) => {
    expect(playOne(...TALK, line)).toMatchObject({ state: 'RSTR', event: 'reset' });
  });

  it.each<[what: string, line: string]>([
    ['before the window', '< R 4000'],
    ['beyond it', '< R 900000'],
    ['within it, which is answered by a challenge', '< R 5121'],
  ])('%s changes nothing, when the connection goes on', (_what, line) => {
    const told = playOne(...TALK, line, '> A', '< PA 5021 +5', '> FA', '< FA', '> A');
    expect(told).toMatchObject({ state: 'SF', event: 'close', bytes: [10, 25] });
    expect(told.history).toContain('r');
  });

  it('that should be ignored counts when nothing follows from its end', () => {
    const told = playOne(...TALK, '< R 900000', '> A');
    expect(told).toMatchObject({ state: 'RSTR', event: 'reset', reason: 3 });
  });

  it('with the number of the FIN before it is accepted', () => {
    const told = playOne(...TALK, '< FA', '> A', '< R 5021', '> PA +10');
    expect(told.state).toBe('RSTR');
  });

  it('refuses a SYN only if it acknowledges that', () => {
    const late = new Play().send('> S', '< RA 0 77', '@1 > S 1000', '< SA', '> A').end();
    expect(late.filter(({ kind }) => kind === 'ended')).toMatchObject([{ state: 'S1' }]);
    expect(playOne('> S', '< RA 0 1001')).toMatchObject({ state: 'REJ', event: 'refused' });
  });

  it('ends a connection of which one direction was captured', () => {
    expect(playOne('> S', '> A 1001 5001', '> PA 1001 5001 +10', '> R 1011').state).toBe('OTH');
    expect(playOne('< SA', '< PA +10', '< R').state).toBe('RSTRH');
  });

  it('does not take others with it', () => {
    const play = new Play().send(...TALK, '< R 5021').until(4);
    expect(play.take().filter(({ kind }) => kind === 'ended')).toEqual([]);
    expect(play.send('@4.5 > A').until(7).take()).toMatchObject([
      { state: 'RSTR', history: 'ShADadr' },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { playOne } from '../../test/track/script.ts';

const OPEN = ['> S', '< SA', '> A'];

/** Every conn_state, and how connections come to it. */
describe('conn_state', () => {
  it.each<[state: string, history: string, event: string, lines: string[]]>([
    ['S0', 'S', 'timeout', ['> S']],
    ['S0', 'S', 'timeout', ['> S', '@1 > S 1000', '@3 > S 1000']],
    ['S1', 'Sh', 'timeout', ['> S', '< SA']],
    ['S1', 'ShA', 'close', OPEN],
    ['S1', 'ShADad', 'close', [...OPEN, '> PA +10', '< A', '< PA +20']],
    ['SF', 'ShAFaf', 'close', [...OPEN, '> FA', '< A', '< FA', '> A']],
    ['SF', 'ShAFf', 'close', [...OPEN, '> FA', '< FA', '> A']],
    ['SF', 'ShAfFa', 'close', [...OPEN, '< FA', '> FA', '< A']],
    ['SF', 'ShAFfR', 'close', [...OPEN, '> FA', '< FA', '> R']],
    ['REJ', 'Sr', 'refused', ['> S', '< RA 0']],
    ['REJ', 'Sr', 'refused', ['> S', '< R']],
    ['REJ', 'Sr', 'refused', ['> S', '@1 > S 1000', '< RA 0']],
    ['S2', 'ShAFa', 'close', [...OPEN, '> FA', '< A']],
    ['S3', 'ShAf', 'close', [...OPEN, '< FA', '> A']],
    ['RSTO', 'ShAR', 'reset', [...OPEN, '> R']],
    ['RSTO', 'ShR', 'reset', ['> S', '< SA', '> R']],
    ['RSTO', 'ShAFR', 'reset', [...OPEN, '> FA', '> R']],
    ['RSTR', 'ShADr', 'reset', [...OPEN, '> PA +10', '< RA']],
    ['RSTR', 'ShAFr', 'reset', [...OPEN, '> FA', '< R']],
    ['RSTOS0', 'SR', 'reset', ['> S', '> R']],
    ['RSTRH', '^hr', 'reset', ['< SA', '< R']],
    ['RSTRH', 'Dr', 'reset', ['> PA 1000 5000 +10', '< R']],
    ['SH', 'SF', 'timeout', ['> S', '> F']],
    ['SHR', '^hf', 'close', ['< SA', '< FA']],
    ['OTH', 'A', 'close', ['> A 1000 5000']],
    ['OTH', 'Dd', 'close', ['> PA 1000 5000 +10', '< PA +20']],
    ['OTH', '^h', 'close', ['< SA']],
    ['OTH', 'C', 'close', ['> S bad']],
  ])('%s %s, told as %s: %j', (state, history, event, lines) => {
    const told = playOne(...lines);
    expect([told.state, told.history, told.event]).toEqual([state, history, event]);
  });
});

import { describe, expect, it } from 'vitest';
import { Play, playOne } from '../../test/track/script.ts';

const OPEN = ['> S', '< SA', '> A'];
const times = (count: number, ...lines: string[]): string[] =>
  Array.from({ length: count }, () => lines).flat();

/** Every letter; conn-state.test.ts has more of the common ones. */
describe('history', () => {
  it.each<[history: string, lines: string[]]>([
    // what is told once, however often it is sent
    ['ShADa', [...OPEN, ...times(5, '> PA +10', '< A')]],
    ['ShADda', [...OPEN, '> PA +10', '< PA +10', '> A', '< A', '> A']],
    // SYN, FIN and RST again with the same number, and with another one
    ['S', ['> S', '@1 > S 1000']],
    ['ShAFaf', [...OPEN, '> FA 1001', '< A', '> FA 1001', '< FA', '> FA 1001']],
    ['ShAFF', [...OPEN, '> FA 1001', '> FA 1002']],
    ['ShARR', [...OPEN, '> R 1001', '> R 1002', '> R 1002']],
    // FIN and RST together, and other two
    ['ShAI', [...OPEN, '> FRA']],
    ['Q', ['> SF']],
    ['Sq', ['> S', '< SRA']],
    // payload that was sent before: at the 1st, 10th, 100th time
    ['ShADT', [...OPEN, ...times(2, '> PA 1001 +10')]],
    ['ShADT', [...OPEN, ...times(10, '> PA 1001 +10')]],
    ['ShADTT', [...OPEN, ...times(11, '> PA 1001 +10')]],
    ['ShADTTT', [...OPEN, ...times(101, '> PA 1001 +10')]],
    // acknowledged, and not captured
    ['ShADaG', [...OPEN, '> PA 1001 +10', '> PA 1021 +10', '< A 5001 1031']],
    ['ShAdg', [...OPEN, '< PA 5011 +10', '> A 1001 5021']],
    // a window that is closed; not with a reset, nor when the other end has closed
    ['ShAaw', [...OPEN, '< A w=0']],
    ['ShAaww', [...OPEN, ...times(10, '< A w=0')]],
    ['ShADWa', [...OPEN, '> PA +1 w=0', '< A']],
    ['ShAr', [...OPEN, '< RA w=0']],
    ['ShAFa', [...OPEN, '> FA', '< A w=0']],
    // a wrong checksum: nothing else of such a segment is believed
    ['C', ['> S bad']],
    ['ShAcD', [...OPEN, '< FA bad', '> PA +10']],
    ['ShACC', [...OPEN, ...times(10, '> PA +10 bad')]],
    // the begin is missing: the end with the port of a server is the responder
    ['^hA', ['< SA', '> A']],
    ['^dA', ['< PA 5001 1001 +10', '> A 1001']],
    ['Da', ['> PA 1001 5001 +10', '< A']],
  ])('%s: %j', (history, lines) => {
    expect(playOne(...lines).history).toBe(history);
  });

  it('begins with H for a SYN+ACK of no likely server, until something follows', () => {
    const ends = { serverPort: 7777 };
    const [scan] = new Play({ ends }).send('< SA').end();
    expect(scan).toMatchObject({ history: 'H', conn: '192.0.2.2:7777 > 192.0.2.1:40000' });
    const [talk] = new Play({ ends }).send('< SA', '> A', '> PA +5').end();
    expect(talk).toMatchObject({
      history: '^hAD',
      conn: '192.0.2.1:40000 > 192.0.2.2:7777',
      bytes: [5, 0],
    });
  });

  it('turns round when a SYN was captured after its SYN+ACK', () => {
    const ends = { serverPort: 7777 };
    const [one] = new Play({ ends }).send('< SA 5000 1001', '> S 1000', '> A 1001 5001').end();
    expect(one).toMatchObject({
      history: 'Hs^A',
      conn: '192.0.2.1:40000 > 192.0.2.2:7777',
      state: 'S1',
    });
  });

  it('has X once more holes are open than are followed', () => {
    const holes = Array.from({ length: 70 }, (_, i) => `> PA ${1101 + 20 * i} +10`);
    const told = playOne(...OPEN, ...holes, '< A 5001 2511');
    expect(told.history).toBe('ShADXa');
    expect(told.missed).toEqual([0, 0]);
  });

  it('is cut where a record has no room for more', () => {
    const syns = Array.from({ length: 60 }, (_, i) => `> R ${1001 + i}`);
    expect(playOne(...OPEN, ...syns).history).toBe(`ShA${'R'.repeat(36)}`);
  });
});

/** Bytes, by sequence numbers. */
import { describe, expect, it } from 'vitest';
import { playOne } from '../../test/track/script.ts';

const OPEN = ['> S', '< SA', '> A'];

describe('bytes', () => {
  it.each<[what: string, bytes: [number, number], lines: string[]]>([
    ['of both ends', [10, 25], [...OPEN, '> PA +10', '< PA +25', '> A', '< A']],
    ['each once, however often it is sent', [10, 0], [...OPEN, '> PA +10', '> PA 1001 +10']],
    ['without the octets of SYN and FIN', [10, 0], [...OPEN, '> PA +10', '> FA', '< A', '< FA']],
    ['of a FIN with payload', [10, 0], [...OPEN, '> FPA +10', '< FA', '> A']],
    ['of a SYN with payload', [7, 0], ['> S +7', '< SA', '> A']],
    ['not of a reset', [0, 0], [...OPEN, '> R +30']],
    ['that were acknowledged, and not captured', [50, 0], [...OPEN, '< A 5001 1051']],
    ['across zero', [300, 0], ['> S 4294967200', '< SA', '> A', '> PA +200', '> PA +100', '< A']],
    ['of which only a later part was captured', [10, 4], ['> PA 9000 77 +10', '< PA 77 9010 +4']],
    [
      'up to the FIN, when only that was captured',
      [4000, 0],
      [...OPEN, '> FA 5001', '< A 5001 5002'],
    ],
  ])('%s', (_what, bytes, lines) => {
    expect(playOne(...lines).bytes).toEqual(bytes);
  });

  it('are more than 32 bits count', () => {
    const part = 2 ** 30;
    const lines = [...OPEN];
    for (let n = 1; n <= 10; n++) lines.push(`< A ${(5001 + n * part - 1) % 2 ** 32} 1001 +1`);
    expect(playOne(...lines).bytes).toEqual([0, 10 * part]);
  });
});

describe('missed bytes', () => {
  it.each<[what: string, missed: [number, number], lines: string[]]>([
    ['are acknowledged', [10, 0], [...OPEN, '> PA +10', '> PA 1021 +10', '< A 5001 1031']],
    ['are none until then', [0, 0], [...OPEN, '> PA +10', '> PA 1021 +10', '< A 5001 1011']],
    [
      'are none when they come in time',
      [0, 0],
      [...OPEN, '> PA 1011 +10', '> PA 1001 +10', '< A 5001 1021'],
    ],
    [
      'are several holes together',
      [30, 0],
      [...OPEN, '> PA 1011 +10', '> PA 1031 +10', '> PA 1051 +10', '< A 5001 1061'],
    ],
    ['are the end of a stream', [0, 20], [...OPEN, '< PA +10', '> A 1001 5031']],
    ['are no FIN', [0, 0], [...OPEN, '> FA', '< A', '< FA', '> A']],
    ['of payload that the capture cut off', [10, 0], [...OPEN, '> PA +10 cut=3', '< A']],
    [
      'are not told of a connection whose begin is missing',
      [0, 0],
      ['> PA 1001 77 +5', '< A 77 2000'],
    ],
  ])('%s', (_what, missed, lines) => {
    expect(playOne(...lines).missed).toEqual(missed);
  });

  it('are not looked for where acknowledgements are not captured', () => {
    const data = Array.from({ length: 20 }, (_, i) => `> A ${2001 + 1000 * i} +1000`);
    const told = playOne('> S', '< SA', ...data, '< A 5001 22001');
    expect(told.missed).toEqual([0, 0]);
  });
});

/** The transmission control block of both ends (RFC 9293 3.3.1), windows, options and round trips. */
import { describe, expect, it } from 'vitest';
import { play, playOne } from '../../test/track/script.ts';
import { TcpOption } from '../wire/layout.gen.ts';
import { NO_SCALE } from './window.ts';

const OPEN = ['> S', '< SA', '> A'];
/** MSS 1460, SACK, timestamps, scale 7; MSS 1400, scale 3. */
const CLIENT = 'o=020405b40402080a000000010000000001030307';
const SERVER = 'o=0204057801030303';

describe('the control block', () => {
  it('has what each end sent, and what it got', () => {
    const told = playOne(
      '> S 100 w=1000',
      '< SA 300 101 w=2000',
      '> A 101 301 w=1100',
      '> PA 101 301 +10 w=1100',
      '< A 301 111 w=1990',
      '< PUA 301 111 +20 w=1990 u=5',
      '> A 111 321 w=1080',
    );
    expect(told.orig).toMatchObject({
      iss: 100,
      snd_una: 111,
      snd_nxt: 111,
      snd_wnd: 1990,
      snd_wl1: 301,
      snd_wl2: 111,
      snd_up: 0,
      irs: 300,
      rcv_nxt: 321,
      rcv_wnd: 1080,
      rcv_up: 306,
    });
    expect(told.resp).toMatchObject({
      iss: 300,
      snd_una: 321,
      snd_nxt: 321,
      snd_wnd: 1080,
      snd_wl1: 111,
      snd_wl2: 321,
      snd_up: 306,
      irs: 100,
      rcv_nxt: 111,
      rcv_wnd: 1990,
      rcv_up: 0,
    });
  });

  it('goes through zero', () => {
    const told = playOne(
      '> S 4294967290',
      '< SA 4294967295',
      '> A',
      '> PA +20',
      '< A',
      '< PA +1',
      '> A',
    );
    expect(told.orig).toMatchObject({ snd_una: 15, snd_nxt: 15, rcv_nxt: 1 });
    expect(told.resp).toMatchObject({ snd_una: 1, snd_nxt: 1, rcv_nxt: 15 });
  });

  it('keeps a window that a later segment told, when an earlier one comes after it', () => {
    const told = playOne(...OPEN, '> PA +10', '< A 5001 1011 w=500', '< A 5001 1001 w=9000');
    expect(told.orig.snd_wnd).toBe(500);
  });

  it('knows the options of both SYNs', () => {
    const told = playOne(`> S ${CLIENT}`, `< SA ${SERVER}`, '> A');
    expect(told.orig).toMatchObject({
      mss: 1460,
      window_scale: 7,
      options: TcpOption.SACK | TcpOption.TIMESTAMPS,
    });
    expect(told.resp).toMatchObject({ mss: 1400, window_scale: 3, options: 0 });
    expect(playOne(...OPEN).orig).toMatchObject({ mss: 0, window_scale: NO_SCALE, options: 0 });
    expect(playOne('> S o=22020000', '< SA').orig.options).toBe(TcpOption.FAST_OPEN);
  });
});

describe('windows', () => {
  it('are scaled after the handshake, if both ends offered it (RFC 7323 2.2)', () => {
    const lines = ['> A w=501', '< A w=100'];
    const both = playOne(`> S ${CLIENT} w=64240`, `< SA ${SERVER} w=65000`, ...lines);
    expect([both.orig.rcv_wnd, both.resp.rcv_wnd]).toEqual([501 << 7, 100 << 3]);
    const one = playOne(`> S ${CLIENT}`, '< SA', ...lines);
    expect([one.orig.rcv_wnd, one.resp.rcv_wnd]).toEqual([501, 100]);
    expect(playOne(`> S ${CLIENT} w=64240`).orig.rcv_wnd).toBe(64_240);
  });

  it('that close are counted each time', () => {
    const told = playOne(
      ...OPEN,
      '> PA +10',
      '< A w=0',
      '< A w=0',
      '< A w=100',
      '> PA +5',
      '< A w=0',
    );
    expect(told.resp.zero_windows).toBe(2);
    expect(told.orig.zero_windows).toBe(0);
  });
});

describe('segments that are sent again', () => {
  const counters = (...lines: string[]): number[] => {
    const { orig } = playOne(...OPEN, ...lines);
    return [orig.retransmits, orig.out_of_order];
  };

  it.each<[what: string, counts: [retransmits: number, outOfOrder: number], lines: string[]]>([
    ['with the same bytes', [2, 0], ['> PA +10', '> PA 1001 +10', '> PA 1001 +10']],
    ['with more behind them', [1, 0], ['> PA +10', '> PA 1001 +30']],
    ['after they were acknowledged', [1, 0], ['> PA +10', '< A', '> PA 1001 +10']],
    ['as a FIN', [1, 0], ['> FA', '> FA 1001']],
    ['that overtook each other', [0, 1], ['> PA 1011 +10', '> PA 1001 +10']],
    ['that were lost before the capture', [1, 0], ['> PA 1011 +10', '@0.5 > PA 1001 +10']],
    ['of one byte', [1, 0], ['> PA +1', '> PA 1001 +1']],
    ['to keep the connection alive', [0, 0], ['> PA +10', '< A', '> A 1010', '< A', '> A 1010 +1']],
    [
      'to probe a closed window',
      [0, 0],
      ['> PA +9', '< A w=0', '> A 1010 +1', '< A 5001 1010 w=0', '> A 1010 +1'],
    ],
  ])('%s: %j', (_what, counts, lines) => {
    expect(counters(...lines)).toEqual(counts);
  });

  it('as a SYN are the same attempt', () => {
    const told = playOne('> S', '@1 > S 1000', '@3 > S 1000', '@3.1 < SA', '> A');
    expect(told.orig.retransmits).toBe(2);
    expect(told.packets).toEqual([4, 1]);
  });

  it('are no longer told from others when payload was cut off', () => {
    expect(counters('> PA +10 cut=0', '> PA 1001 +10 cut=0')).toEqual([1, 0]);
  });
});

describe('duplicate acknowledgements (RFC 5681 2)', () => {
  it.each<[what: string, count: number, lines: string[]]>([
    [
      'ask for what is missing',
      3,
      ['> PA +10', '> PA +10', '< A 5001 1011', '< A 5001 1011', '< A 5001 1011', '< A 5001 1011'],
    ],
    ['are none when nothing is on its way', 0, ['> PA +10', '< A', '< A', '< A']],
    ['are none with data', 0, ['> PA +10', '< PA 5001 1001 +10']],
    ['are none with another window', 0, ['> PA +10', '< A 5001 1001 w=5', '< A 5001 1001 w=6']],
  ])('%s', (_what, count, lines) => {
    expect(playOne(...OPEN, ...lines).resp.duplicate_acks).toBe(count);
  });
});

describe('round trips', () => {
  const rtt = (...lines: string[]): [number, number] => {
    const told = playOne(...lines);
    return [told.orig.rtt_us, told.resp.rtt_us];
  };

  it('are measured from both ends', () => {
    expect(rtt('@0 > S', '@0.05 < SA', '@0.06 > A')).toEqual([50_000, 10_000]);
  });

  it('are smoothed by an eighth (RFC 6298 2)', () => {
    const lines = ['@0 > S', '@0.08 < SA', '@0.081 > A', '@0.2 > PA +1', '@0.24 < A'];
    expect(rtt(...lines)[0]).toBe(75_000); // 7/8 of 80 ms and 1/8 of 40 ms
  });

  it('are not measured by segments that were sent again (Karn)', () => {
    expect(rtt('@0 > S', '@1 > S 1000', '@1.05 < SA', '@1.06 > A')[0]).toBe(0);
    const lines = [
      '@0 > S',
      '@0.08 < SA',
      '@0.081 > A',
      '@0.2 > PA +5',
      '@0.5 > PA 1001 +5',
      '@0.6 < A',
    ];
    expect(rtt(...lines)[0]).toBe(80_000);
  });

  it('are unknown without an acknowledgement, and at least a microsecond with one', () => {
    expect(rtt('> S')).toEqual([0, 0]);
    expect(rtt('@0 > S', '@0 < SA')[0]).toBe(1);
  });
});

describe('what is in flight', () => {
  it('at the begin is the initial window, and at most the congestion window', () => {
    const burst = ['> A +1000', '> A +1000', '> A +1000'];
    const told = playOne(...OPEN, ...burst, '< A', ...burst, ...burst, '< A', '> PA +10');
    expect([told.orig.initial_window, told.orig.cwnd]).toEqual([3000, 6000]);
    expect([told.resp.initial_window, told.resp.cwnd]).toEqual([0, 0]);
  });

  it('has no initial window when the begin was not captured', () => {
    const [told] = play('> PA 1001 5001 +1000', '> PA +1000', '< A');
    expect(told!.orig).toMatchObject({ initial_window: 0, cwnd: 2000 });
  });
});

/** When connections are over of which nothing more comes, and what begins another one. */
import { describe, expect, it } from 'vitest';
import { Play } from '../../test/track/script.ts';
import { udp, ip } from '../../test/support/frames.ts';
import { FlowEnd } from '../model/events.ts';

const OPEN = ['> S', '< SA', '> A'];
const END = { '>': '> FA', '<': '< FA' };

/** Of the connections that had ended by a second. */
function endedBy(second: number, lines: string[], serverPort = 80): string[] {
  const play = new Play({ ends: { serverPort } }).send(...lines).until(second);
  const ended = play.take().filter(({ kind }) => kind === 'ended');
  return ended.map(({ state, reason }) => `${state} ${reason}`);
}

describe('a connection of which nothing more comes is over', () => {
  it.each<
    [what: string, after: number, reason: number, state: string, lines: string[], port?: number]
  >([
    ['after 5 s, when its SYN was not answered', 5, FlowEnd.idle, 'S0', ['> S']],
    [
      'after 5 s, when both ends closed',
      5,
      FlowEnd.end,
      'SF',
      [...OPEN, END['>'], END['<'], '> A'],
    ],
    ['after 5 s, when it was reset', 5, FlowEnd.end, 'RSTO', [...OPEN, '> R']],
    ['after 5 s, when it was refused', 5, FlowEnd.end, 'REJ', ['> S', '< RA 0']],
    ['after 5 minutes, when it was open', 300, FlowEnd.idle, 'S1', OPEN],
    ['after 5 minutes, when one end closed', 300, FlowEnd.idle, 'S2', [...OPEN, END['>'], '< A']],
    ['after an hour, when people use it', 3600, FlowEnd.idle, 'S1', OPEN, 22],
    [
      'after 5 minutes, when its begin is missing',
      300,
      FlowEnd.idle,
      'OTH',
      ['> PA 1 2 +1', '< A'],
    ],
  ])('%s', (_what, after, reason, state, lines, port) => {
    expect(endedBy(after - 2, lines, port)).toEqual([]);
    expect(endedBy(after + 3, lines, port)).toEqual([`${state} ${reason}`]);
  });

  it('not when something comes in time', () => {
    const lines = [...OPEN, '@299 > PA +1', '@598 < A'];
    expect(endedBy(890, lines)).toEqual([]);
    expect(endedBy(902, lines)).toEqual(['S1 1']);
  });

  it('to the packet, however late it is noticed', () => {
    const told = new Play().send(...OPEN, '@301 > PA +1').end();
    const ended = told.filter(({ kind }) => kind === 'ended');
    expect(ended.map(({ state, history }) => `${state} ${history}`)).toEqual(['S1 ShA', 'OTH D']);
  });

  it('and has what came with its close, but not its duration', () => {
    const [, told] = new Play()
      .send(...OPEN, '@1 > FA', '@2 < FA', '@4 > A')
      .until(8)
      .take();
    expect(told).toMatchObject({ duration: 2, history: 'ShAFf', packets: [4, 2] });
  });
});

describe('another connection begins', () => {
  const states = (...lines: string[]): string[] =>
    new Play()
      .send(...lines)
      .end()
      .filter(({ kind }) => kind === 'ended')
      .map(({ state, history }) => `${state} ${history}`);

  it('with a SYN of another number', () => {
    expect(states(...OPEN, '> S 9000', '< SA', '> A')).toEqual(['S1 ShA', 'S1 ShA']);
    expect(states('> S', '> S 9000')).toEqual(['S0 S', 'S0 S']);
  });

  it('with any SYN after a close', () => {
    expect(states('> S', '< RA 0', '> S 1000', '< RA 0')).toEqual(['REJ Sr', 'REJ Sr']);
    expect(states(...OPEN, '> FA', '< FA', '> A', '> S 9000')).toEqual(['SF ShAFf', 'S0 S']);
  });

  it('not with the same SYN, nor with its answer again', () => {
    expect(states('> S', '@1 > S 1000', '< SA', '< SA 5000', '> A')).toEqual(['S1 ShA']);
  });

  it('under another id', () => {
    const ended = new Play().send('> S', '> S 9000').end();
    expect(new Set(ended.map(({ id }) => id)).size).toBe(2);
  });
});

describe('times', () => {
  const ended = (...lines: string[]): string[] =>
    new Play()
      .send(...lines)
      .end()
      .filter(({ kind }) => kind === 'ended')
      .map(({ state }) => state);
  const other = { src: '198.51.100.1', dst: '198.51.100.2' };
  const packet = ip(other, udp({ srcPort: 1, dstPort: 2 }));

  it.each([-5000, 9_000_000])('of a single packet, %d s off, end no others', (second) => {
    const play = new Play().send(...OPEN).packet(second, packet);
    const told = play.send('@2 > FA', '< FA', '> A').end();
    const all = told.filter(({ kind }) => kind === 'ended').map(({ history }) => history);
    expect(all.toSorted()).toEqual(['D', 'ShAFf']);
  });

  it('that were set forward, or back, are followed', () => {
    const play = new Play()
      .send(...OPEN)
      .packet(10_000, packet)
      .packet(10_001, packet);
    expect(
      play
        .packet(10_003, packet)
        .take()
        .map(({ state }) => state),
    ).toContain('S1');
    play.send('@20 > S 77').packet(21, packet).packet(22, packet).until(30);
    expect(play.take().map(({ state }) => state)).toContain('S0');
  });

  it('may be equal, and zero', () => {
    expect(ended('@0 > S', '@0 < SA', '@0 > A', '@0 > FA', '@0 < FA', '@0 > A')).toEqual(['SF']);
    expect(ended('@-1700000000 > S', '@-1700000000 < RA 0')).toEqual(['REJ']);
  });

  it('that go back within a connection never make it shorter than nothing', () => {
    const told = new Play().send('@10 > S', '@9.9 < SA', '@9.8 > A').end();
    expect(told.find(({ kind }) => kind === 'ended')).toMatchObject({
      duration: 0,
      history: 'ShA',
    });
  });
});

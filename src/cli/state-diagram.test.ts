import { describe, expect, it } from 'vitest';
import { statesOf } from '../agent/states.ts';
import { STATE_NAMES, TRANSITIONS } from '../model/tcp-transitions.ts';
import { stateDiagram } from './state-diagram.ts';

const counts = STATE_NAMES.map((_, code) => (code === 0 ? 0 : 1000 + code));
/** Each transition with a number of its own. */
const changed = TRANSITIONS.map(({ from, to }, i) => ({ from, to, count: 5000 + i }));

describe('the state diagram', () => {
  it('has each state and each transition of figure 5 with its count, once', () => {
    const text = stateDiagram(statesOf('ends', counts, changed));
    const numbers = [...text.matchAll(/\d{4,}/g)].map(([number]) => Number(number));
    // 12 and 13 are counted with 3 and 7, which they are on the wire
    const states = [1001, 1002, 1003 + 1012, 1004, 1005, 1006, 1007 + 1013, 1008, 1009, 1010, 1011];
    expect(numbers.sort((a, b) => a - b)).toEqual(
      [...states, ...changed.map((c) => c.count)].sort((a, b) => a - b),
    );
    for (const state of STATE_NAMES) expect(text).toContain(state);
  });

  it('is 80 columns of ASCII, however large its counts are', () => {
    const large = (count: number) => count * 1e6;
    const huge = changed.map((each) => ({ ...each, count: large(each.count) }));
    for (const text of [
      stateDiagram(statesOf('ends', counts, [])),
      stateDiagram(statesOf('ends', counts.map(large), huge)),
    ]) {
      expect(text).toMatch(/^[ -~\n]*$/);
      expect(text).not.toMatch(/[@#~]| $/m);
      const lines = text.split('\n');
      expect(lines.filter(({ length }) => length > 80)).toEqual([]);
    }
    expect(stateDiagram(statesOf('ends', counts.map(large), huge))).toContain('  5.0G');
  });

  it('keeps every line where it is, whatever is counted', () => {
    const bare = stateDiagram(statesOf('sockets', [], []));
    const full = stateDiagram(statesOf('sockets', counts, changed));
    const corners = (text: string) =>
      text.split('\n').map((line) => [...line.matchAll(/[+|<>v^]/g)].map(({ index }) => index));
    expect(corners(full)).toEqual(corners(bare));
  });

  it('has transitions that the figure has not behind those of it', () => {
    const cut = { from: 'ESTABLISHED', to: 'CLOSED', count: 7 } as const;
    const { transitions } = statesOf('ends', [], [cut, ...changed]);
    expect(transitions).toHaveLength(21);
    expect(transitions.at(-1)).toEqual(cut);
    expect(transitions[1]).toEqual({
      from: 'CLOSED',
      to: 'SYN-SENT',
      on: 'active OPEN',
      sends: 'SYN',
      count: 5001,
    });
  });
});

import { describe, expect, it } from 'vitest';
import { Exit, OperatorError } from './errors.ts';
import { ALL_EVENTS, EVENT_NAMES, EventCode, parseEvents } from './events.ts';

describe('parseEvents', () => {
  it('takes names, and a prefix for its group', () => {
    expect(parseEvents('scan').mask).toBe(1 << EventCode.scan);
    expect(parseEvents('connection').mask).toBe(0b111111);
    expect(parseEvents(' connection.attempt , loss').mask).toBe(
      (1 << EventCode.attempt) | (1 << EventCode.loss),
    );
    expect(parseEvents(EVENT_NAMES.join()).mask).toBe(ALL_EVENTS);
  });

  it('takes those of plugins beside them', () => {
    const plugins = ['neighbor.new', 'neighbor.moved', 'router.new'];
    const { mask, plugins: chosen } = parseEvents('neighbor,scan', plugins);
    expect(mask).toBe(1 << EventCode.scan);
    expect([...chosen]).toEqual(['neighbor.new', 'neighbor.moved']);
    expect(() => parseEvents('neighbor')).toThrow("no event named 'neighbor'");
  });

  for (const bad of ['', 'scan,', 'conn', 'connection.', 'connection.opened', 'SCAN']) {
    it(`refuses '${bad}' and names what there is`, () => {
      let failure: unknown;
      try {
        parseEvents(bad);
      } catch (error) {
        failure = error;
      }
      expect(failure).toBeInstanceOf(OperatorError);
      expect((failure as OperatorError).exitCode).toBe(Exit.usage);
      expect((failure as OperatorError).hint).toContain('connection.attempt');
    });
  }
});

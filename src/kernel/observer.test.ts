import { describe, expect, it } from 'vitest';
import { checkCalls, observer } from './observer.ts';

const EXIT = [0x95, 0, 0, 0, 0, 0, 0, 0];
const DROP = [0xb7, 0, 0, 0, 2, 0, 0, 0]; // r0 = 2
const call = (helper: number, kind = 0) => [0x85, kind << 4, 0, 0, helper, 0, 0, 0];
const code = (...parts: number[][]) => Buffer.from(parts.flat());

describe('an observer', () => {
  it('ends in one place, wherever it ended', () => {
    const program = observer(code(DROP, EXIT, DROP, EXIT), { pass: -1 });
    const go = (distance: number) => [0x05, 0, distance, 0, 0, 0, 0, 0];
    const pass = [0xb7, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]; // r0 = -1
    expect(program).toEqual(code(DROP, go(2), DROP, go(0), pass, EXIT));
  });

  it('runs its successor first', () => {
    const program = observer(code(DROP, EXIT), { pass: 2, next: { chain: 7, at: 3 } });
    expect(program.subarray(-16)).toEqual(code(DROP, EXIT));
    expect(program.subarray(-24, -16)).toEqual(code(call(12)));
  });

  it('takes no constant for an end', () => {
    const load = [0x18, 1, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 2, 0, 0, 0]; // r1 = 64 bits
    const program = observer(code(load, EXIT), { pass: -1 });
    expect(program.subarray(0, 16)).toEqual(code(load));
  });

  it('may be long, but not too long', () => {
    const filler = Array.from({ length: 0x7fff }, () => DROP);
    expect(() => observer(code(EXIT, ...filler), { pass: 2 })).not.toThrow();
    expect(() => observer(code(EXIT, DROP, ...filler), { pass: 2 })).toThrow('too long');
  });
});

describe('calls', () => {
  it('to look are allowed', () => {
    expect(() => checkCalls(code(call(1), call(5), call(130)))).not.toThrow();
  });

  it.each([
    ['skb_store_bytes', 9],
    ['tail_call', 12],
    ['clone_redirect', 13],
    ['redirect', 23],
    ['probe_write_user', 36],
    ['xdp_adjust_head', 44],
    ['override_return', 58],
    ['send_signal', 109],
  ])('of %s are refused', (_, helper) => {
    expect(() => checkCalls(code(call(helper)))).toThrow(`it calls helper ${helper}`);
  });

  it('of other functions are refused', () => {
    expect(() => checkCalls(code(call(0, 1)))).toThrow('no helper');
    expect(() => checkCalls(code(call(99, 2)))).toThrow('no helper');
  });
});

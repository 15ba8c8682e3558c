/** Frames that end too early or lie about themselves: never a drop, never an attempt without a whole TCP header. */
import { describe, expect, it } from 'vitest';
import { DATA, LIES, SCANNER, SCANNER6, VICTIM, WHOLE } from '../contract/attempt-frames.ts';
import { ethernet, ipv4, Tcp, tcp, udp } from '../support/frames.ts';
import { HOOKS } from './rig.ts';
import { withRig } from './with-rig.ts';

const V4 = { src: SCANNER, dst: VICTIM };

describe.each(HOOKS)('truncated at every byte, %s', (hook) => {
  const rig = withRig({ block: true });

  it.each(Object.entries(WHOLE))('%s', (_, frame) => {
    for (let length = 0; length <= frame.length; length++) {
      const verdict = rig().run(hook, frame.subarray(0, length));
      expect([length, verdict]).not.toEqual([length, 'drop']);
      const whole = length >= frame.length - DATA.length;
      const expected = whole ? { attempts: 1, attempts_reported: 1 } : { malformed: 1 };
      expect([length, rig().moved()]).toEqual([
        length,
        verdict === 'refused' ? {} : { packets: 1, ...expected },
      ]);
      expect(rig().discard()).toBe(whole ? 1 : 0);
    }
  });

  it.each(Object.entries(WHOLE))('%s, of a blocked source: no attempt', (_, frame) => {
    rig().block(SCANNER);
    rig().block(SCANNER6);
    rig().discard();
    for (let length = 0; length <= frame.length; length++)
      rig().run(hook, frame.subarray(0, length));
    expect(rig().records()).toEqual([]);
    const { attempts, attempts_dropped: dropped } = rig().moved();
    expect([attempts, dropped]).toEqual([DATA.length + 1, DATA.length + 1]);
  });

  it('UDP, while a source is blocked', () => {
    rig().block('192.0.2.57');
    rig().discard();
    const frame = ethernet(ipv4(V4, udp({ payload: DATA })));
    for (let length = 0; length <= frame.length; length++)
      expect([length, rig().run(hook, frame.subarray(0, length))]).not.toEqual([length, 'drop']);
    expect(rig().moved()['malformed']).toBeGreaterThanOrEqual(8);
  });
});

describe.each(HOOKS)('lies, %s', (hook) => {
  const rig = withRig({ block: true });

  it.each(Object.entries(LIES))('%s', (name, frame) => {
    for (let i = 0; i < 5; i++) expect(rig().run(hook, frame)).toBe('pass');
    expect(rig().records()).toEqual([]);
    const hidden = name.startsWith('first fragment of 8 bytes') ? { odd: 5 } : {};
    expect(rig().moved()).toEqual({ packets: 5, malformed: 5, ...hidden });
  });

  it('SYN with FIN or RST is no attempt, and of a blocked source it is dropped', () => {
    for (const flags of [Tcp.SYN | Tcp.FIN, Tcp.SYN | Tcp.RST])
      expect(rig().run(hook, ethernet(ipv4(V4, tcp({ flags }))))).toBe('pass');
    expect(rig().moved()).toEqual({ packets: 2, odd: 2 });
    rig().block(SCANNER);
    rig().moved();
    for (const flags of [Tcp.SYN | Tcp.FIN, Tcp.SYN | Tcp.RST])
      expect(rig().run(hook, ethernet(ipv4(V4, tcp({ flags }))))).toBe('drop');
    expect(rig().moved()).toEqual({ packets: 2, odd: 2, dropped_flags: 2 });
  });
});

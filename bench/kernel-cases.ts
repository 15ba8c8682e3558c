/** The programs and packets of row kernel. */
import { FRAME, type Guard, sprayInto, tcpFrame } from './guard.ts';

const SYN = 0x02;
const ACK = 0x10;
const Xdp = { DROP: 1, PASS: 2 } as const;

/** Runs of one call: few calls and many repetitions, because a call itself is slow. */
export const REPEAT = 1_000_000;
/** As many attempts as fit into the 16 MiB ring before somebody has to read it. */
export const RING_REPEAT = 150_000;

/** One program and one packet. */
export interface Case {
  readonly name: string;
  readonly program: number;
  readonly frame: Buffer;
  readonly expect: number;
  readonly repeat: number;
  /** After each call. */
  readonly after?: () => void;
}

export function peerCases(name: string, program: number): Case[] {
  return [
    {
      name: `${name} ACK`,
      program,
      frame: tcpFrame(FRAME.source, ACK),
      expect: Xdp.PASS,
      repeat: REPEAT,
    },
    {
      name: `${name} SYN`,
      program,
      frame: tcpFrame(FRAME.source, SYN),
      expect: Xdp.PASS,
      repeat: REPEAT,
    },
    {
      name: `${name} blocked`,
      program,
      frame: tcpFrame(FRAME.blocked, SYN),
      expect: Xdp.DROP,
      repeat: REPEAT,
    },
  ];
}

/** Our guard four times: rule only; with an event for each attempt; as shipped, where a flood is summed. */
export function ourCases(
  spray: string,
  guards: Record<'rule' | 'events' | 'shipped' | 'blocking', Guard>,
): Case[] {
  const { rule, events, shipped, blocking } = guards;
  const syn = tcpFrame(FRAME.source, SYN);
  const ack = tcpFrame(FRAME.source, ACK);
  const pass = { expect: Xdp.PASS, repeat: REPEAT } as const;
  const ringed = {
    expect: Xdp.PASS,
    repeat: RING_REPEAT,
    after: () => {
      events.drain();
      if (events.counters().attempts_lost > 0)
        throw new Error('the ring ran full in a measurement');
    },
  } as const;
  const summed = { ...pass, after: () => shipped.drain() } as const;
  return [
    { name: 'ACK', program: shipped.program, frame: ack, ...pass },
    { name: 'ACK, others blocked', program: blocking.program, frame: ack, ...pass },
    {
      name: 'blocked SYN',
      program: blocking.program,
      frame: tcpFrame(FRAME.blocked, SYN),
      expect: Xdp.DROP,
      repeat: REPEAT,
    },
    {
      name: 'blocked ACK',
      program: blocking.program,
      frame: tcpFrame(FRAME.blocked, ACK),
      expect: Xdp.DROP,
      repeat: REPEAT,
    },
    { name: 'SYN rule', program: rule.program, frame: syn, ...pass },
    { name: 'SYN events', program: events.program, frame: syn, ...ringed },
    { name: 'SYN summed', program: shipped.program, frame: syn, ...summed },
    {
      name: 'fixed rule',
      program: sprayInto(spray, rule.program, 'xdp/fixed'),
      frame: syn,
      ...pass,
    },
    {
      name: 'random rule',
      program: sprayInto(spray, rule.program, 'xdp/random'),
      frame: syn,
      ...pass,
    },
    {
      name: 'fixed events',
      program: sprayInto(spray, events.program, 'xdp/fixed'),
      frame: syn,
      ...ringed,
    },
    {
      name: 'random events',
      program: sprayInto(spray, events.program, 'xdp/random'),
      frame: syn,
      ...ringed,
    },
  ];
}

/** The smallest program there is, as a measure. */
export function emptyCase(program: number): Case {
  return {
    name: 'empty',
    program,
    frame: tcpFrame(FRAME.source, ACK),
    expect: Xdp.PASS,
    repeat: REPEAT,
  };
}

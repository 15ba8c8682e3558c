import type { History } from '../store/history.ts';
import { answerQuery } from './ask-history.ts';
import type { Commands } from './command-socket.ts';
import type { HandedOver } from './hand-over.ts';
import { watchedStates } from './states.ts';
import { type Parts, statusOf } from './status.ts';

/** What a running program lets other processes ask of it. */
export interface Commanded {
  readonly stage: () => 'starting' | 'running' | 'ending';
  readonly parts: () => Parts;
  /** What is kept, with --store. */
  readonly history: () => History | undefined;
  /** Ends it, and takes all of it out of the kernel. */
  readonly release: () => void;
  /** Ends it, and leaves all of it to another program. */
  readonly handOver: () => Promise<HandedOver>;
}

/** Who asks is answered first: what ends the program comes after. */
export function commandsOf({ stage, parts, history, release, handOver }: Commanded): Commands {
  const whileRunning =
    (answer: (argument: string) => unknown) =>
    (argument: string): unknown =>
      stage() === 'running' ? answer(argument) : { error: `it is ${stage()}` };
  return {
    status: whileRunning(() => statusOf(parts())),
    states: whileRunning(() => watchedStates(parts())),
    query: whileRunning((question) => answerQuery(history(), question)),
    release: whileRunning(() => {
      setImmediate(release);
      return { released: true };
    }),
    'hand-over': whileRunning(handOver),
  };
}

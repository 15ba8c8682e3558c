import * as bpf from './bpf.ts';
import { possibleCpus } from './cpus.ts';
import type { Generation } from './generation.ts';

/** The kernel's counters, summed over its CPUs; see struct pw_counters in bpf/state.h. */
export type CounterName =
  | 'packets'
  | 'malformed'
  | 'attempts'
  | 'attempts_reported'
  | 'attempts_summed'
  | 'attempts_lost'
  | 'attempts_dropped'
  | 'dropped_flags'
  | 'dropped_other'
  | 'sums_reported'
  | 'sums_lost'
  | 'answers_reported'
  | 'answers_lost'
  | 'outbound_reported'
  | 'outbound_lost'
  | 'sockets_reported'
  | 'sockets_lost'
  | 'odd'
  | 'strays'
  | 'unreachables'
  | 'excused'
  | 'verdicts'
  | 'verdicts_lost'
  | 'spared'
  | 'trusted'
  | 'blocked'
  | 'blocks_refused'
  | 'blocks_replaced'
  | 'evicted'
  | 'contended'
  | 'lists_full';

export type Counters = Readonly<Record<CounterName, number>>;

/** The first member that is not a counter: from there on lies what the programs work with. */
const SCRATCH = 'rate_second';

/** Reads struct pw_counters of every CPU. */
export class CounterReader {
  readonly #fd: number;
  readonly #members: (readonly [string, number])[];
  readonly #size: number;
  readonly #values: Buffer;

  constructor(maps: Generation) {
    this.#fd = maps.fd('pw_counters');
    const members = maps.layout.members('pw_counters').map(([name, { at }]) => [name, at] as const);
    this.#members = members.slice(
      0,
      members.findIndex(([name]) => name === SCRATCH),
    );
    this.#size = (maps.shape('pw_counters').value + 7) & ~7;
    this.#values = Buffer.alloc(this.#size * possibleCpus());
  }

  read(): Counters {
    bpf.lookupElement(this.#fd, Buffer.alloc(128), this.#values);
    const sums: Record<string, number> = {};
    for (const [name, offset] of this.#members) {
      let sum = 0;
      for (let at = offset; at < this.#values.length; at += this.#size)
        sum += Number(this.#values.readBigUInt64LE(at));
      sums[name] = sum;
    }
    return sums as Counters;
  }
}

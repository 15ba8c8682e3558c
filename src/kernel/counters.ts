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

/** The one entry of a map that each CPU has its own of. */
class PerCpuEntry {
  readonly #fd: number;
  readonly #size: number;
  readonly #values: Buffer;

  constructor(maps: Generation, name: string) {
    this.#fd = maps.fd(name);
    this.#size = (maps.shape(name).value + 7) & ~7;
    this.#values = Buffer.alloc(this.#size * possibleCpus());
  }

  read(): void {
    bpf.lookupElement(this.#fd, Buffer.alloc(128), this.#values);
  }

  /** The 64-bit number at this offset, of all CPUs. */
  sum(offset: number): number {
    let sum = 0;
    for (let at = offset; at < this.#values.length; at += this.#size)
      sum += Number(this.#values.readBigUInt64LE(at));
    return sum;
  }
}

/** Reads struct pw_counters of every CPU. */
export class CounterReader {
  readonly #members: (readonly [string, number])[];
  readonly #entry: PerCpuEntry;

  constructor(maps: Generation) {
    this.#entry = new PerCpuEntry(maps, 'pw_counters');
    const members = maps.layout.members('pw_counters').map(([name, { at }]) => [name, at] as const);
    this.#members = members.slice(
      0,
      members.findIndex(([name]) => name === SCRATCH),
    );
  }

  read(): Counters {
    this.#entry.read();
    return Object.fromEntries(
      this.#members.map(([name, offset]) => [name, this.#entry.sum(offset)]),
    ) as Counters;
  }
}

/** States that there are numbers for, in pw_changes. */
const WIDTH = 16;

/** Reads pw_changes of every CPU: how often sockets went from one state to another since this was made. */
export class ChangeReader {
  readonly #entry: PerCpuEntry;
  readonly #before: Float64Array;

  constructor(maps: Generation) {
    this.#entry = new PerCpuEntry(maps, 'pw_changes');
    this.#before = this.#sums();
  }

  /** At OLD x 16 + NEW, by the codes of TcpState. */
  read(): Float64Array {
    return this.#sums().map((sum, at) => sum - this.#before[at]!);
  }

  #sums(): Float64Array {
    this.#entry.read();
    return Float64Array.from({ length: WIDTH * WIDTH }, (_, at) => this.#entry.sum(at * 8));
  }
}

import type { LossPlace } from '../model/events.ts';
import type { RecordBatch } from '../wire/batch.ts';

/** What a source has seen and lost so far; all only grow. */
export interface SourceCounts {
  /** Records handed on. */
  readonly records: number;
  /** Records that the source knows it lost, by the place where. */
  readonly lost: Readonly<Partial<Record<LossPlace, number>>>;
}

/** How far the lines that were made of records have come, in bytes; both only grow. */
export interface Written {
  readonly made: number;
  /** Of these, how many are out of this process's hands, or given up. */
  readonly written: number;
}

/** Where records come from. The agent pulls; a source has no timer of its own. */
export interface Source {
  readonly name: 'ebpf' | 'pcap' | 'proc';
  /** Opens whatever it reads; throws OperatorError when it can't. */
  start(): void;
  /**
   * Hands on everything there is now, in batches, and returns the number of records.
   * A batch's memory is the source's again when `take` returns. `commit`, called after some batches and for as
   * long as something isn't written, writes what can be written: what is not written when the process is killed comes again from the next start.
   * @param nowNs CLOCK_MONOTONIC, nanoseconds
   */
  drain(nowNs: number, take: (batch: RecordBatch) => void, commit?: () => Written): number;
  counts(): SourceCounts;
  /** What this source can't see, one sentence each. */
  limits(): readonly string[];
  stop(): void;
}

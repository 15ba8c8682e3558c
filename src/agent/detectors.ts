import { type ReferenceOptions, ReferenceRule } from '../detect/reference.ts';
import { SLOW_DEFAULTS, type SlowOptions, SlowScans } from '../detect/slow.ts';
import type { FlowListener, Scan } from '../flow/listener.ts';
import type { ConnectionTable } from '../flow/table.ts';
import type { ConnectionEvent } from '../model/events.ts';
import type { RecordBatch } from '../wire/batch.ts';
import { RecordWriter } from '../wire/record-writer.ts';

export interface DetectorsOptions {
  /** 32 random bits. */
  readonly seed: number;
  /** Told everything that flow tells. */
  readonly listener: FlowListener;
  /** Judge attempts by the reference rule: for a source whose kernel does not. */
  readonly reference:
    | (Pick<ReferenceOptions, 'ports' | 'windowNs'> & Partial<Pick<ReferenceOptions, 'everywhere'>>)
    | undefined;
  /** Judge slow scans: for a source that sees attempts which failed. */
  readonly slow: Pick<SlowOptions, 'everywhere'> | undefined;
}

/** Sources forgotten while something of theirs still counted, because the detector's table was full. */
export interface DetectorCounts {
  readonly reference_evicted: number;
  readonly slow_evicted: number;
}

/**
 * What is judged in user space of records: by the reference rule what comes from packets, files and /proc, and slow scans.
 * Stands between flow and who is told, because slow scans are judged by what flow tells.
 */
export class Detectors implements FlowListener {
  /** Verdicts that flow has not taken yet. */
  readonly verdicts: RecordWriter = new RecordWriter();
  readonly #listener: FlowListener;
  readonly #reference: ReferenceRule | undefined;
  readonly #slow: SlowScans | undefined;

  constructor(options: DetectorsOptions) {
    this.#listener = options.listener;
    const { seed, reference, slow } = options;
    this.#reference = reference && new ReferenceRule({ seed, ...reference });
    this.#slow = slow && new SlowScans({ ...SLOW_DEFAULTS, ...slow, seed }, this.verdicts);
  }

  /** Looks at a batch that flow has taken. */
  judge(batch: RecordBatch): void {
    this.#reference?.judge(batch, this.verdicts);
  }

  counts(): DetectorCounts {
    return {
      reference_evicted: this.#reference?.counts().evicted ?? 0,
      slow_evicted: this.#slow?.evicted ?? 0,
    };
  }

  connection(event: ConnectionEvent, table: ConnectionTable, row: number): void {
    this.#slow?.connection(event, table, row);
    this.#listener.connection(event, table, row);
  }

  summed(words: Uint32Array, bytes: Uint8Array, at: number): void {
    this.#listener.summed(words, bytes, at);
  }

  scan(scan: Scan): void {
    this.#listener.scan(scan);
  }

  block(words: Uint32Array, bytes: Uint8Array, at: number): void {
    this.#listener.block(words, bytes, at);
  }

  unblock(words: Uint32Array, bytes: Uint8Array, at: number): void {
    this.#listener.unblock(words, bytes, at);
  }
}

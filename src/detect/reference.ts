import type { RecordBatch } from '../wire/batch.ts';
import { Direction, Head, Kind, ScanKind } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { u64 } from '../wire/words.ts';
import { DistinctItems } from './distinct.ts';
import { KEY_WORDS } from './pair-table.ts';
import { SourceKey } from './source-key.ts';
import { appendVerdict } from './verdict.ts';

export interface ReferenceOptions {
  /** More distinct ports than this are a scan: 1 to 15. */
  readonly ports: number;
  /** A port counts until it was not touched for so long, nanoseconds. */
  readonly windowNs: number;
  /** Pairs of source and victim remembered at once: a power of two, at least 4. */
  readonly sources: number;
  /** IPv6 sources with so many equal leading bits are one. */
  readonly v6Prefix: number;
  /** Judge what came to any address, as for files, of which nobody knows whose they are; else what came to this host. */
  readonly everywhere: boolean;
  /** 32 random bits, chosen at start: they keep a peer from aiming at one set of the table. */
  readonly seed: number;
}

export const REFERENCE_DEFAULTS: Omit<ReferenceOptions, 'seed'> = {
  ports: 3,
  windowNs: 60e9,
  sources: 65_536,
  v6Prefix: 64,
  everywhere: false,
};

export interface ReferenceCounts {
  /** Attempts judged. */
  readonly judged: number;
  readonly verdicts: number;
  /** Pairs forgotten within their window because the table was full. */
  readonly evicted: number;
}

/**
 * The reference rule: a source that touched more than T distinct ports of one address of this host within the window
 * is scanning; DistinctItems says when. The same rule as bpf/rule.h; test/contract/reference-rule.ts holds them
 * together.
 *
 * **Invariant:** it never reads a clock. Time is that of the records.
 */
export class ReferenceRule {
  readonly #options: ReferenceOptions;
  readonly #items: DistinctItems;
  readonly #source: SourceKey;
  readonly #key: Uint32Array = new Uint32Array(KEY_WORDS);
  #judged = 0;
  #verdicts = 0;

  constructor(options: Partial<ReferenceOptions> & Pick<ReferenceOptions, 'seed'>) {
    this.#options = { ...REFERENCE_DEFAULTS, ...options };
    this.#items = new DistinctItems({ ...this.#options, slots: this.#options.ports });
    this.#source = new SourceKey(this.#options.v6Prefix);
  }

  /**
   * Judges the ATTEMPT records of a batch that came to this host (direction inbound or local), or all of them
   * (`everywhere`); others are passed over.
   * @param verdicts gets the SCAN records; it must not be the batch itself
   * @returns the number of verdicts
   */
  judge(batch: RecordBatch, verdicts: RecordWriter): number {
    const { bytes, at, count } = batch;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const record = at[i]!;
      if (bytes[record + Head.kind] !== Kind.ATTEMPT) continue;
      if (!this.#options.everywhere && !isToUs(bytes[record + Head.direction]!)) continue;
      if (this.#attempt(batch, record, verdicts)) found++;
    }
    return found;
  }

  counts(): ReferenceCounts {
    return { judged: this.#judged, verdicts: this.#verdicts, evicted: this.#items.evicted };
  }

  #attempt({ words, bytes }: RecordBatch, at: number, verdicts: RecordWriter): boolean {
    const w = at >> 2;
    const port = words[w + (Head.dst_port >> 2)]! >>> 16;
    const key = this.#key;
    const items = this.#items;
    this.#judged++;
    this.#source.read(key, words, w + (Head.src >> 2), bytes[at + Head.family] === 6);
    for (let i = 0; i < 4; i++) key[4 + i] = words[w + (Head.dst >> 2) + i]!;
    if (!items.touch(key, port, this.#options.ports, u64(words, w))) return false;
    this.#verdicts++;
    appendVerdict(verdicts, bytes, at, {
      scan: ScanKind.VERTICAL,
      items: items.items,
      count: items.count,
      touches: items.touches,
      firstNs: items.firstNs,
      hosts: 1,
    });
    return true;
  }
}

function isToUs(direction: number): boolean {
  return direction === Direction.INBOUND || direction === Direction.LOCAL;
}

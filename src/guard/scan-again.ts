import { ReferenceRule } from '../detect/reference.ts';
import type { RecordBatch } from '../wire/batch.ts';
import { Direction, Head, Kind } from '../wire/layout.gen.ts';
import { RecordWriter } from '../wire/record-writer.ts';

export interface ScanAgainOptions {
  /** The rule that found the scans. */
  readonly ports: number;
  readonly windowNs: number;
  /** 32 random bits. */
  readonly seed: number;
}

interface Source {
  readonly rule: ReferenceRule;
  heardNs: number;
}

/** Sources judged at once; the oldest goes. */
const MOST = 4096;
/** Addresses of this host that such a source scans at once. */
const VICTIMS = 4;

/**
 * Judges sources whose block is over, from that moment, as a guard that drops would. The kernel gives no second verdict
 * while a scan goes on, and a firewall behind it can't keep the packets of a blocked source from it.
 */
export class ScanAgain {
  readonly #options: ScanAgainOptions;
  /** By wordOf(): two sources of one word are judged both, which harms neither. */
  readonly #sources = new Map<number, Source>();

  constructor(options: ScanAgainOptions) {
    this.#options = options;
  }

  /** The block of a source is over. */
  begin(source: Uint8Array, nowNs: number): void {
    if (this.#sources.size >= MOST) this.#sources.delete(this.#sources.keys().next().value!);
    const rule = new ReferenceRule({ ...this.#options, sources: VICTIMS });
    this.#sources.set(wordAt(new Uint32Array(source.slice().buffer), 0), { rule, heardNs: nowNs });
  }

  /** It is blocked again. */
  end(source: Uint8Array): void {
    this.#sources.delete(wordAt(new Uint32Array(source.slice().buffer), 0));
  }

  /** Lets go of sources that were silent for two windows: the kernel then judges them anew. */
  sweep(nowNs: number): void {
    for (const [word, { heardNs }] of this.#sources)
      if (nowNs - heardNs > 2 * this.#options.windowNs) this.#sources.delete(word);
  }

  /** The SCAN records that the attempts of a batch bring about; undefined: none. */
  judge({ words, bytes, at, count }: RecordBatch, nowNs: number): RecordBatch | undefined {
    if (this.#sources.size === 0) return undefined;
    let verdicts: RecordWriter | undefined;
    for (let i = 0; i < count; i++) {
      const record = at[i]!;
      if (bytes[record + Head.kind] !== Kind.ATTEMPT) continue;
      if (bytes[record + Head.direction] !== Direction.INBOUND) continue;
      const source = this.#sources.get(wordAt(words, (record + Head.src) >> 2));
      if (source === undefined) continue;
      source.heardNs = nowNs;
      verdicts ??= new RecordWriter();
      source.rule.judge({ words, bytes, at: Uint32Array.of(record), count: 1 }, verdicts);
    }
    return verdicts?.count ? verdicts : undefined;
  }
}

/** ::ffff:0:0, third word. */
const MAPPED_WORD = 0xffff0000;

/** A word that tells sources apart: the address of IPv4, the lower half of the /64 of IPv6. */
function wordAt(words: Uint32Array, at: number): number {
  return words[at + 2] === MAPPED_WORD ? words[at + 3]! : words[at + 1]!;
}

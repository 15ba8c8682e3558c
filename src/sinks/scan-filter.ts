import { Facts, type Filter } from '../filter/filter.ts';
import type { Scan } from '../flow/listener.ts';
import { ScanClass } from '../model/events.ts';
import { Head } from '../wire/layout.gen.ts';

/** Which scans pass a filter: those of which one attempt would. */
export class ScanFilter {
  readonly #filter: Filter;
  /** The head of a record: one attempt of a scan. */
  readonly #words: Uint32Array = new Uint32Array(Head.size / 4);
  readonly #bytes: Uint8Array = new Uint8Array(this.#words.buffer);
  #facts: number = Facts.scan;
  readonly #attemptPasses = (port: number): boolean => {
    this.#words[Head.src_port / 4] = port << 16;
    return this.#filter.matches(this.#words, 0, this.#facts);
  };

  constructor(filter: Filter) {
    this.#filter = filter;
  }

  passes({ bytes, at, kind, ports }: Pick<Scan, 'bytes' | 'at' | 'kind' | 'ports'>): boolean {
    this.#bytes.set(bytes.subarray(at, at + 32), Head.src);
    this.#facts = kind === ScanClass.udp ? Facts.udpScan : Facts.scan;
    return ports.some(this.#attemptPasses);
  }
}

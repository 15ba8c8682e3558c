import type { Scan } from '../flow/listener.ts';
import type { KnownScan } from '../model/history.ts';
import type { JsonScan } from '../model/json.ts';
import { type ScanClass, SCAN_KINDS } from '../model/events.ts';
import { ScanFilter } from '../sinks/scan-filter.ts';
import type { HistoryQuestion } from './history.ts';

/** Scans that are remembered, 4 kB each at most. */
const SCANS = 1024;

interface Remembered {
  readonly first: JsonScan;
  readonly firstNs: number;
  last: JsonScan;
  lastNs: number;
  /** As ScanFilter takes it. */
  readonly bytes: Uint8Array;
  readonly at: 0;
  readonly kind: ScanClass;
  ports: Uint16Array;
  /** How many events of scans were told before its last one: many have the same time. */
  readonly number: number;
}

/** Scans as they were told last, each with its start; the oldest is forgotten. */
export class MemoryScans {
  /** In the order of their last events. */
  readonly #scans = new Map<string, Remembered>();
  #told = 0;
  /** The last event of a scan that was forgotten. */
  forgottenNs = 0;

  take(scan: Scan, told: JsonScan): void {
    const key = `${told.src_ip} ${told.dst_ip} ${SCAN_KINDS[scan.kind]}`;
    const known = scan.state === 'start' ? undefined : this.#scans.get(key);
    const remembered: Remembered = {
      first: known?.first ?? told,
      firstNs: known?.firstNs ?? scan.tsNs,
      last: told,
      lastNs: scan.tsNs,
      bytes: scan.bytes.slice(scan.at, scan.at + 32),
      at: 0,
      kind: scan.kind,
      ports: scan.ports.slice(),
      number: this.#told++,
    };
    this.#scans.delete(key);
    // one that is over keeps its place under a name that no other will have
    this.#scans.set(scan.state === 'end' ? `${remembered.number}` : key, remembered);
    if (this.#scans.size > SCANS) this.#forget();
  }

  /** Those that had an event in this time and pass the filter, as they were told last, newest first. */
  find(
    { filter }: HistoryQuestion,
    sinceNs: number,
    untilNs: number,
  ): { readonly number: number; readonly scan: KnownScan }[] {
    const test = filter && new ScanFilter(filter);
    return [...this.#scans.values()]
      .filter(({ firstNs, lastNs }) => lastNs >= sinceNs && firstNs < untilNs)
      .filter((scan) => test?.passes(scan) ?? true)
      .toReversed()
      .map(({ number, last, first }) => ({ number, scan: { ...last, first } }));
  }

  #forget(): void {
    const [key, scan] = this.#scans.entries().next().value!;
    this.#scans.delete(key);
    this.forgottenNs = Math.max(this.forgottenNs, scan.lastNs);
  }
}

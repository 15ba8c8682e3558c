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
}

/** Scans as they were told last, each with its start; the oldest is forgotten. */
export class MemoryScans {
  /** In the order of their last events. */
  readonly #scans = new Map<string, Remembered>();
  #made = 0;
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
    };
    this.#scans.delete(key);
    // one that is over keeps its place under a name that no other will have
    this.#scans.set(scan.state === 'end' ? `${this.#made++}` : key, remembered);
    if (this.#scans.size > SCANS) this.#forget();
  }

  /** Newest first: `skip` are left out, then at most `limit` and one more. */
  find(
    { filter }: HistoryQuestion,
    sinceNs: number,
    untilNs: number,
  ): { readonly lastNs: number; readonly scan: KnownScan }[] {
    const test = filter && new ScanFilter(filter);
    return [...this.#scans.values()]
      .filter(({ firstNs, lastNs }) => lastNs >= sinceNs && firstNs < untilNs)
      .filter((scan) => test?.passes(scan) ?? true)
      .toReversed()
      .map(({ lastNs, last, first }) => ({ lastNs, scan: { ...last, first } }));
  }

  #forget(): void {
    const [key, scan] = this.#scans.entries().next().value!;
    this.#scans.delete(key);
    this.forgottenNs = Math.max(this.forgottenNs, scan.lastNs);
  }
}

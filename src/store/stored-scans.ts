import type { Filter } from '../filter/filter.ts';
import { SCAN_KINDS, type ScanClass } from '../model/events.ts';
import type { KnownScan } from '../model/history.ts';
import type { JsonScan } from '../model/json.ts';
import { ScanFilter } from '../sinks/scan-filter.ts';
import { parseAddress } from '../wire/address.ts';

/** What is known besides of scans of which only a part of the lines is read. */
interface Around {
  readonly filter: Filter | undefined;
  /** Told before. */
  readonly starts: readonly JsonScan[];
  /** Source, target and kind of those that were told of afterwards as well: they are left out. */
  readonly goneOn: readonly string[];
}

/**
 * Scans by their last events, newest first, each with its start. By that last event they pass the filter or don't: what
 * a scan tried is known at its end.
 * @param told oldest first
 */
export function knownScans(
  told: readonly JsonScan[],
  { filter, starts, goneOn }: Around,
): KnownScan[] {
  const going = new Map<string, KnownScan>();
  for (const start of starts) going.set(keyOf(start), { ...start, first: start });
  const known = new Set<KnownScan>();
  for (const scan of told) {
    const key = keyOf(scan);
    const before = scan.state === 'start' ? undefined : going.get(key);
    const first = scan.state === 'start' ? scan : before?.first;
    const now = { ...scan, ...(first ? { first } : {}) };
    if (before) known.delete(before);
    known.add(now); // last, as what was told last
    if (scan.state === 'end') going.delete(key);
    else going.set(key, now);
  }
  for (const key of goneOn) {
    const scan = going.get(key);
    if (scan) known.delete(scan);
  }
  const test = filter && new ScanFilter(filter);
  return [...known].filter((scan) => !test || passes(test, scan)).toReversed();
}

function keyOf({ src_ip, dst_ip, kind }: JsonScan): string {
  return `${src_ip} ${dst_ip} ${kind}`;
}

/** A scan passes when one of its attempts would. */
function passes(test: ScanFilter, { src_ip, dst_ip, kind, ports }: JsonScan): boolean {
  const bytes = new Uint8Array(32);
  bytes.set(parseAddress(src_ip) ?? []);
  bytes.set(parseAddress(dst_ip) ?? [], 16);
  const code = SCAN_KINDS.indexOf(kind) as ScanClass;
  return test.passes({ bytes, at: 0, kind: code, ports: Uint16Array.from(ports) });
}

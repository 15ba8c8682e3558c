import type { Filter } from '../filter/filter.ts';
import { SCAN_KINDS, type ScanClass } from '../model/events.ts';
import type { KnownScan } from '../model/history.ts';
import type { JsonScan } from '../model/json.ts';
import { ScanFilter } from '../sinks/scan-filter.ts';
import { parseAddress } from '../wire/address.ts';

/** Scans by their last events, newest first, each with its start. @param told oldest first */
export function knownScans(told: readonly JsonScan[], filter: Filter | undefined): KnownScan[] {
  const test = filter && new ScanFilter(filter);
  const going = new Map<string, KnownScan>();
  const known = new Set<KnownScan>();
  for (const scan of told) {
    if (test && !passes(test, scan)) continue;
    const key = `${scan.src_ip} ${scan.dst_ip} ${scan.kind}`;
    const before = scan.state === 'start' ? undefined : going.get(key);
    const first = scan.state === 'start' ? scan : before?.first;
    const now = { ...scan, ...(first ? { first } : {}) };
    if (before) known.delete(before);
    known.add(now); // last, as what was told last
    if (scan.state === 'end') going.delete(key);
    else going.set(key, now);
  }
  return [...known].toReversed();
}

/** A scan passes when one of its attempts would. */
function passes(test: ScanFilter, { src_ip, dst_ip, kind, ports }: JsonScan): boolean {
  const bytes = new Uint8Array(32);
  bytes.set(parseAddress(src_ip) ?? []);
  bytes.set(parseAddress(dst_ip) ?? [], 16);
  const code = SCAN_KINDS.indexOf(kind) as ScanClass;
  return test.passes({ bytes, at: 0, kind: code, ports: Uint16Array.from(ports) });
}

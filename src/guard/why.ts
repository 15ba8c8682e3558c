import { classOf, techniqueOf } from '../flow/scan-kind.ts';
import { monotonicNs } from '../kernel/monotonic.ts';
import { isWeighted, type Way, WayState } from '../kernel/table-way.ts';
import type { Why, WhyEntry } from '../model/blocks.ts';
import { SCAN_KINDS } from '../model/events.ts';
import { formatAddress } from '../wire/address.ts';
import { type AddressPrefix, contains, formatPrefix, parsePrefix } from '../wire/prefix.ts';
import { originsOf } from './allowed.ts';
import { blockRows, sourceOf } from './block-list.ts';
import type { GuardTables } from './guard-tables.ts';
import type { NftBlock } from './nft-script.ts';

/** The evidence against a source, and the parts of its score. @param guard undefined: only the firewall blocks here */
export function whyOf(
  source: AddressPrefix,
  guard: GuardTables | undefined,
  inFirewall: readonly NftBlock[],
): Why {
  const nowNs = monotonicNs();
  const never = guard?.never.list().filter((entry) => contains(entry, source)) ?? [];
  const ways = (guard?.table.of(source.address, nowNs) ?? []).map((way) => entryOf(way, nowNs));
  const elsewhere = blockRows(guard, inFirewall)
    .filter((row) => row.where === 'nft' || row.src_ip.includes('/'))
    .filter((row) => covers(row.src_ip, source))
    .filter((row) => !ways.some((way) => way.state === 'blocked' && way.src_ip === row.src_ip))
    .map((row): WhyEntry => {
      const { src_ip, where, reason, left_s, drops: packets } = row;
      return { src_ip, state: 'blocked', where, reason, left_s, packets };
    });
  const entries = [...ways, ...elsewhere];
  return {
    src_ip: formatPrefix(source),
    blocked: entries.some((entry) => entry.state === 'blocked'),
    never: never.flatMap(({ origin }) => originsOf(origin)),
    entries,
  };
}

function entryOf(way: Way, nowNs: number): WhyEntry {
  const { score } = way;
  const technique = techniqueOf(way.scan);
  const blocked = way.state === WayState.blocked;
  const judged = way.state !== WayState.watched && !way.byUser;
  return {
    src_ip: sourceOf(way),
    dst_ip: formatAddress(way.victim),
    state: blocked ? 'blocked' : way.state === WayState.found ? 'found' : 'watched',
    where: 'kernel',
    ...(blocked ? { reason: way.byUser ? 'user' : 'scan', confirmed: way.confirmed } : {}),
    ...(judged ? { kind: SCAN_KINDS[classOf(way.scan)] } : {}),
    ...(judged && technique !== undefined ? { technique } : {}),
    left_s: Math.round((way.untilNs - nowNs) / 1e9),
    since_s: Math.round((nowNs - way.firstNs) / 1e9),
    ports: way.ports,
    packets: way.hits,
    ...(isWeighted(score)
      ? {
          score: Math.round(score.value * 100) / 100,
          closed: score.closed,
          silent: score.silent,
          half_open: score.halfOpen,
          opened: score.opened,
        }
      : {}),
  };
}

function covers(cidr: string, source: AddressPrefix): boolean {
  const prefix = parsePrefix(cidr);
  return prefix !== undefined && contains(prefix, source);
}

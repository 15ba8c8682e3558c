import { monotonicNs } from '../kernel/monotonic.ts';
import { classOf, techniqueOf } from '../flow/scan-kind.ts';
import { PinnedGuard } from '../kernel/pinned-guard.ts';
import { Pins } from '../kernel/pins.ts';
import { isWeighted, type Way, WayState } from '../kernel/table-way.ts';
import { SCAN_KINDS } from '../model/events.ts';
import { formatAddress } from '../wire/address.ts';
import { Weight } from '../wire/layout.gen.ts';
import { type AddressPrefix, contains, formatPrefix, parsePrefix } from '../wire/prefix.ts';
import { originsOf } from './allow.ts';
import { blockRows, sourceOf } from './block-list.ts';

/** Weights are kept in 1/256 nat (bpf/score.h). */
const NAT = 256;
const THRESHOLD = (Weight.SCAN / NAT).toFixed(2);

/** What the guard's table and the never-block list say of a source. */
interface Why {
  readonly src_ip: string;
  readonly blocked: boolean;
  /** Why it would not be blocked. */
  readonly never: readonly string[];
  readonly entries: readonly WhyEntry[];
}

interface WhyEntry {
  readonly src_ip: string;
  readonly dst_ip?: string;
  readonly state: 'watched' | 'found' | 'blocked';
  readonly where: 'kernel' | 'nft';
  readonly reason?: 'scan' | 'user';
  readonly kind?: string;
  readonly technique?: string;
  readonly confirmed?: boolean;
  readonly left_s: number;
  readonly since_s?: number;
  readonly ports?: readonly number[];
  /** Packets that counted, or that were dropped. */
  readonly packets: number;
  /** By the weighted rule. */
  readonly score?: number;
  readonly closed?: number;
  readonly silent?: number;
  readonly half_open?: number;
  readonly opened?: number;
}

/** `packetwatch block why ADDRESS`: the evidence, and the parts of the score. */
export function why(source: AddressPrefix, json: boolean): void {
  const nowNs = monotonicNs();
  const rows = blockRows(); // throws where nothing blocks
  const guard = new Pins().hasMaps() ? new PinnedGuard('read') : undefined;
  const never = guard?.never.list().filter((entry) => contains(entry, source)) ?? [];
  const ways = (guard?.table.of(source.address, nowNs) ?? []).map((way) => entryOf(way, nowNs));
  const elsewhere = rows
    .filter((row) => row.where === 'nft' || row.src_ip.includes('/'))
    .filter((row) => covers(row.src_ip, source))
    .filter((row) => !ways.some((way) => way.state === 'blocked' && way.src_ip === row.src_ip))
    .map((row): WhyEntry => {
      const { src_ip, where, reason, left_s, drops: packets } = row;
      return { src_ip, state: 'blocked', where, reason, left_s, packets };
    });
  const entries = [...ways, ...elsewhere];
  const answer: Why = {
    src_ip: formatPrefix(source),
    blocked: entries.some((entry) => entry.state === 'blocked'),
    never: never.flatMap(({ origin }) => originsOf(origin)),
    entries,
  };
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : text(answer));
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

function text({ src_ip, never, entries }: Why): string {
  const lines = entries.flatMap(linesOf);
  if (never.length > 0) lines.push(`${src_ip} is never blocked: ${[...new Set(never)].join(', ')}`);
  if (lines.length === 0) lines.push(`nothing is known against ${src_ip}, and it is not blocked`);
  return `${lines.join('\n')}\n`;
}

function linesOf(entry: WhyEntry): string[] {
  const lines = [headline(entry)];
  if (entry.score !== undefined && entry.reason !== 'user') lines.push(scoreLine(entry));
  if (entry.state !== 'blocked') return lines;
  if (entry.where === 'kernel' && entry.reason === 'scan')
    lines.push(
      entry.confirmed
        ? '  it has completed handshakes with several ports, so the address is its own: --block-ttl-confirmed'
        : '  all of this can be forged by who sends with its address, so the block is short: --block-ttl',
    );
  const dropped =
    entry.where === 'nft'
      ? 'all that belongs to no connection'
      : 'SYNs, flags that no peer sends, what belongs to no connection';
  lines.push(`  ${entry.packets} packets dropped: ${dropped}`);
  return lines;
}

function headline({ src_ip, dst_ip, ...entry }: WhyEntry): string {
  const ports = entry.ports?.length ? `, ports ${entry.ports.join(',')}` : '';
  if (entry.state !== 'blocked') {
    const kind = entry.technique === undefined ? entry.kind : `${entry.kind}, ${entry.technique}`;
    const what = entry.state === 'found' ? `found scanning (${kind})` : 'watched at';
    return `${src_ip} is ${what} ${dst_ip} for ${entry.since_s}s${ports}; forgotten after ${entry.left_s}s of silence`;
  }
  const where = entry.where === 'nft' ? ' in the firewall' : '';
  const left = `${src_ip} is blocked${where} for ${entry.left_s}s more`;
  if (entry.reason === 'user') return `${left}, by command`;
  if (entry.kind === undefined) return `${left}, for a scan`;
  const technique = entry.technique === undefined ? '' : ` (${entry.technique})`;
  return `${left}: ${entry.kind} scan${technique} of ${dst_ip}${ports}`;
}

function scoreLine({ score, closed, silent, half_open, opened }: WhyEntry): string {
  const part = (count: number | undefined, name: string, weight: number): string =>
    `${count} ${name} (${weight > 0 ? '+' : ''}${(weight / NAT).toFixed(2)} each)`;
  const parts = [
    part(closed, 'closed', Weight.CLOSED),
    part(silent, 'silent', Weight.SILENT),
    part(half_open, 'half-open', Weight.HALF),
    part(opened, 'opened', -Weight.OPENED),
  ];
  return `  score ${score!.toFixed(2)}, a scan is ${THRESHOLD} or more: ${parts.join(', ')}; it halves every 69 s`;
}

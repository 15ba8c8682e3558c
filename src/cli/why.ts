import { whyOf } from '../guard/why.ts';
import type { Why, WhyEntry } from '../model/blocks.ts';
import { Weight } from '../wire/layout.gen.ts';
import type { AddressPrefix } from '../wire/prefix.ts';
import { pinnedBlocks } from './pinned-blocks.ts';

/** Weights are kept in 1/256 nat (bpf/score.h). */
const NAT = 256;
const THRESHOLD = (Weight.SCAN / NAT).toFixed(2);

/** `packetwatch block why ADDRESS`: the evidence, and the parts of the score. */
export async function why(source: AddressPrefix, json: boolean): Promise<void> {
  const { guard, inFirewall } = await pinnedBlocks();
  const answer = whyOf(source, guard, inFirewall);
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : text(answer));
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

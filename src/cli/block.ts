import { Command, Option } from 'commander';
import { monotonicNs } from '../agent/clock.ts';
import { covers } from '../guard/addresses.ts';
import { gatherNeverBlock } from '../guard/never-block.ts';
import { mustNft, nftBlocks } from '../guard/nft.ts';
import { keyOf, remove as removeElement, textOf } from '../guard/nft-script.ts';
import { PinnedGuard } from '../kernel/pinned-guard.ts';
import { kernelDefaults } from '../kernel/options.ts';
import { Pins } from '../kernel/pins.ts';
import type { Block } from '../kernel/table.ts';
import { Exit, OperatorError } from '../model/errors.ts';
import { formatAddress, isV4, parseAddress } from '../wire/address.ts';
import { seconds } from './parse.ts';
import { table } from './table.ts';

/** Bits of an IPv6 source that are blocked. */
const PREFIX = kernelDefaults.v6Prefix;

/** `packetwatch block list|add|rm`: works on the kernel's table, whether the program runs or not. */
export function blockCommand(): Command {
  const command = new Command('block').description(
    'list, add and remove blocks of the guard in this network namespace',
  );
  command
    .command('list')
    .description('sources that are blocked now')
    .option('--json', 'one JSON object per block')
    .action((options: { json?: boolean }) => list(options.json ?? false));
  command
    .command('add <address>')
    .description('block a source')
    .addOption(
      new Option('--ttl <time>', 'how long')
        .argParser(seconds)
        .default(kernelDefaults.blockSeconds, `${kernelDefaults.blockSeconds}s`),
    )
    .action((text: string, options: { ttl: number }) => add(addressOf(text), options.ttl));
  command
    .command('rm <address>')
    .description('end a block')
    .action((text: string) => remove(addressOf(text)));
  return command;
}

function list(json: boolean): void {
  const rows = [...kernelRows(), ...firewallRows()];
  if (json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  else
    process.stdout.write(
      table(
        ['source', 'where', 'reason', 'victim', 'ports', 'left', 'dropped'],
        rows.map((r) => [
          r.src_ip,
          r.where,
          r.reason,
          r.dst_ip ?? '-',
          r.ports?.join(',') || '-',
          `${r.left_s}s`,
          `${r.drops}`,
        ]),
      ),
    );
}

/** A block as it is told. */
interface Row {
  readonly src_ip: string;
  /** The full address that brought it about. */
  readonly last_src_ip?: string;
  readonly where: 'kernel' | 'nft';
  readonly reason: Block['reason'];
  readonly dst_ip?: string;
  readonly ports?: readonly number[];
  readonly left_s: number;
  readonly drops: number;
}

function kernelRows(): Row[] {
  if (!new Pins().exists() && nftBlocks() !== undefined) return [];
  const nowNs = monotonicNs();
  return new PinnedGuard().table.blocks(nowNs).active.map((block) => describe(block, nowNs));
}

function firewallRows(): Row[] {
  return (nftBlocks() ?? []).map(({ set, address, leftMs, drops }) => ({
    src_ip: `${formatAddress(address)}${set === 'blocked_nets6' ? `/${PREFIX}` : ''}`,
    where: 'nft',
    reason: 'scan',
    left_s: Math.round(leftMs / 1000),
    drops,
  }));
}

function describe(block: Block, nowNs: number): Row {
  const victim = formatAddress(block.victim);
  return {
    src_ip: sourceOf(block),
    last_src_ip: formatAddress(block.fullSource),
    where: 'kernel',
    reason: block.reason,
    ...(victim === '::' ? {} : { dst_ip: victim }),
    ports: block.ports,
    left_s: Math.max(0, Math.round((block.untilNs - nowNs) / 1e9)),
    drops: block.drops,
  };
}

/** A blocked prefix with its length. */
function sourceOf(block: Block): string {
  const text = formatAddress(block.source);
  const whole = isV4(block.source) || block.source.subarray(PREFIX / 8).some((byte) => byte !== 0);
  return whole ? text : `${text}/${PREFIX}`;
}

function add(address: Uint8Array, ttl: number): void {
  // What is protected within the prefix of an IPv6 source is spared by the kernel itself.
  const never = gatherNeverBlock().prefixes.find((p) => covers(p.address, p.prefixLength, address));
  if (never)
    throw new OperatorError(`${formatAddress(address)} is never blocked`, `it is ${never.reason}`);
  const guard = new PinnedGuard();
  if (guard.isNeverBlocked(address))
    throw new OperatorError(
      `${formatAddress(address)} is never blocked`,
      'the running program protects it',
    );
  const result = guard.requests.block(address, ttl);
  if (result === 'busy') throw new OperatorError('the table is busy', 'try again');
  if (result === 'full')
    throw new OperatorError(
      'as many sources are blocked as --block-max allows',
      'end some with `packetwatch block rm`',
    );
  process.stderr.write(`packetwatch: blocked ${formatAddress(address)} for ${ttl}s\n`);
}

function remove(address: Uint8Array): void {
  const inFirewall = removeFromFirewall(address);
  if (inFirewall && !new Pins().exists()) return;
  if (new PinnedGuard().requests.unblock(address) === 'nothing' && !inFirewall)
    throw new OperatorError(
      `${formatAddress(address)} is not blocked`,
      '`packetwatch block list` shows what is',
    );
  process.stderr.write(`packetwatch: unblocked ${formatAddress(address)}\n`);
}

/** Ends a block that --block=nft has set; its program sees it within 5 s. false: there is none. */
function removeFromFirewall(address: Uint8Array): boolean {
  const keys = new Set([true, false].map((own) => textOf(keyOf(address, () => own))));
  const found = (nftBlocks() ?? []).filter((block) => keys.has(textOf(block)));
  if (found.length > 0) mustNft(found.map(removeElement).join(''));
  return found.length > 0;
}

function addressOf(text: string): Uint8Array {
  const address = parseAddress(text);
  if (!address)
    throw new OperatorError(`${text} is no IP address`, 'write it as 192.0.2.7 or 2001:db8::7', {
      exitCode: Exit.usage,
    });
  return address;
}

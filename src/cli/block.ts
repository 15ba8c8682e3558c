import { Command, Option } from 'commander';
import { gatherNeverBlock } from '../guard/never-block.ts';
import { mustNft, nftBlocks } from '../guard/nft.ts';
import { keyOf, remove as removeElement, textOf } from '../guard/nft-script.ts';
import { kernelDefaults } from '../kernel/options.ts';
import { PinnedGuard } from '../kernel/pinned-guard.ts';
import { Pins } from '../kernel/pins.ts';
import { OperatorError } from '../model/errors.ts';
import { type AddressPrefix, contains, formatPrefix } from '../wire/prefix.ts';
import { blockRows } from './block-list.ts';
import { prefix, seconds } from './parse.ts';
import { table } from './table.ts';
import { why } from './why.ts';
import { tell } from './tell.ts';

/** `packetwatch block list|add|rm|why`: works on the kernel's table and the firewall's, whether the program runs or not. */
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
    .command('add')
    .argument('<address>', 'an address, or a prefix such as 10.1.0.0/16', prefix)
    .description('block a source, or all of a prefix but who is never blocked')
    .addOption(
      new Option('--ttl <time>', 'how long')
        .argParser(seconds)
        .default(kernelDefaults.blockSeconds, `${kernelDefaults.blockSeconds}s`),
    )
    .action((source: AddressPrefix, options: { ttl: number }) => add(source, options.ttl));
  command
    .command('rm')
    .argument('<address>', 'as it was blocked', prefix)
    .description('end a block')
    .action(remove);
  command
    .command('why')
    .argument('<address>', 'a source', prefix)
    .description('what is known against a source, and why it is blocked or not')
    .option('--json', 'as one JSON object')
    .action((source: AddressPrefix, options: { json?: boolean }) =>
      why(source, options.json ?? false),
    );
  return command;
}

function list(json: boolean): void {
  const rows = blockRows();
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

function add(source: AddressPrefix, ttl: number): void {
  // What is protected within a prefix, or within that of an IPv6 source, is spared by the kernel itself.
  const never = gatherNeverBlock().prefixes.find(({ address, prefixLength }) =>
    contains({ address, length: prefixLength }, source),
  );
  if (never)
    throw new OperatorError(`${formatPrefix(source)} is never blocked`, `it is ${never.reason}`);
  const guard = new PinnedGuard('change');
  if (guard.never.covers(source))
    throw new OperatorError(
      `${formatPrefix(source)} is never blocked`,
      '`packetwatch allow list` shows why',
    );
  const result =
    source.length === 128
      ? guard.requests.block(source.address, ttl)
      : guard.nets.block(source, ttl);
  if (result === 'busy') throw new OperatorError('the table is busy', 'try again');
  if (result === 'full')
    throw new OperatorError(
      source.length === 128
        ? 'as many sources are blocked as --block-max allows'
        : 'as many prefixes are blocked as may be, 4096',
      'end some with `packetwatch block rm`',
    );
  tell(`blocked ${formatPrefix(source)} for ${ttl}s`);
}

function remove(source: AddressPrefix): void {
  const inFirewall = removeFromFirewall(source);
  if (!inFirewall || new Pins().hasMaps()) {
    const guard = new PinnedGuard('change');
    let result =
      source.length === 128 ? guard.requests.unblock(source.address) : guard.nets.unblock(source);
    // as `block list` shows the block of an IPv6 source
    if (result === 'nothing' && source.length === kernelDefaults.v6Prefix)
      result = guard.requests.unblock(source.address);
    if (result === 'nothing' && !inFirewall)
      throw new OperatorError(
        `${formatPrefix(source)} is not blocked`,
        '`packetwatch block list` shows what is',
      );
  }
  tell(`unblocked ${formatPrefix(source)}`);
}

/** Ends a block that --block=nft has set; its program sees it within 5 s. false: there is none. */
function removeFromFirewall({ address, length }: AddressPrefix): boolean {
  if (length !== 128) return false;
  const keys = new Set([true, false].map((own) => textOf(keyOf(address, () => own))));
  const found = (nftBlocks() ?? []).filter((block) => keys.has(textOf(block)));
  if (found.length > 0) mustNft(found.map(removeElement).join(''));
  return found.length > 0;
}

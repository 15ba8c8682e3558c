import { Command, Option } from 'commander';
import { blockRows } from '../guard/block-list.ts';
import { addBlock, removeBlock } from '../guard/blocks.ts';
import { gatherNeverBlock } from '../guard/never-block.ts';
import { kernelDefaults } from '../kernel/options.ts';
import { PinnedGuard } from '../kernel/pinned-guard.ts';
import { Pins } from '../kernel/pins.ts';
import { OperatorError } from '../model/errors.ts';
import { type AddressPrefix, contains, formatPrefix } from '../wire/prefix.ts';
import { prefix, seconds } from './parse.ts';
import { pinnedBlocks } from './pinned-blocks.ts';
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

async function list(json: boolean): Promise<void> {
  const { guard, inFirewall } = await pinnedBlocks();
  const rows = blockRows(guard, inFirewall);
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
  addBlock(new PinnedGuard('change'), source, ttl);
  tell(`blocked ${formatPrefix(source)} for ${ttl}s`);
}

async function remove(source: AddressPrefix): Promise<void> {
  await removeBlock(
    (hadBlock) => (hadBlock && !new Pins().hasMaps() ? undefined : new PinnedGuard('change')),
    source,
  );
  tell(`unblocked ${formatPrefix(source)}`);
}

import { Command, Option } from 'commander';
import { monotonicNs } from '../agent/clock.ts';
import { covers } from '../guard/addresses.ts';
import { gatherNeverBlock } from '../guard/never-block.ts';
import { PinnedGuard } from '../kernel/pinned-guard.ts';
import { kernelDefaults } from '../kernel/options.ts';
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
  const nowNs = monotonicNs();
  const rows = new PinnedGuard().table.blocks(nowNs).active.map((block) => describe(block, nowNs));
  if (json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  else
    process.stdout.write(
      table(
        ['source', 'reason', 'victim', 'ports', 'left', 'dropped'],
        rows.map((r) => [
          r.src_ip,
          r.reason,
          r.dst_ip ?? '-',
          r.ports.join(',') || '-',
          `${r.left_s}s`,
          `${r.drops}`,
        ]),
      ),
    );
}

function describe(block: Block, nowNs: number) {
  const victim = formatAddress(block.victim);
  return {
    src_ip: sourceOf(block),
    last_src_ip: formatAddress(block.fullSource),
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
  if (new PinnedGuard().requests.unblock(address) === 'nothing')
    throw new OperatorError(
      `${formatAddress(address)} is not blocked`,
      '`packetwatch block list` shows what is',
    );
  process.stderr.write(`packetwatch: unblocked ${formatAddress(address)}\n`);
}

function addressOf(text: string): Uint8Array {
  const address = parseAddress(text);
  if (!address)
    throw new OperatorError(`${text} is no IP address`, 'write it as 192.0.2.7 or 2001:db8::7', {
      exitCode: Exit.usage,
    });
  return address;
}

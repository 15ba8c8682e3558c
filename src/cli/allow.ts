import { Command } from 'commander';
import { monotonicNs } from '../kernel/monotonic.ts';
import { mustNft, nftBlocks } from '../guard/nft.ts';
import { remove as removeElement } from '../guard/nft-script.ts';
import { NeverList, Origin } from '../kernel/never.ts';
import { PinnedGuard } from '../kernel/pinned-guard.ts';
import { Pins } from '../kernel/pins.ts';
import { OperatorError } from '../model/errors.ts';
import { type AddressPrefix, contains, formatPrefix } from '../wire/prefix.ts';
import { prefix } from './parse.ts';
import { table } from './table.ts';
import { tell } from './tell.ts';

/** What `allow list` calls the bits of Origin. */
const ORIGINS: readonly (readonly [number, string])[] = [
  [Origin.own, 'own address'],
  [Origin.gateway, 'gateway'],
  [Origin.resolver, 'resolver'],
  [Origin.ssh, 'ssh'],
  [Origin.user, 'user'],
];

/** `packetwatch allow list|add|rm`: who is never blocked, kept in the kernel whether the program runs or not. */
export function allowCommand(): Command {
  const command = new Command('allow').description(
    'list who is never blocked in this network namespace, and change what you allow yourself',
  );
  command
    .command('list')
    .description('who is never blocked, and why')
    .option('--json', 'one JSON object per entry')
    .action((options: { json?: boolean }) => list(options.json ?? false));
  command
    .command('add')
    .argument('<address>', 'an address, or a prefix such as 10.1.0.0/16', prefix)
    .description('never block it, and end its blocks; kept until `release` or a reboot')
    .action(add);
  command
    .command('rm')
    .argument('<address>', 'as it was added', prefix)
    .description('take back what was added')
    .action(remove);
  return command;
}

function list(json: boolean): void {
  const rows = neverList('read')
    .list()
    .map((entry) => ({
      cidr: formatPrefix(entry),
      origin: originsOf(entry.origin),
    }));
  if (json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  else
    process.stdout.write(
      table(
        ['never blocked', 'why'],
        rows.map(({ cidr, origin }) => [cidr, origin.join(', ')]),
      ),
    );
}

/** Names of the bits of Origin. */
export function originsOf(bits: number): string[] {
  return ORIGINS.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
}

function add(allowed: AddressPrefix): void {
  const guard = new Pins().hasMaps() ? new PinnedGuard('change') : undefined;
  if (neverList('change', guard).allow(allowed) === 'full') {
    guard?.requests.countFull();
    throw new OperatorError(
      'as many prefixes are allowed as may be, 4096',
      'take some back with `packetwatch allow rm`',
    );
  }
  if (guard) endBlocks(guard, allowed);
  tell(`${formatPrefix(allowed)} is never blocked from now on`);
}

function remove(allowed: AddressPrefix): void {
  if (neverList('change').disallow(allowed) === 'nothing')
    throw new OperatorError(
      `${formatPrefix(allowed)} was not added`,
      '`packetwatch allow list` shows what was, as user',
    );
  tell(`${formatPrefix(allowed)} is not allowed any more`);
}

function endBlocks(guard: PinnedGuard, allowed: AddressPrefix): void {
  const nowNs = monotonicNs();
  const holds = (address: Uint8Array) => contains(allowed, { address, length: 128 });
  for (const { source, fullSource } of guard.table.blocks(nowNs).active)
    if (holds(source) || holds(fullSource)) guard.requests.unblock(source);
  for (const net of guard.nets.list(nowNs).active)
    if (contains(allowed, net)) guard.nets.unblock(net);
  const inFirewall = (nftBlocks() ?? []).filter(({ address }) => holds(address));
  if (inFirewall.length > 0) mustNft(inFirewall.map(removeElement).join(''));
}

/** That of the guard, or the one that a program has left. */
function neverList(use: 'read' | 'change', guard?: PinnedGuard): NeverList {
  if (guard) return guard.never;
  const pins = new Pins();
  if (pins.hasMaps()) return new PinnedGuard(use).never;
  const fd = pins.openAllowed();
  if (fd === undefined)
    throw new OperatorError(
      'no guard is attached in this network namespace',
      'start `packetwatch watch`',
    );
  return new NeverList(fd);
}

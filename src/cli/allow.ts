import { Command } from 'commander';
import { allow, allowRows, disallow } from '../guard/allowed.ts';
import { NeverList } from '../kernel/never.ts';
import { PinnedGuard } from '../kernel/pinned-guard.ts';
import { Pins } from '../kernel/pins.ts';
import { OperatorError } from '../model/errors.ts';
import { type AddressPrefix, formatPrefix } from '../wire/prefix.ts';
import { prefix } from './parse.ts';
import { table } from './table.ts';
import { tell } from './tell.ts';

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
  const rows = allowRows(neverList('read'));
  if (json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  else
    process.stdout.write(
      table(
        ['never blocked', 'why'],
        rows.map(({ cidr, origin }) => [cidr, origin.join(', ')]),
      ),
    );
}

async function add(allowed: AddressPrefix): Promise<void> {
  const guard = new Pins().hasMaps() ? new PinnedGuard('change') : undefined;
  await allow(neverList('change', guard), guard, allowed);
  tell(`${formatPrefix(allowed)} is never blocked from now on`);
}

function remove(allowed: AddressPrefix): void {
  disallow(neverList('change'), allowed);
  tell(`${formatPrefix(allowed)} is not allowed any more`);
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

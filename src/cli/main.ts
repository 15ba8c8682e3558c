#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { Exit, OperatorError } from '../model/errors.ts';
import { blockCommand } from './block.ts';
import { releaseCommand } from './release.ts';
import { statusCommand } from './status.ts';
import { watchCommand } from './watch.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

const program = new Command('packetwatch')
  .description('Logs every TCP connection of this host with its process and outcome, and stops port scans in the kernel.')
  .version(version)
  .option('--debug', 'show the stack of an error')
  .showHelpAfterError('(packetwatch COMMAND --help explains)')
  .exitOverride()
  .addHelpText(
    'after',
    `
Exit codes: 0 done, 1 failed, 2 bad usage. Standard output carries records only; notes go to standard error.

Examples:
  packetwatch watch                       log connections as text
  packetwatch watch -o json | jq .        the same, for programs
  packetwatch watch --block               and shut out port scanners
  packetwatch status                      what is watched, seen and lost`,
  );

for (const command of [watchCommand(), blockCommand(), statusCommand(), releaseCommand()])
  program.addCommand(command.exitOverride().showHelpAfterError('(--help explains)'));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** One line that says what, why and the mend; `--debug` adds the stack. Returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? Exit.done : Exit.usage;
  const debug = program.opts<{ debug?: boolean }>().debug;
  if (error instanceof OperatorError) process.stderr.write(`packetwatch: ${error.message}: ${error.hint}\n`);
  else process.stderr.write(`packetwatch: ${error instanceof Error ? error.message : String(error)}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${stackOf(error)}\n`);
  return error instanceof OperatorError ? error.exitCode : Exit.failed;
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

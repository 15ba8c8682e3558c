#!/usr/bin/env node
import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { version } from '../agent/version.ts';
import { errorText, Exit, OperatorError, shortage } from '../model/errors.ts';
import { cannotWrite } from '../sinks/output.ts';
import { tell } from './tell.ts';

const program = new Command('packetwatch')
  .description(
    'Logs every TCP connection of this host with its process and outcome, and stops port scans in the kernel.',
  )
  .version(version)
  .option('--debug', 'show the stack of an error')
  .configureOutput(oneLine('packetwatch'))
  .exitOverride()
  .addHelpText(
    'after',
    `
Exit codes: 0 done, 1 failed, 2 bad usage. Standard output carries records only; notes go to standard error.

Examples:
  packetwatch watch                       log connections as text
  packetwatch watch -o json | jq .        the same, for programs
  packetwatch watch --block               and shut out port scanners
  packetwatch read dump.pcap              attempts and scans in capture files
  packetwatch status                      what is watched, seen and lost
  packetwatch explain RSTO                what a state, field or alert means, and what to do about it`,
  );

// `--help | head`: who stops reading has read enough. Records go another way (sinks/output.ts).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  const { code } = error;
  if (code === 'EPIPE') process.exit(process.exitCode ?? Exit.done);
  process.exit(report(cannotWrite('standard output', code, error)));
});

try {
  // loaded here, so that what fails for want of descriptors is told as everything is
  for (const command of await commandsFor(process.argv.slice(2))) program.addCommand(command);
  for (const [command, name] of withNames(program, 'packetwatch'))
    command.exitOverride().configureOutput(oneLine(name));
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** What reads files needs nothing of what reads the kernel, and starts in three quarters of the time without it. */
async function commandsFor(words: readonly string[]): Promise<readonly Command[]> {
  const asked = words.find((word) => !word.startsWith('-'));
  if (asked === 'read') return [(await import('./read.ts')).readCommand()];
  if (asked === 'store-service')
    return [(await import('./store-service.ts')).storeServiceCommand()];
  return (await import('./commands.ts')).commands();
}

/** Bad usage is one line, too. */
function oneLine(name: string): OutputConfiguration {
  return {
    outputError: (text) => {
      const what = text
        .replace(/^error: /, '')
        .trim()
        .split('\n')
        .join(' ')
        .replace(/\.$/, '');
      tell(`${what}: \`${name} --help\` explains`);
    },
  };
}

/** Every command below this one, with its full name. */
function* withNames(parent: Command, name: string): Generator<[Command, string]> {
  for (const command of parent.commands) {
    const full = `${name} ${command.name()}`;
    yield [command, full];
    yield* withNames(command, full);
  }
}

/** One line that says what, why and the mend; `--debug` adds the stack. Returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? Exit.done : Exit.usage;
  const told = shortage(error) ?? error;
  const debug = program.opts<{ debug?: boolean }>().debug;
  if (told instanceof OperatorError) tell(`${told.message}: ${told.hint}`);
  else tell(errorText(told));
  if (debug && error instanceof Error) for (const line of stackOf(error).split('\n')) tell(line);
  return told instanceof OperatorError ? told.exitCode : Exit.failed;
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

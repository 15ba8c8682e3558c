import { Command } from 'commander';
import { FileStates } from '../agent/file-states.ts';
import { hostStates, tableStates } from '../agent/states.ts';
import type { States } from '../model/states.ts';
import { Exit } from '../model/errors.ts';
import { TRANSITIONS } from '../model/tcp-transitions.ts';
import { isTable } from '../sources/proc-states.ts';
import { stateDiagram } from './state-diagram.ts';
import { table } from './table.ts';
import { progress, tell } from './tell.ts';
import { wrapped } from './wrap.ts';

/** `packetwatch states`. */
export function statesCommand(): Command {
  return new Command('states')
    .description("TCP's states as RFC 9293 draws them, with how many connections are in each")
    .argument('[file...]', 'captures, or saved tables of sockets; none: the sockets of this host')
    .option('--json', 'the counts, as one JSON object')
    .addHelpText(
      'after',
      `
Without files the TCP sockets of this network namespace are counted, which needs no rights
(/proc/net/tcp and tcp6). While \`packetwatch watch\` runs, arrows have how often they were taken since
its start, for root and its user; else two of them do, which the kernel counts by itself.

Of captures both ends of each connection are followed, as far as their segments show them: an arrow
has how often it was taken, a box how many ends were in it when their connection was over, or the
capture. \`packetwatch explain STATE\` says what a state means, and what to do about it.

  packetwatch states
  packetwatch states monday.pcap.gz tuesday.pcapng
  packetwatch states --json /proc/1234/net/tcp /proc/1234/net/tcp6`,
    )
    .action(async (files: string[], options: { json?: boolean }) => {
      const states = await statesOf(files);
      if (!states) return;
      process.stdout.write(options.json ? `${JSON.stringify(states)}\n` : describe(states));
    });
}

/** Undefined: nothing could be read, which was told. */
async function statesOf(files: readonly string[]): Promise<States | undefined> {
  if (files.length === 0) return hostStates();
  if (files.every(isTable)) return tableStates(files);
  const reading = new FileStates(files, tell, progress());
  const states = await reading.run();
  if (reading.isWhole) return states;
  process.exitCode = Exit.failed;
  return states.total === 0 ? undefined : states;
}

function describe(states: States): string {
  return [headline(states), stateDiagram(states), others(states), notes(states)]
    .filter((part) => part !== '')
    .join('\n');
}

function headline({ of, total, attempt_fails }: States): string {
  if (of === 'ends') return `TCP connections: ${total / 2}, each with two ends\n`;
  const where = attempt_fails === undefined ? 'tables' : 'this network namespace';
  return `TCP sockets of ${where}: ${total}\n`;
}

/** What the figure has no arrow for. */
function others({ transitions }: States): string {
  const rows = transitions
    .slice(TRANSITIONS.length)
    .map(({ from, to, count }) => [from, to, `${count}`]);
  return rows.length === 0 ? '' : table(['besides, from', 'to', 'how often'], rows);
}

function notes({ attempt_fails, estab_resets, malformed, since_ts }: States): string {
  const lines = ['`packetwatch explain STATE` says what a state means, and what to do about it.'];
  if (attempt_fails !== undefined)
    lines.unshift(
      `Since this network namespace was made ${attempt_fails} handshakes failed (SYN-SENT or SYN-RECEIVED to CLOSED), and ${estab_resets} connections were cut (ESTABLISHED or CLOSE-WAIT to CLOSED).`,
    );
  if (since_ts !== undefined) lines.unshift(`Arrows were counted since ${since_ts}.`);
  if (malformed !== undefined) lines.unshift(`Lines that are no rows of a table: ${malformed}.`);
  return lines.map((line) => wrapped(line, '')).join('');
}

import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { Read, type ReadConfig } from '../agent/read.ts';
import { type Filter, parseFilter } from '../filter/filter.ts';
import { Exit, OperatorError } from '../model/errors.ts';
import { EventCode, type EventMask, LAST_EVENTS, parseEvents } from '../model/events.ts';
import { checkForm, hasEndsAlone, outputOption } from './output-option.ts';
import type { Rule } from '../agent/config.ts';
import { rule } from './parse.ts';
import { progress, tell } from './tell.ts';

interface Options {
  output: ReadConfig['format'];
  records?: keyof typeof RECORDS;
  events?: string;
  filter?: string;
  rule: Rule;
  checksums: 'verify' | 'ignore';
  tcb?: true;
  write?: string;
}

const ATTEMPTS = 1 << EventCode.attempt;
const SCANS = 1 << EventCode.scan;

/** What files have. */
const RECORDS = {
  attempts: ATTEMPTS,
  connections: LAST_EVENTS,
  scans: SCANS,
  all: ATTEMPTS | (1 << EventCode.open) | LAST_EVENTS | SCANS,
} as const;

/** `packetwatch read`. */
export function readCommand(): Command {
  return new Command('read')
    .description('tell the connection attempts, connections and port scans in capture files')
    .argument(
      '<file...>',
      'pcap, pcapng, saved /proc/net/tcp or JSON lines, also compressed by gzip; - is standard input',
    )
    .addOption(
      new Option(
        '--records <kind>',
        'which records: attempts (the default), connections (that of -o zeek), scans, all',
      ).choices(Object.keys(RECORDS)),
    )
    .addOption(
      new Option(
        '--events <list>',
        'the same by names of events: connection.attempt, connection.close, ..., scan',
      ).conflicts('records'),
    )
    .option('--filter <expression>', 'tell only what concerns these addresses and ports')
    .addOption(
      new Option('--rule <rule>', 'what a scan is: reference[,ports=3][,window=60s] or weighted')
        .argParser(rule)
        .default(rule('reference'), 'reference'),
    )
    .addOption(
      new Option('--checksums <what>', 'verify: leave out packets whose checksum is wrong')
        .choices(['verify', 'ignore'])
        .default('ignore'),
    )
    .addOption(outputOption())
    .option('--tcb', 'tell the control blocks of both ends of each connection, at its end')
    .option(
      '--write <file>',
      'write the packets that pass the filter there; records are told only if they are asked for',
    )
    .addHelpText(
      'after',
      `
An attempt is a TCP segment with SYN and without ACK, told once however often it was sent. Lines, ids
and Community IDs are as live; the times are those of the packets, and a scan is judged by them. Every
address counts as a victim: a file doesn't tell whose host it is of. Packets in tunnels count as what they
carry. Checksums are not looked at unless --checksums verify says so: a capture on the sending host has
those that its network card makes only later, which then count as right.

With --records connections each connection is one line, at its end or that of the capture; with all,
there are lines of its attempt and of its open as well. With --tcb an end has the variables of RFC 9293,
3.3.1 for both ends of the connection, inferred from its segments: in JSON as the member tcb, in text as
two more lines. It asks for --records connections.

A table of sockets as /proc/net/tcp has it tells an attempt of each connection; its time is that of the
file. Of JSON lines (-o json, also of other programs) the events of connections are told again, in any
form; a connection of which they have no attempt gets one.

Several files are merged in the order of their packets' times. Within one file packets stay in their
order. A damaged file gives what comes before the damage, one line that says where it is, and exit
code 1; so do packets of a link type that is not decoded.

--write asks the filter of each packet, as tcpdump does: src is who sent it. What it writes is pcap, or
pcapng if there are packets of several link types; - is standard output.

The filter is that of \`packetwatch watch\`, as one argument, so that no word of it is taken for a file:
  packetwatch read dump.pcap
  packetwatch read -o zeek dump.pcap > conn.log
  packetwatch read --tcb dump.pcap --filter 'port 5432'
  packetwatch read yesterday.jsonl.gz -o zeek
  packetwatch read dump.pcap --filter 'host 10.0.0.5' --write host.pcap
  packetwatch read --records all -o json monday.pcap.gz tuesday.pcapng
  packetwatch read dump.pcap --filter 'net 10.0.0.0/8 and not port 443'
  ssh host tcpdump -w - tcp | packetwatch read -`,
    )
    .action(async (files: string[], options: Options, command: Command) => {
      const read = new Read(configOf(files, options, asksRecords(command)), tell, progress());
      const stop = () => read.stop();
      process.on('SIGINT', stop).on('SIGTERM', stop);
      if (!(await read.run())) process.exitCode = Exit.failed;
    });
}

/** Options that say which records, or how. */
function asksRecords(command: Command): boolean {
  const options = ['records', 'events', 'output', 'tcb'];
  return options.some((name) => command.getOptionValueSource(name) === 'cli');
}

/** @param records whether they are asked for, if others may be wanted instead */
function configOf(files: readonly string[], options: Options, records: boolean): ReadConfig {
  const { write } = options;
  if (write === '-' && records)
    throw usage(
      'standard output takes the capture of --write -, and no records as well',
      'write it to a file, or leave out --records, --events, --tcb and -o',
    );
  const filterAt = files.findIndex((_, at) => at > 0 && isFilter(files.slice(at)));
  if (filterAt > 0) {
    const words = files.slice(filterAt).join(' ');
    throw usage(`'${words}' is a filter where files are wanted`, `say --filter '${words}'`);
  }
  if (files.filter((file) => file === '-').length > 1)
    throw usage('standard input can be read once', 'name - once');
  return {
    files,
    format: options.output,
    events: write !== undefined && !records ? 0 : eventsOf(options),
    rule: options.rule,
    filter: filterOf(options.filter),
    tcb: options.tcb ?? false,
    verifyChecksums: options.checksums === 'verify',
    write,
  };
}

function eventsOf({ output, records, events, tcb }: Options): EventMask {
  const kind = records ?? (hasEndsAlone(output) || tcb ? 'connections' : 'attempts');
  const mask = events === undefined ? RECORDS[kind] : namedEvents(events);
  const asked = events === undefined ? `--records ${kind}` : `--events ${events}`;
  checkForm(output, mask, asked);
  if (!tcb) return mask;
  if ((mask & LAST_EVENTS) === 0)
    throw usage(
      `--tcb tells more of a connection that is over, and ${asked} asks for none`,
      'say --records connections',
    );
  if (hasEndsAlone(output))
    throw usage(`-o ${output} has no fields for what --tcb tells`, 'use -o text or -o json');
  return mask;
}

function namedEvents(events: string): EventMask {
  const mask = parseEvents(events).mask & RECORDS.all;
  if (mask !== 0) return mask;
  throw usage(
    `--events ${events}: files have no such events`,
    'use a list of: connection, connection.attempt, connection.close, scan',
  );
}

function filterOf(expression: string | undefined): Filter | undefined {
  return expression === undefined ? undefined : parseFilter(expression);
}

/** As behind the file of tcpdump: words that are a filter and no file. */
function isFilter(words: readonly string[]): boolean {
  if (existsSync(words[0]!)) return false;
  try {
    parseFilter(words.join(' '));
    return true;
  } catch {
    return false;
  }
}

function usage(what: string, hint: string): OperatorError {
  return new OperatorError(what, hint, { exitCode: Exit.usage });
}

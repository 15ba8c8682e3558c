import { Command, Option } from 'commander';
import { type WatchConfig, watchDefaults } from '../agent/config.ts';
import { Watch } from '../agent/watch.ts';
import { Exit, OperatorError } from '../model/errors.ts';
import { parseEvents } from '../model/events.ts';
import { integer, type Rule, rule, seconds } from './parse.ts';

interface Options {
  source: WatchConfig['source'];
  interval: number;
  interface?: string[];
  attach: WatchConfig['attach'];
  block?: boolean | 'bpf' | 'nft';
  dryRun?: boolean;
  rule: Rule;
  blockTtl: number;
  blockMax: number;
  blockEstablished?: boolean;
  output: WatchConfig['format'];
  events?: number;
  allNetns?: boolean;
  duration?: number;
}

const { kernel } = watchDefaults;

/** `packetwatch watch`. */
export function watchCommand(): Command {
  return new Command('watch')
    .description('log every TCP connection of this host, and port scans, as they happen')
    .addOption(
      new Option('--source <name>', 'where connections come from')
        .choices(['auto', 'ebpf', 'proc'])
        .default('auto'),
    )
    .addOption(
      new Option('--interval <time>', 'between two reads of /proc (proc only)')
        .argParser(seconds)
        .default(watchDefaults.intervalSeconds, '10s'),
    )
    .option(
      '-i, --interface <name>',
      'see packets of this interface only (repeatable), of all that have an address otherwise; sockets are always those of the whole network namespace',
      (name: string, before: string[] | undefined) => [...(before ?? []), name],
    )
    .addOption(
      new Option(
        '--attach <hook>',
        'where the guard sits: auto is tcx, and native XDP for --block where it costs nothing',
      )
        .choices(['auto', 'tcx', 'native', 'generic'])
        .default('auto'),
    )
    .addOption(
      new Option(
        '--block [how]',
        'shut out a source with the packet that makes it a port scanner: in the kernel (bpf), or in the host firewall (nft), a little later',
      ).choices(['bpf', 'nft']),
    )
    .option('--dry-run', 'with --block: say what would be blocked, block nothing')
    .addOption(
      new Option('--rule <rule>', 'what a scan is: reference[,ports=3][,window=60s]')
        .argParser(rule)
        .default(rule('reference'), 'reference'),
    )
    .addOption(
      new Option('--block-ttl <time>', 'how long a block lasts')
        .argParser(seconds)
        .default(kernel.blockSeconds, `${kernel.blockSeconds}s`),
    )
    .option('--block-max <n>', 'blocks in force at once', integer(1, 32_768), kernel.blockMax)
    .option('--block-established', "cut a blocked source's established connections as well")
    .addOption(
      new Option('-o, --output <format>', 'form of the records')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option(
      '--events <list>',
      'only these: connection, connection.open, scan, block, loss, ...',
      parseEvents,
    )
    .option('--all-netns', 'sockets of all network namespaces, not only of this one')
    .option('--duration <time>', 'end after this time', seconds)
    .addHelpText(
      'after',
      `
Text lines are \`TIME: New connection: A -> B\` at the attempt, then one line with its outcome
(opened, refused, timeout, reset, closed); A is always the one who began. SIGINT and SIGTERM end it:
without --block nothing stays in the kernel; with it the guard stays until \`packetwatch release\`.
Without root it reads /proc/net/tcp and says what it can't see.`,
    )
    .action(async (options: Options) => {
      const watch = new Watch(configOf(options), (line) =>
        process.stderr.write(`packetwatch: ${line}\n`),
      );
      const stop = () => watch.stop();
      process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop);
      watch.start();
      await watch.run();
    });
}

function configOf(options: Options): WatchConfig {
  const block = blockingOf(options.block);
  if (options.dryRun && block === 'off')
    throw new OperatorError('--dry-run says what --block would do', 'add --block', {
      exitCode: Exit.usage,
    });
  return {
    source: options.source,
    intervalSeconds: options.interval,
    interfaces: options.interface ?? [],
    attach: options.attach,
    block,
    kernel: {
      ...kernel,
      ports: options.rule.ports,
      windowSeconds: options.rule.windowSeconds,
      block: block === 'bpf',
      dryRun: options.dryRun ?? false,
      blockSeconds: options.blockTtl,
      blockMax: options.blockMax,
      blockEstablished: options.blockEstablished ?? false,
      allNetns: options.allNetns ?? false,
    },
    format: options.output,
    events: options.events ?? watchDefaults.events,
    durationSeconds: options.duration,
  };
}

function blockingOf(option: Options['block']): WatchConfig['block'] {
  if (option === undefined || option === false) return 'off';
  return option === true ? 'bpf' : option;
}

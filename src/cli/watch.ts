import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { type Rule, type WatchConfig, watchDefaults } from '../agent/config.ts';
import { becomeUser, type User, userOf } from '../agent/become-user.ts';
import { Watch } from '../agent/watch.ts';
import { parseListen } from '../api/address.ts';
import { parseFilter } from '../filter/filter.ts';
import { Exit, OperatorError } from '../model/errors.ts';
import { parseEvents } from '../model/events.ts';
import type { SyslogTarget } from '../sinks/syslog.ts';
import { LOCAL_LOG, secretOf, syslogTarget, webhookUrl } from './alerts.ts';
import { findPlugins } from '../plugins/folder.ts';
import { checkForm, outputOption } from './output-option.ts';
import { STORE_DEFAULTS, type StoreConfig } from '../store/store.ts';
import { blockBy, bytes, integer, rule, seconds } from './parse.ts';
import { tell } from './tell.ts';

interface Options {
  source: WatchConfig['source'];
  interval: number;
  interface?: string[];
  attach: WatchConfig['attach'];
  block?: boolean | 'bpf' | 'nft';
  dryRun?: boolean;
  rule: Rule;
  blockTtl: number;
  blockTtlConfirmed: number;
  blockMax: number;
  blockEstablished?: boolean;
  output: WatchConfig['format'];
  log?: string;
  events?: string;
  plugin?: string[];
  webhook?: URL;
  /** What is in it. */
  webhookSecretFile?: string;
  syslog?: SyslogTarget | true;
  allNetns?: boolean;
  listen?: WatchConfig['listen'];
  tlsCert?: string;
  tlsKey?: string;
  store?: string;
  storeKeep: number;
  storeSize: number;
  replace?: boolean;
  duration?: number;
  user?: User;
}

const { kernel } = watchDefaults;

/** `packetwatch watch`. */
export function watchCommand(): Command {
  return new Command('watch')
    .description('log every TCP connection of this host, and port scans, as they happen')
    .argument('[filter...]', 'tell only what concerns these addresses and ports, as in tcpdump')
    .addOption(
      new Option('--source <name>', 'where connections come from')
        .choices(['auto', 'ebpf', 'pcap', 'proc'])
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
      repeated,
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
      ).argParser(blockBy),
    )
    .option('--dry-run', 'with --block: say what would be blocked, block nothing')
    .addOption(
      new Option(
        '--rule <rule>',
        'what a scan is: reference[,ports=3][,window=60s], or weighted: by what becomes of the attempts',
      )
        .argParser(rule)
        .default(rule('reference'), 'reference'),
    )
    .addOption(
      new Option('--block-ttl <time>', 'how long a block by evidence that can be forged lasts')
        .argParser(seconds)
        .default(kernel.blockSeconds, `${kernel.blockSeconds}s`),
    )
    .addOption(
      new Option(
        '--block-ttl-confirmed <time>',
        'the same of a source that has completed handshakes with three ports, so that its address is its own',
      )
        .argParser(seconds)
        .default(kernel.confirmedSeconds, '10m'),
    )
    .option('--block-max <n>', 'blocks in force at once', integer(1, 32_768), kernel.blockMax)
    .option('--block-established', "cut a blocked source's established connections as well")
    .addOption(outputOption())
    .option(
      '--log <file>',
      'write them to the end of this file, not to standard output; SIGHUP opens it again',
    )
    .option(
      '--events <list>',
      'only these: connection, connection.open, scan, block, loss, and those of plugins',
    )
    .option(
      '--plugin <name>',
      'run this plugin behind the guard (repeatable, in this order); `packetwatch plugins` lists them',
      repeated,
    )
    .option(
      '--webhook <url>',
      'POST scan, block, unblock and loss events there, as JSON arrays',
      webhookUrl,
    )
    .option(
      '--webhook-secret-file <file>',
      'sign what is POSTed with the secret in this file',
      secretOf,
    )
    .option(
      '--syslog [receiver]',
      'send the same events to /dev/log, another unix socket, udp://HOST[:PORT] or tcp://HOST[:PORT]',
      syslogTarget,
    )
    .option(
      '--listen <address:port>',
      'serve the page, its API and metrics there, as in 127.0.0.1:9470 (for this host alone)',
      parseListen,
    )
    .option(
      '--tls-cert <file>',
      'with --listen: speak TLS with this certificate (PEM, with its chain)',
    )
    .option('--tls-key <file>', 'its key (PEM)')
    .option(
      '--store <directory>',
      'keep connections, scans and blocks there as well, for `packetwatch query` and the page',
    )
    .addOption(
      new Option('--store-keep <time>', 'how long they are kept')
        .argParser(seconds)
        .default(STORE_DEFAULTS.keepSeconds, '30d'),
    )
    .addOption(
      new Option('--store-size <bytes>', 'how much of the disk they take; the oldest go')
        .argParser(bytes)
        .default(STORE_DEFAULTS.maxBytes, '10G'),
    )
    .option('--all-netns', 'sockets of all network namespaces, not only of this one')
    .option(
      '--replace',
      'take over from the packetwatch that runs here, without a gap: for another version, or other options',
    )
    .option('--duration <time>', 'end after this time', seconds)
    .option(
      '--user <name>',
      'as root: go on as this user, with the capabilities that are needed and no others',
      userOf,
    )
    .addHelpText(
      'after',
      `
Text lines are \`TIME: New connection: A -> B\` at the attempt, then one line with its outcome
(opened, refused, timeout, reset, closed); A is always the one who began. SIGINT and SIGTERM end it:
without --block nothing stays in the kernel; with it the guard stays until \`packetwatch release\`.
Where the kernel's events can't be had it reads packets (CAP_NET_RAW), else /proc/net/tcp, and says
what it can't see.

The filter is tcpdump's: [ip|ip6|tcp|udp] [src|dst|src or dst|src and dst] [host|net|port|portrange] VALUE,
joined by and, or, not and parentheses. src is who began, dst whom it went to. It chooses what is told,
not what is detected or blocked. A scan is told when an attempt on one of its ports would be; a block
has its source address alone; losses are always told. Quote parentheses and \`!\`:
  packetwatch watch port 80 or 443
  packetwatch watch 'src net 10.0.0.0/8 and not (host 10.0.0.5 or dst port 22)'`,
    )
    .action(async (words: string[], options: Options) => {
      const config = configOf(words, options);
      if (options.user) becomeUser(options.user, config);
      const watch = new Watch(config, tell);
      const stop = () => watch.stop();
      process.on('SIGINT', stop).on('SIGTERM', stop);
      // With a log file no terminal is wanted: its hang-up is what logrotate(8) sends.
      process.on('SIGHUP', options.log === undefined ? stop : () => watch.reopenLog());
      await watch.start();
      await watch.run();
    });
}

function repeated(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function configOf(words: readonly string[], options: Options): WatchConfig {
  const block = blockingOf(options.block);
  if (options.dryRun && block === 'off')
    throw new OperatorError('--dry-run says what --block would do', 'add --block', {
      exitCode: Exit.usage,
    });
  if (options.webhookSecretFile !== undefined && !options.webhook)
    throw new OperatorError('--webhook-secret-file signs what --webhook sends', 'add --webhook', {
      exitCode: Exit.usage,
    });
  const plugins = findPlugins(options.plugin ?? []);
  const named = plugins.flatMap(({ manifest }) => Object.keys(manifest.events));
  const events = options.events === undefined ? undefined : parseEvents(options.events, named);
  if (events) checkForm(options.output, events.mask, `--events ${options.events}`);
  return {
    source: options.source,
    intervalSeconds: options.interval,
    interfaces: options.interface ?? [],
    attach: options.attach,
    block,
    kernel: {
      ...kernel,
      rule: options.rule.name,
      ports: options.rule.ports,
      windowSeconds: options.rule.windowSeconds,
      block: block === 'bpf',
      dryRun: options.dryRun ?? false,
      blockSeconds: options.blockTtl,
      confirmedSeconds: options.blockTtlConfirmed,
      retellSeconds: block === 'nft' ? options.blockTtl : 0,
      blockMax: options.blockMax,
      blockEstablished: options.blockEstablished ?? false,
      allNetns: options.allNetns ?? false,
      plugins: plugins.some(({ manifest }) => manifest.hooks.includes('ingress')),
    },
    format: options.output,
    logFile: options.log,
    events: events?.mask ?? watchDefaults.events,
    pluginEvents: events?.plugins,
    plugins,
    alerts: {
      webhook: options.webhook && { url: options.webhook, secret: options.webhookSecretFile },
      syslog: options.syslog === true ? LOCAL_LOG : options.syslog,
    },
    listen: options.listen,
    tls: tlsOf(options),
    store: options.store === undefined ? undefined : storeOf(options.store, options),
    filter: words.length > 0 ? parseFilter(words.join(' ')) : watchDefaults.filter,
    replace: options.replace ?? false,
    durationSeconds: options.duration,
  };
}

function tlsOf({ tlsCert: cert, tlsKey: key, listen }: Options): WatchConfig['tls'] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert !== undefined && key !== undefined && listen) return { cert, key };
  throw new OperatorError(
    'TLS takes --tls-cert, --tls-key and --listen',
    'give all three, or neither certificate nor key',
    { exitCode: Exit.usage },
  );
}

function storeOf(directory: string, { storeKeep, storeSize }: Options): StoreConfig {
  return {
    directory: resolve(directory),
    retention: { keepSeconds: storeKeep, maxBytes: storeSize },
    program: process.argv[1]!,
  };
}

function blockingOf(option: Options['block']): WatchConfig['block'] {
  if (option === undefined || option === false) return 'off';
  return option === true ? 'bpf' : option;
}

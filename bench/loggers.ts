/** The tools of the connections row: each logs new TCP connections to a file. */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startToFile } from './packetwatch.ts';
import { run, text, until } from './proc.ts';
import { FIRST_PORT, PORTS, type Rig, VICTIM_IF } from './rig.ts';
import { countLines, type Counts, keyOf } from './tuples.ts';

/** A logger at work. */
export interface Logging {
  readonly pids: readonly number[];
  readonly log: string;
  stop(): Promise<void>;
}

/** How complete a log is, tuple by tuple. */
export interface Seen {
  /** The line that reports the connection. */
  readonly attempts: Counts;
  /** A line with its outcome; only ours have them. */
  readonly outcomes?: Counts;
  /** A line that names the process which served it. */
  readonly processes?: Counts;
}

export interface Logger {
  readonly name: string;
  readonly ours?: boolean;
  /** CPU seconds per 100,000 connections that it should stay within. */
  readonly cpuGoal?: number;
  /** Commands that it needs, and the Debian package of each. */
  readonly needs: Readonly<Record<string, string>>;
  start(rig: Rig, folder: string): Promise<Logging>;
  read(log: string): Promise<Seen>;
}

/** Name of the process that serves every connection (bench/src/server.c). */
const SERVER = 'server';

const SYN = 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn';

/** A line's tuple by a pattern with the groups address, source port and port. */
function pattern(expression: RegExp): (line: string) => number | undefined {
  return (line) => {
    const found = expression.exec(line);
    return found === null ? undefined : keyOf(found[1]!, found[2]!, found[3]!);
  };
}

const TEXT = pattern(/: New connection: ([\d.]+):(\d+) -> [\d.]+:(\d+)/);
const TEXT_OUTCOME = pattern(/: Connection opened: ([\d.]+):(\d+) -> [\d.]+:(\d+)/);
const TEXT_PROCESS = pattern(
  new RegExp(`: Connection opened: ([\\d.]+):(\\d+) -> [\\d.]+:(\\d+) ${SERVER}\\[\\d+\\]`),
);

const oursText: Logger = {
  name: 'packetwatch, text',
  ours: true,
  cpuGoal: 0.4,
  needs: { node: 'nodejs' },
  async start(rig, folder) {
    const log = `${folder}/packetwatch.log`;
    const started = await startToFile(rig, folder, ['-o', 'text'], log);
    return { log, pids: [started.pid], stop: () => started.stop() };
  },
  read: async (log) => ({
    attempts: await countLines(log, TEXT),
    outcomes: await countLines(log, TEXT_OUTCOME),
    processes: await countLines(log, TEXT_PROCESS),
  }),
};

/** As text, with what a run without sockets can tell. */
const oursPackets: Logger = {
  name: 'packetwatch --source pcap, text',
  ours: true,
  cpuGoal: 0.5,
  needs: { node: 'nodejs' },
  async start(rig, folder) {
    const log = `${folder}/packetwatch.log`;
    const started = await startToFile(rig, folder, ['--source', 'pcap'], log);
    return { log, pids: [started.pid], stop: () => started.stop() };
  },
  read: async (log) => ({
    attempts: await countLines(log, TEXT),
    outcomes: await countLines(log, TEXT_OUTCOME),
  }),
};

interface Line {
  readonly event: string;
  readonly src_ip: string;
  readonly src_port: number;
  readonly dst_port: number;
  readonly process?: string;
}

/** The tuple of a JSON line if the event is one that counts. */
function json(counts: (line: Line) => boolean): (line: string) => number | undefined {
  return (line) => {
    const record = JSON.parse(line) as Line;
    return counts(record)
      ? keyOf(record.src_ip ?? '', String(record.src_port), String(record.dst_port))
      : undefined;
  };
}

const oursJson: Logger = {
  name: 'packetwatch, JSON',
  ours: true,
  needs: { node: 'nodejs' },
  async start(rig, folder) {
    const log = `${folder}/packetwatch.json`;
    const started = await startToFile(rig, folder, ['-o', 'json'], log);
    return { log, pids: [started.pid], stop: () => started.stop() };
  },
  read: async (log) => ({
    attempts: await countLines(
      log,
      json((line) => line.event === 'connection.attempt'),
    ),
    outcomes: await countLines(
      log,
      json((line) => line.event === 'connection.open'),
    ),
    processes: await countLines(
      log,
      json((line) => line.event === 'connection.open' && line.process === SERVER),
    ),
  }),
};

const tcpdump: Logger = {
  name: 'tcpdump -l, SYN filter',
  needs: { tcpdump: 'tcpdump' },
  async start(rig, folder) {
    const log = `${folder}/tcpdump.log`;
    const started = await rig.start('victim', ['tcpdump', '-i', VICTIM_IF, '-l', '-nn', SYN], {
      stdout: { file: log },
      stderr: `${folder}/err`,
    });
    await until(() => text(`${folder}/err`).includes('listening on'), 10);
    return { log, pids: [started.pid], stop: () => started.stop() };
  },
  read: async (log) => ({
    attempts: await countLines(log, pattern(/IP ([\d.]+)\.(\d+) > [\d.]+\.(\d+): /)),
  }),
};

const ulogd: Logger = {
  name: 'ulogd2, nft log rule',
  needs: { ulogd: 'ulogd2', nft: 'nftables' },
  async start(rig, folder) {
    const log = `${folder}/ulogd.log`;
    const rule =
      'tcp flags & (fin|syn|rst|ack) == syn log prefix "NEW " group 5 queue-threshold 20';
    await rig.nft(
      'victim',
      `table inet pwulog { chain c { type filter hook input priority 0; ${rule}; }\n}\n`,
    );
    const found = await run([
      'sh',
      '-c',
      'dirname "$(find /usr/lib -name ulogd_inppkt_NFLOG.so | head -n1)"',
    ]);
    const plugins = [
      'inppkt_NFLOG',
      'filter_IFINDEX',
      'filter_IP2STR',
      'filter_PRINTPKT',
      'output_LOGEMU',
      'raw2packet_BASE',
    ];
    writeFileSync(
      `${folder}/ulogd.conf`,
      `[global]
logfile="${folder}/ulogd.messages"
stack=log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,print1:PRINTPKT,emu1:LOGEMU
${plugins.map((name) => `plugin="${found.stdout.trim()}/ulogd_${name}.so"`).join('\n')}
[log1]
group=5
netlink_socket_buffer_size=8388608
netlink_socket_buffer_maxsize=33554432
[emu1]
file="${log}"
sync=0
`,
    );
    const started = await rig.start('victim', ['ulogd', '-c', `${folder}/ulogd.conf`], {
      stdout: { file: `${folder}/out` },
      stderr: `${folder}/out`,
    });
    await until(() => text(`${folder}/ulogd.messages`).includes('initialization finished'), 5);
    return { log, pids: [started.pid], stop: () => started.stop() };
  },
  read: async (log) => ({
    attempts: await countLines(log, pattern(/SRC=([\d.]+) .*SPT=(\d+) DPT=(\d+)/)),
  }),
};

const conntrack: Logger = {
  name: 'conntrack -E',
  needs: { conntrack: 'conntrack', nft: 'nftables' },
  async start(rig, folder) {
    const log = `${folder}/conntrack.log`;
    // a rule that asks for the state, otherwise nothing is tracked
    await rig.nft(
      'victim',
      'table inet pwct { chain c { type filter hook prerouting priority 0; ct state invalid counter; }\n}\n',
    );
    const argv = ['conntrack', '-E', '-e', 'NEW', '-p', 'tcp', '-o', 'timestamp', '-b', '33554432'];
    const started = await rig.start('victim', argv, {
      stdout: { file: log },
      stderr: `${folder}/err`,
    });
    await sleep(1000); // it has no sign of being ready
    return { log, pids: [started.pid], stop: () => started.stop() };
  },
  read: async (log) => ({
    attempts: await countLines(log, pattern(/src=([\d.]+) dst=[\d.]+ sport=(\d+) dport=(\d+)/)),
  }),
};

const bpftrace: Logger = {
  name: 'bpftrace, inet_sock_set_state',
  needs: { bpftrace: 'bpftrace' },
  async start(rig, folder) {
    const log = `${folder}/bpftrace.log`;
    const ours = `args->sport >= ${FIRST_PORT} && args->sport < ${FIRST_PORT + PORTS}`;
    const print =
      'time("%H:%M:%S "); printf("%s:%d -> %s:%d\\n", ntop(args->daddr), args->dport, ntop(args->saddr), args->sport);';
    const program = `tracepoint:sock:inet_sock_set_state /args->protocol == 6 && args->newstate == 1 && ${ours}/ { ${print} }`;
    // tracefs is mounted for it alone, the machine may not have it
    const mount =
      'mount --make-rprivate / && mount -t tracefs tracefs /sys/kernel/tracing; mount -t debugfs debugfs /sys/kernel/debug; exec bpftrace -e "$1"';
    const started = await rig.start('victim', ['unshare', '-m', 'sh', '-c', mount, 'sh', program], {
      stdout: { file: log },
      stderr: `${folder}/err`,
    });
    if (!(await until(() => text(log).includes('Attaching'), 15)))
      throw new Error(text(`${folder}/err`).trim());
    await sleep(1500); // it says so before it has attached
    return { log, pids: [started.pid], stop: () => started.stop() };
  },
  read: async (log) => ({
    attempts: await countLines(log, pattern(/([\d.]+):(\d+) -> [\d.]+:(\d+)/)),
  }),
};

const poller: Logger = {
  name: '/proc/net/tcp every second',
  needs: { node: 'nodejs' },
  async start(rig, folder) {
    const log = `${folder}/poller.log`;
    const script = fileURLToPath(new URL('src/procpoll.mjs', import.meta.url));
    const started = await rig.start('victim', [process.execPath, script, '1'], {
      stdout: { file: log },
      stderr: `${folder}/err`,
    });
    await sleep(1000);
    return { log, pids: [started.pid], stop: () => started.stop() };
  },
  read: async (log) => ({
    attempts: await countLines(log, pattern(/^([\d.]+):(\d+) -> [\d.]+:(\d+)/)),
  }),
};

export const LOGGERS: readonly Logger[] = [
  oursText,
  oursJson,
  oursPackets,
  tcpdump,
  ulogd,
  conntrack,
  bpftrace,
  poller,
];

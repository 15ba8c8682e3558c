/** `packetwatch sockets` beside what ss and nstat of iproute2 tell of the same sockets. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { SocketConnection, Sockets } from '../../src/model/sockets.ts';
import { socketsProblems } from '../flow/schema.ts';
import { until } from '../support/command.ts';
import { PYTHON } from '../support/peer.ts';
import { MAIN, type Namespace, VICTIM } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';

const WITHOUT = fileURLToPath(new URL('../support/without_netlink.py', import.meta.url));

/**
 * listen HOST BACKLOG: prints its port and never accepts ·
 * share HOST N: N children accept from one socket · reuseport HOST N: N children with a socket each;
 * a child keeps what it accepts, and reads nothing
 */
const SERVER = `
import ctypes, os, socket, sys
how, host, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
family = socket.AF_INET6 if ":" in host else socket.AF_INET
name = sys.argv[4] if len(sys.argv) > 4 else "server"
ctypes.CDLL(None).prctl(15, name.encode().decode("unicode_escape").encode("latin1"), 0, 0, 0) # PR_SET_NAME
def listener(port, backlog=64):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, how == "reuseport")
    s.bind((host, port))
    s.listen(backlog)
    return s
if how == "listen":
    s = listener(0, n)
    print(s.getsockname()[1], flush=True)
    sys.stdin.read()
    sys.exit()
first = listener(0)
port = first.getsockname()[1]
sockets = [first] + [listener(port) for _ in range(n - 1)] if how == "reuseport" else [first] * n
go = os.pipe()
children = []
for own in sockets:
    pid = os.fork()
    if pid == 0:
        os.close(go[1])
        for other in sockets:
            if other is not own: other.close()
        ctypes.CDLL(None).prctl(1, 9, 0, 0, 0) # PR_SET_PDEATHSIG
        kept = []
        while True: kept.append(own.accept())
    children.append(pid)
for s in sockets: s.close()
print(port, flush=True)
sys.stdin.read()
for pid in children: os.kill(pid, 9)
`;
/** Opens COUNT connections; at each line of a number sends so many bytes on the first, as they are taken. */
const CLIENT = `
import socket, sys, threading
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
held = [socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) for _ in range(count)]
for c in held:
    c.setblocking(sys.argv[4] == "whole")
    c.connect_ex((host, port))
print("open", flush=True)
for line in sys.stdin:
    threading.Thread(target=held[0].sendall, args=[bytes(int(line))], daemon=True).start()
`;

/** A line of ss: the state's column is left out where one state was asked for. */
interface SsRow {
  readonly receiveQueue: number;
  readonly sendQueue: number;
  readonly local: string;
  readonly peer: string;
  readonly pids: readonly number[];
  readonly text: string;
}

suite('sockets', ['ss', 'nstat', 'setpriv'], () => {
  const rig = useRig('direct');

  async function serve(how: string, host: string, n: number, ...name: string[]) {
    const running = await rig().victim.start([PYTHON, '-c', SERVER, how, host, String(n), ...name]);
    const port = await running.out.wait('its port', (line) => line);
    return { running, port, host };
  }
  async function connect(host: string, port: string, count: number, how: 'whole' | 'begun') {
    const argv = [PYTHON, '-c', CLIENT, host, port, String(count), how];
    const client = await rig().scanner.start(argv);
    await client.out.wait('its connections', (line) => line === 'open' || undefined);
    return client;
  }

  describe.each([4, 6] as const)('IPv%i', (family) => {
    const host = VICTIM[family];

    test('queues that run over are those of ss and nstat', async () => {
      const { port } = await serve('listen', host, 1);
      const clients = await connect(host, port, 6, 'begun');
      const [told] = await until('what both tell is the same', async () => {
        const { listeners, counters, connections } = await ask(rig().victim);
        const stat = await nstat(rig().victim);
        const ss = await rows(rig().victim, '-ltnpe');
        const found = listeners.find((listener) => listener.port === Number(port))!;
        const same =
          found.accept_queue === 2 &&
          counters.listen_overflows === stat('TcpExtListenOverflows') &&
          counters.listen_drops === stat('TcpExtListenDrops') &&
          found.drops >= 4 &&
          JSON.stringify(listeners.flatMap(asListening).sort()) ===
            JSON.stringify(ss.map(listening).sort());
        return same && [found, connections];
      });
      expect(told).toMatchObject({ ip: host, accept_limit: 1, pattern: 'one_acceptor' });
      // those that wait have no process yet
      const { connections } = await ask(rig().victim, 'port', port);
      const waiting = connections.filter((c) => c.without_owner === 'not_accepted');
      expect(waiting).toHaveLength(2);
      expect(waiting.map(({ owners }) => owners)).toEqual([[], []]);
      await clients.end();
    });

    test('sockets that share a port, and who has its connections', async () => {
      const { port, running } = await serve('reuseport', host, 3);
      await connect(host, port, 30, 'whole');
      const listener = await until('all are accepted', async () => {
        const { listeners } = await ask(rig().victim, 'port', port, '--listen');
        return listeners[0]!.accept_queue === 0 && listeners[0]!.connections === 30 && listeners[0];
      });
      expect(listener).toMatchObject({ pattern: 'reuseport', accept_limit: 3 * 64 });
      expect(listener.sockets).toHaveLength(3);
      const ss = await rows(rig().victim, '-tnp', 'sport', '=', `:${port}`);
      const counts = new Map<number, number>();
      for (const { pids } of ss) counts.set(pids[0]!, (counts.get(pids[0]!) ?? 0) + 1);
      const members = listener.share!.members;
      expect(
        new Map(members.filter((m) => m.connections > 0).map((m) => [m.pid, m.connections])),
      ).toEqual(counts);
      expect(members).toHaveLength(3);
      const sum = (of: number[]) => of.reduce((a, b) => a + b, 0);
      const shares = members.map((m) => m.connections);
      expect(sum(shares)).toBe(30);
      expect(listener.share!.fairness).toBeCloseTo(900 / (3 * sum(shares.map((n) => n * n))), 3);
      // each socket has a process of its own, so that its share is known as well
      expect(listener.sockets.map((s) => s.connections!).sort(ascending)).toEqual(
        shares.sort(ascending),
      );
      await running.end();
    });

    test('processes that share a socket', async () => {
      const { port, running } = await serve('share', host, 3);
      await connect(host, port, 6, 'whole');
      const { listeners } = await until('all are accepted', async () => {
        const told = await ask(rig().victim, 'port', port, '--listen');
        return told.listeners[0]!.accept_queue === 0 && told;
      });
      const [ss] = await rows(rig().victim, '-ltnp', 'sport', '=', `:${port}`);
      expect(listeners[0]).toMatchObject({ pattern: 'shared_socket', connections: 6 });
      // the parent, which has closed it, has none of it
      const pids = listeners[0]!.sockets[0]!.owners.map(({ pid }) => pid);
      expect(pids).toEqual([...ss!.pids].sort(ascending));
      expect(pids).toHaveLength(3);
      expect(pids).not.toContain(running.pid);
      await running.end();
    });

    test('a SYN queue', async () => {
      const { port } = await serve('listen', '::', 64);
      // no SYN+ACK gets to the clients
      await rig().scanner.nft(DROP(`sport ${port}`));
      await connect(host, port, 9, 'begun');
      const told = await until('what both tell is the same', async () => {
        const { listeners } = await ask(rig().victim, 'port', port, '-l');
        const ss = await rows(rig().victim, '-tn', 'state', 'syn-recv', 'sport', '=', `:${port}`);
        return ss.length === 9 && listeners[0]!.syn_queue === 9 && listeners[0];
      });
      expect(told).toMatchObject({ ip: '::', syn_limit: 64, accept_queue: 0, connections: 0 });
      await rig().scanner.must(['nft', 'delete', 'table', 'inet', 'drops']);
    });

    test('what the kernel knows of a connection is what ss tells', async () => {
      const { port, running } = await serve('share', host, 1);
      const client = await connect(host, port, 1, 'whole');
      // the last of 2,000 bytes is lost twice or more, then arrives
      await rig().victim.nft(DROP(`dport ${port}`));
      client.child.stdin!.write('2000\n');
      await until('it is sent again', async () => {
        const [ss] = await rows(rig().scanner, '-tin', 'dport', '=', `:${port}`);
        return /retrans:\d+\/[2-9]/.test(ss!.text);
      });
      await rig().victim.must(['nft', 'delete', 'table', 'inet', 'drops']);
      const alike = (where: Namespace, end: 'sport' | 'dport') =>
        until('both tell the same', async () => {
          const [mine] = (await ask(where, 'port', port)).connections;
          const [ss] = await rows(where, '-tinm', end, '=', `:${port}`);
          const same = JSON.stringify(asSs(mine!)) === JSON.stringify(fromSs(ss!));
          return same && mine!.tcp!.bytes_received + mine!.tcp!.bytes_acked >= 2000 && mine;
        });
      expect(await alike(rig().victim, 'sport')).toMatchObject({ receive_queue: 2000 });
      const sent = await alike(rig().scanner, 'dport');
      expect(sent.tcp!.retransmits).toBeGreaterThanOrEqual(2);
      // more than the receiver's buffer takes: the rest waits in the send queue
      client.child.stdin!.write('8000000\n');
      const waiting = await until('a full send queue', async () => {
        const [mine] = (await ask(rig().scanner, 'port', port)).connections;
        const [ss] = await rows(rig().scanner, '-tn', 'dport', '=', `:${port}`);
        return ss!.sendQueue > 10_000 && mine!.send_queue === ss!.sendQueue && mine;
      });
      expect(waiting.tcp!.in_flight + waiting.tcp!.not_sent).toBeGreaterThan(0);
      await running.end();
    });
  });

  test('the limit of a SYN queue is where cookies begin, or drops', async () => {
    const sysctl = (...values: string[]) =>
      rig().victim.must(['sysctl', '-qw', ...values.map((value) => `net.ipv4.${value}`)]);
    for (const { cookies, limit, counter } of [
      { cookies: 1, limit: 8, counter: 'syn_queue_cookies' },
      { cookies: 0, limit: 6, counter: 'listen_drops' }, // three quarters of 8
    ] as const) {
      await sysctl(`tcp_syncookies=${cookies}`, 'tcp_max_syn_backlog=8');
      await rig().victim.must(['ip', 'tcp_metrics', 'flush']); // peers that are known may have more
      const { port } = await serve('listen', VICTIM[6], 8);
      await rig().scanner.nft(DROP(`sport ${port}`));
      const before = (await ask(rig().victim, '-l')).counters[counter];
      const clients = await connect(VICTIM[6], port, 20, 'begun');
      const [listener] = await until('more than fit', async () => {
        const { listeners, counters } = await ask(rig().victim, 'port', port, '-l');
        return counters[counter] > before && listeners;
      });
      expect(listener!.syn_limit).toBe(limit);
      // kernels differ by one in when it is full
      expect([limit, limit + 1]).toContain(listener!.syn_queue);
      await rig().scanner.must(['nft', 'delete', 'table', 'inet', 'drops']);
      await clients.end();
    }
    await sysctl('tcp_syncookies=1', 'tcp_max_syn_backlog=1024');
  });

  test('one line says that netlink is refused', async () => {
    const refused = [PYTHON, WITHOUT, process.execPath, MAIN, 'sockets'];
    const { code, stdout, stderr } = await rig().victim.run(refused);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^packetwatch: the kernel doesn't tell its sockets \(.*\): [^\n]+\n$/);
  });

  test('another user sees the sockets and not their processes', async () => {
    const { port } = await serve('listen', VICTIM[4], 5, '\\x1b[2J\\x1bevil\\n');
    const command = [process.execPath, MAIN, 'sockets', 'port', port];
    const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const theirs = JSON.parse(await rig().victim.must([...user, ...command, '--json'])) as Sockets;
    expect(theirs.listeners[0]).toMatchObject({ ip: VICTIM[4], accept_limit: 5 });
    expect(theirs.listeners[0]).not.toHaveProperty('pattern');
    expect(theirs.owners.unknown_sockets).toBe(1);
    expect(theirs.owners.hidden_processes).toBeGreaterThan(0);
    const text = await rig().victim.must([...user, ...command]);
    expect(text).toContain('?, user 0');
    expect(text).toContain('Only root may look into');
    // and root sees a name that would clear its screen
    for (const args of [[], ['--json']]) {
      const told = await rig().victim.must([...command, ...args]);
      expect(told).toMatch(/^[ -~\n]+$/);
      expect(told).toContain('\\u001b[2J\\u001bevil\\');
    }
  });
});

const ascending = (a: number, b: number): number => a - b;

/** Loses what comes in. @param what `dport N` or `sport N` */
const DROP = (what: string): string =>
  `table inet drops { chain in { type filter hook input priority 0; tcp ${what} drop; }; }`;

async function ask(where: Namespace, ...args: string[]): Promise<Sockets> {
  const command = [process.execPath, MAIN, 'sockets', '--json', ...args];
  const told = JSON.parse(await where.must(command)) as Sockets;
  expect(socketsProblems(told)).toEqual([]);
  return told;
}

async function nstat(where: Namespace): Promise<(name: string) => number> {
  const lines = (await where.must(['nstat', '-asz'])).split('\n').map((line) => line.split(/\s+/));
  return (name) => Number(lines.find(([first]) => first === name)?.[1]);
}

async function rows(where: Namespace, ...args: string[]): Promise<SsRow[]> {
  const text = await where.must(['ss', '-OH', ...args]);
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [queues = '', local = '', peer = ''] =
      /(\d+\s+\d+)\s+(\S+)\s+(\S+)/.exec(line)?.slice(1) ?? [];
    const [receiveQueue = NaN, sendQueue = NaN] = queues.split(/\s+/).map(Number);
    const pids = [...line.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid));
    return { receiveQueue, sendQueue, local, peer, pids, text: line };
  });
}

/** One of ss's rows of listeners, and ours of the same. */
function listening({ local, receiveQueue, sendQueue, pids, text }: SsRow): string {
  const inode = /\bino:(\d+)/.exec(text)?.[1];
  const cookie = /\bsk:([0-9a-f]+)/.exec(text)![1]!;
  const address = local.replace(/^\*/, '[::]'); // which takes IPv4 as well
  return [address, receiveQueue, sendQueue, [...pids].sort(ascending).join(), inode, cookie].join(
    ' ',
  );
}

function asListening({ ip, port, sockets }: Sockets['listeners'][number]): string[] {
  const local = ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
  return sockets.map(({ accept_queue, accept_limit, owners, inode, cookie }) => {
    const pids = owners.map(({ pid }) => pid).sort(ascending);
    const number = BigInt(`0x${cookie}`).toString(16);
    return [local, accept_queue, accept_limit, pids.join(), inode, number].join(' ');
  });
}

/** What ss tells of a connection, and ours of the same. */
function fromSs({ receiveQueue, sendQueue, text }: SsRow): object {
  const of = (name: string) => Number(new RegExp(`\\b${name}:([\\d.]+)`).exec(text)?.[1] ?? 0);
  const [memory] = /skmem:\(([^)]*)\)/.exec(text)?.slice(1) ?? [];
  const [, rcvbuf] = /rb(\d+)/.exec(memory ?? '') ?? [];
  const [, drops] = /,d(\d+)/.exec(memory ?? '') ?? [];
  return {
    receiveQueue,
    sendQueue,
    rtt: of('rtt'),
    cwnd: of('cwnd'),
    mss: of('mss'),
    sent: of('bytes_sent'),
    acked: of('bytes_acked'),
    received: of('bytes_received'),
    out: of('segs_out'),
    in: of('segs_in'),
    retransmits: Number(/retrans:\d+\/(\d+)/.exec(text)?.[1] ?? 0),
    rto: of('rto'),
    minRtt: of('minrtt'),
    busy: Number(/busy:(\d+)ms/.exec(text)?.[1] ?? 0),
    window: of('snd_wnd'),
    congestion: /\b(cubic|reno|bbr)\b/.exec(text)?.[1],
    buffer: Number(rcvbuf),
    drops: Number(drops),
  };
}

function asSs({ receive_queue, send_queue, tcp }: SocketConnection): object {
  const t = tcp!;
  return {
    receiveQueue: receive_queue,
    sendQueue: send_queue,
    rtt: (t.rtt_us ?? 0) / 1000,
    cwnd: t.cwnd,
    mss: t.mss,
    sent: t.bytes_sent,
    acked: t.bytes_acked,
    received: t.bytes_received,
    out: t.segments_out,
    in: t.segments_in,
    retransmits: t.retransmits,
    rto: t.rto_us / 1000,
    minRtt: (t.min_rtt_us ?? 0) / 1000,
    busy: Math.floor(t.busy_us / 1000),
    window: t.send_window,
    congestion: t.congestion,
    buffer: t.receive_buffer,
    drops: t.drops,
  };
}

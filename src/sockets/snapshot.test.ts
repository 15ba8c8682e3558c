import { describe, expect, test } from 'vitest';
import { type DiagSocket, rowOf } from '../../test/support/diag.ts';
import { type Filter, parseFilter } from '../filter/filter.ts';
import type { SocketOwner, Sockets, SocketSettings } from '../model/sockets.ts';
import { TcpState } from '../model/tcp-state.ts';
import { fullness } from './order.ts';
import { MemInfo, TcpInfo } from './row.ts';
import { answerOf, type Told } from './answer.ts';
import { Snapshot } from './snapshot.ts';

interface Query extends Told {
  readonly filter?: Filter;
}
const ALL: Query = { order: 'queues', limit: Infinity };
const SETTINGS = { somaxconn: 4096, tcp_max_syn_backlog: 1024, tcp_syncookies: 1 };
const COUNTERS = {
  listen_overflows: 1,
  listen_drops: 2,
  syn_queue_cookies: 3,
  syn_queue_drops: 4,
  segments_out: 5,
  segments_retransmitted: 6,
};

interface Host {
  readonly sockets: readonly DiagSocket[];
  /** Who has which inode. */
  readonly owners?: Readonly<Record<number, readonly number[]>>;
  readonly parents?: Readonly<Record<number, number>>;
  readonly settings?: Partial<SocketSettings>;
}

function look({ sockets, owners = {}, parents = {}, settings }: Host, query = ALL): Sockets {
  const snapshot = new Snapshot(query.filter, (index) => (index === 0 ? undefined : `eth${index}`));
  const rows = sockets.map(rowOf);
  for (const row of rows) if (row.state === TcpState.LISTEN) snapshot.listener(row);
  for (const row of rows) if (row.state !== TcpState.LISTEN) snapshot.other(row);
  const wanted = snapshot.inodes();
  return answerOf(snapshot, query, {
    ts: '2026-11-22T00:00:00Z',
    owners: {
      of: (inode): SocketOwner[] =>
        wanted.has(inode) ? (owners[inode] ?? []).map((pid) => ({ pid, process: `p${pid}` })) : [],
      parentOf: (pid) => parents[pid] ?? 0,
      hidden: 0,
    },
    settings: { ...SETTINGS, ...settings },
    counters: COUNTERS,
  });
}

let cookies = 0;
const listen = (local: string, localPort: number, more: Partial<DiagSocket> = {}): DiagSocket => ({
  state: TcpState.LISTEN,
  local,
  localPort,
  sendQueue: 128,
  cookie: ++cookies,
  info: {},
  ...more,
});
const open = (local: string, localPort: number, more: Partial<DiagSocket> = {}): DiagSocket => ({
  state: TcpState.ESTABLISHED,
  local,
  localPort,
  remote: local.includes(':') ? '2001:db8::9' : '192.0.2.9',
  remotePort: 40_000,
  cookie: ++cookies,
  info: {},
  ...more,
});
const handshake = (local: string, localPort: number): DiagSocket => ({
  state: TcpState.SYN_RECV,
  local,
  localPort,
  remote: '192.0.2.9',
  remotePort: 41_000,
});

describe('a listener', () => {
  test('has its queues, their limits and what it dropped', () => {
    const { listeners } = look({
      sockets: [
        listen('0.0.0.0', 80, { receiveQueue: 3, memory: { [MemInfo.drops]: 7 }, inode: 10 }),
        handshake('10.0.0.5', 80),
        handshake('10.0.0.6', 80),
        handshake('10.0.0.6', 81), // nobody listens there any more
      ],
      owners: { 10: [20] },
    });
    expect(listeners).toHaveLength(1);
    expect(listeners[0]).toMatchObject({
      ip: '0.0.0.0',
      port: 80,
      pattern: 'one_acceptor',
      accept_queue: 3,
      accept_limit: 128,
      syn_queue: 2,
      syn_limit: 128,
      drops: 7,
    });
    expect(listeners[0]).not.toHaveProperty('share');
  });

  test.each([
    [{ tcp_syncookies: 1 }, 4096, 4096],
    [{ tcp_syncookies: 2 }, 4096, 4096],
    [{ tcp_syncookies: 0 }, 4096, 768],
    [{ tcp_syncookies: 0 }, 128, 128],
  ])('with %o and a backlog of %i has a SYN queue of %i', (settings, backlog, limit) => {
    const { listeners } = look({ sockets: [listen('::', 80, { sendQueue: backlog })], settings });
    expect(listeners[0]!.syn_limit).toBe(limit);
  });

  /** Which of these has a connection to 10.0.0.5:80 or [2001:db8::5]:80 on eth2? */
  test.each([
    ['10.0.0.5', ['0.0.0.0', '10.0.0.5', '::'], '10.0.0.5'],
    ['10.0.0.5', ['::', '0.0.0.0'], '0.0.0.0'],
    ['10.0.0.5', ['::'], '::'],
    ['10.0.0.5', ['::only'], undefined],
    ['10.0.0.5', ['0.0.0.0', '0.0.0.0%2', '10.0.0.5%3'], '0.0.0.0%2'],
    ['2001:db8::5', ['0.0.0.0', '::only'], '::'],
    ['2001:db8::5', ['0.0.0.0', '2001:db8::6'], undefined],
    ['2001:db8::5', ['::', '2001:db8::5'], '2001:db8::5'],
  ])('at %s among %o is %s', (local, among, expected) => {
    const { listeners } = look({
      sockets: [
        ...among.map((each) => {
          const [address = '', index] = each.replace('only', '').split('%');
          const v6Only = address.includes(':') && each.endsWith('only');
          return listen(address, 80, { ifindex: Number(index ?? 0), v6Only });
        }),
        open(local, 80, { ifindex: 2 }),
      ],
    });
    const [found, ...more] = listeners.filter(({ connections }) => connections > 0);
    const name = found && `${found.ip}${found.iface?.replace('eth', '%') ?? ''}`;
    expect([name, more]).toEqual([expected, []]);
  });

  test('in trouble comes first', () => {
    const { listeners } = look({
      sockets: [
        listen('0.0.0.0', 22),
        listen('0.0.0.0', 81, { memory: { [MemInfo.drops]: 1 } }),
        listen('0.0.0.0', 82, { receiveQueue: 2, sendQueue: 1 }),
        listen('0.0.0.0', 83, { sendQueue: 1 }),
        handshake('10.0.0.5', 83),
        listen('::', 22),
      ],
    });
    expect(listeners.map(({ ip, port }) => `${port} ${ip}`)).toEqual([
      '82 0.0.0.0',
      '83 0.0.0.0',
      '81 0.0.0.0',
      '22 0.0.0.0',
      '22 ::',
    ]);
    expect(listeners.map(fullness)).toEqual([1, 1, 0, 0, 0]);
  });
});

describe('the pattern of a port', () => {
  const both = (a: number, b: number) => [
    listen('0.0.0.0', 80, { inode: a, receiveQueue: 1 }),
    listen('0.0.0.0', 80, { inode: b, memory: { [MemInfo.drops]: 2 } }),
  ];

  test('several sockets share it, each with a process of its own', () => {
    const { listeners } = look({
      sockets: [
        ...both(1, 2),
        ...[11, 12, 13].map((inode) => open('10.0.0.5', 80, { inode })),
        open('10.0.0.5', 80, { inode: 21 }),
        open('10.0.0.5', 80), // waits
      ],
      owners: { 1: [100], 2: [200], 11: [100], 12: [100], 13: [100], 21: [200] },
    });
    expect(listeners).toHaveLength(1);
    const [listener] = listeners;
    expect(listener).toMatchObject({ pattern: 'reuseport', accept_queue: 1, accept_limit: 256 });
    expect(listener).toMatchObject({ drops: 2, connections: 5 });
    // the one that waits is in the first one's queue
    expect(listener!.sockets.map(({ connections }) => connections)).toEqual([4, 1]);
    expect(listener!.share).toEqual({
      members: [
        { pid: 100, process: 'p100', connections: 3 },
        { pid: 200, process: 'p200', connections: 1 },
      ],
      fairness: 0.8, // 16 / (2 * 10)
    });
  });

  test("several sockets that all processes have don't tell which took what", () => {
    const { listeners } = look({
      sockets: [...both(1, 2), open('10.0.0.5', 80, { inode: 11 })],
      owners: { 1: [9, 100, 200], 2: [9, 100, 200], 11: [200] },
      parents: { 100: 9, 200: 9, 9: 1 },
    });
    expect(listeners[0]!.sockets[0]).not.toHaveProperty('connections');
    // the parent only keeps them
    expect(listeners[0]!.share).toMatchObject({ members: [{ pid: 100 }, { pid: 200 }] });
    expect(listeners[0]!.share!.fairness).toBe(0.5);
  });

  test('one process that hands each connection on has all of them', () => {
    const { listeners } = look({
      sockets: [
        listen('::', 22, { inode: 1 }),
        ...[11, 12].map((inode) => open('2001:db8::5', 22, { inode })),
      ],
      owners: { 1: [100], 11: [101], 12: [102] },
      parents: { 101: 100, 102: 100 },
    });
    expect(listeners[0]).toMatchObject({ pattern: 'one_acceptor', connections: 2 });
    expect(listeners[0]!.sockets[0]).toMatchObject({ connections: 2 });
    expect(listeners[0]).not.toHaveProperty('share');
  });

  test('several sockets of one process', () => {
    const { listeners } = look({
      sockets: [...both(1, 2), open('10.0.0.5', 80, { inode: 11 })],
      owners: { 1: [100], 2: [100], 11: [100] },
    });
    expect(listeners[0]).toMatchObject({ pattern: 'reuseport' });
    expect(listeners[0]).not.toHaveProperty('share');
    expect(listeners[0]!.sockets[0]).not.toHaveProperty('connections');
  });

  test('processes share one socket', () => {
    const pids = Array.from({ length: 40 }, (_, i) => 100 + i);
    const { listeners } = look({
      sockets: [listen('::', 80, { inode: 1 })],
      owners: { 1: pids },
    });
    expect(listeners[0]).toMatchObject({ pattern: 'shared_socket' });
    expect(listeners[0]!.sockets[0]).toMatchObject({ owner_count: 40 });
    expect(listeners[0]!.sockets[0]!.owners).toHaveLength(16);
    expect(listeners[0]!.share!.members).toHaveLength(40);
    expect(listeners[0]!.share).not.toHaveProperty('fairness');
  });

  test('is unknown where no process is seen', () => {
    const { listeners, owners } = look({ sockets: [listen('::', 80, { inode: 1 })] });
    expect(listeners[0]).not.toHaveProperty('pattern');
    expect(owners).toEqual({ hidden_processes: 0, unknown_sockets: 1 });
  });
});

describe('a connection', () => {
  test('has who began it first, and its measures', () => {
    const { connections } = look({
      sockets: [
        listen('0.0.0.0', 80),
        open('10.0.0.5', 80, {
          inode: 11,
          receiveQueue: 9,
          info: {
            [TcpInfo.rtt]: 1500,
            [TcpInfo.snd_cwnd]: 10,
            [TcpInfo.snd_ssthresh]: 0x7fffffff,
            [TcpInfo.min_rtt]: 0xffffffff,
            [TcpInfo.pacing_rate]: 0xffffffff,
            [TcpInfo.pacing_rate + 4]: 0xffffffff,
          },
          congestion: 'bbr',
        }),
        open('10.0.0.5', 40_001, { sendQueue: 5, inode: 12 }),
      ],
      owners: { 11: [100, 101] },
    });
    expect(connections).toHaveLength(2);
    expect(connections[0]).toMatchObject({
      src_ip: '192.0.2.9',
      src_port: 40_000,
      dst_ip: '10.0.0.5',
      dst_port: 80,
      direction: 'inbound',
      state: 'ESTABLISHED',
      receive_queue: 9,
      owner_count: 2,
      tcp: { rtt_us: 1500, cwnd: 10, congestion: 'bbr' },
    });
    const absent = new Set(['ssthresh', 'min_rtt_us', 'pacing_bytes_per_s']);
    expect(Object.keys(connections[0]!.tcp!).filter((key) => absent.has(key))).toEqual([]);
    expect(connections[1]).toMatchObject({ src_ip: '10.0.0.5', src_port: 40_001, send_queue: 5 });
    expect(connections[1]).toMatchObject({ direction: 'outbound', owners: [], owner_count: 0 });
    expect(connections[1]!.tcp).not.toHaveProperty('rtt_us');
  });

  test('without a process says why', () => {
    const states = [TcpState.ESTABLISHED, TcpState.CLOSE_WAIT, TcpState.FIN_WAIT1];
    const { connections } = look({
      sockets: [
        listen('::', 80),
        ...states.map((state) => open('10.0.0.5', 80, { state })),
        open('10.0.0.5', 4000, { state: TcpState.FIN_WAIT2, info: undefined! }),
      ],
    });
    expect(connections.map(({ without_owner }) => without_owner)).toEqual([
      'not_accepted',
      'not_accepted',
      'closed',
      'closed',
    ]);
    expect(connections[3]).not.toHaveProperty('tcp');
  });
});

const ascending = (a: number, b: number) => a - b;

describe('a question', () => {
  const host: Host = {
    sockets: [
      listen('0.0.0.0', 80),
      listen('10.0.0.5', 81),
      open('10.0.0.5', 80, { remotePort: 1, receiveQueue: 1, inode: 1 }),
      open('10.0.0.5', 80, { remotePort: 2, receiveQueue: 2, info: { [TcpInfo.rtt]: 9 } }),
      open('2001:db8::5', 5000, { remotePort: 443, info: { [TcpInfo.total_retrans]: 1 } }),
    ],
  };
  const ask = (query: Partial<Query>) => look(host, { ...ALL, ...query });
  const peers = ({ connections }: Sockets) =>
    connections.map((c) => (c.direction === 'inbound' ? c.src_port : c.dst_port));

  test.each([
    ['', [80, 81], [2, 1, 443]],
    ['port 80', [80], [2, 1]],
    ['dst port 443', [], [443]],
    ['src port 2', [], [2]],
    ['host 10.0.0.5', [81], [2, 1]],
    ['ip6', [], [443]],
    ['dst net 10.0.0.0/8', [81], [2, 1]],
    ['not port 80', [81], [443]],
    ['udp', [], []],
  ])('by the filter `%s`', (text, ports, expected) => {
    const told = ask({ filter: parseFilter(text) });
    expect(told.listeners.map(({ port }) => port).sort(ascending)).toEqual(ports);
    expect(peers(told)).toEqual(expected);
    // what is left out by a filter still counts where it belongs
    for (const { port, connections } of told.listeners)
      expect(connections).toBe(port === 80 ? 2 : 0);
  });

  test('by order, and for some', () => {
    expect(peers(ask({ order: 'rtt', limit: 1 }))).toEqual([2]);
    expect(peers(ask({ order: 'retransmits', limit: 1 }))).toEqual([443]);
    expect(ask({ limit: 1 }).left_out).toBe(2);
    expect(ask({ limit: 0 })).toMatchObject({ connections: [], left_out: 3 });
  });
});

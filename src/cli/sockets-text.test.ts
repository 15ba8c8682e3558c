import { describe, expect, test } from 'vitest';
import type { Listener, SocketConnection, Sockets } from '../model/sockets.ts';
import { describeSockets } from './sockets-text.ts';

const SOCKET = {
  inode: 7,
  cookie: '0000000000000001',
  uid: 33,
  owners: [{ pid: 20, process: 'nginx' }],
  owner_count: 1,
  accept_queue: 0,
  accept_limit: 128,
  drops: 0,
};
const LISTENER: Listener = {
  ip: '::',
  port: 80,
  pattern: 'one_acceptor',
  accept_queue: 0,
  accept_limit: 128,
  syn_queue: 2,
  syn_limit: 128,
  drops: 12_345,
  connections: 3,
  sockets: [SOCKET],
};
const CONNECTION: SocketConnection = {
  src_ip: '2001:db8::7',
  src_port: 44_220,
  dst_ip: '2001:db8::5',
  dst_port: 80,
  direction: 'inbound',
  state: 'CLOSE-WAIT',
  cookie: '0000000000000002',
  uid: 33,
  owners: [],
  owner_count: 0,
  receive_queue: 5100,
  send_queue: 0,
};
const SOCKETS: Sockets = {
  ts: '2026-11-22T01:02:03.000Z',
  listeners: [LISTENER],
  connections: [CONNECTION],
  left_out: 0,
  counters: {
    listen_overflows: 1,
    listen_drops: 2,
    syn_queue_cookies: 0,
    syn_queue_drops: 0,
    segments_out: 5,
    segments_retransmitted: 0,
  },
  settings: { somaxconn: 4096, tcp_max_syn_backlog: 1024, tcp_syncookies: 1 },
  owners: { hidden_processes: 0, unknown_sockets: 0 },
};
const told = (change: Partial<Sockets>, listen = false, columns?: number) =>
  describeSockets({ ...SOCKETS, ...change }, listen, columns).split('\n');

describe('the tables of sockets', () => {
  test('have listeners, then connections', () => {
    expect(told({ left_out: 4 }).slice(0, 6)).toEqual([
      'listening  accept  syn    drops  conns  process',
      '[::]:80    0/128   2/128  12k    3      nginx[20]',
      '',
      'local             peer                    recv-q  send-q  rtt  retr  process',
      '[2001:db8::5]:80  <- [2001:db8::7]:44220  5.1k    0       -    -     ?, user 33 CLOSE-WAIT',
      'and 4 more: -n shows more',
    ]);
    expect(told({}, true)).not.toContain('recv-q');
    expect(told({ connections: [] })[3]).toBe('No connections.');
    expect(told({ connections: [], left_out: 7 })[3]).toBe('Connections: 7; -n shows them');
    expect(told({ listeners: [] })[0]).toBe('No listeners.');
  });

  test('leave the local address out where there is no room', () => {
    const lines = told({}, false, 80);
    expect(lines[4]).toBe(
      ':80    <- [2001:db8::7]:44220  5.1k    0       -    -     ?, user 33 CLOSE-WAIT',
    );
  });

  test('leave the middle of long addresses out where there is no room for that either', () => {
    const ip = '2001:db8:1234:5678:9abc:def0:1234:5678';
    const long = { listeners: [{ ...LISTENER, ip }], connections: [{ ...CONNECTION, src_ip: ip }] };
    const lines = told(long, false, 80);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines[1]).toMatch(/^\[2001:db8:1234:\S+5678\]:80 /);
    expect(lines[4]).toMatch(/^:80 +<- \[2001:db8..678\]:44220 /);
    expect(told(long)[4]).toContain(`[${ip}]:44220`);
  });

  test.each<[string, Partial<SocketConnection>]>([
    ['(not accepted) CLOSE-WAIT', { without_owner: 'not_accepted' }],
    ['(closed) FIN-WAIT-1', { without_owner: 'closed', state: 'FIN-WAIT-1' }],
    ['nginx[20]', { ...SOCKET, state: 'ESTABLISHED' }],
    ['nginx[20] +2 CLOSE-WAIT', { ...SOCKET, owner_count: 3 }],
  ])('say %s', (holder, change) => {
    const [, line] = told({ listeners: [], connections: [{ ...CONNECTION, ...change }] }).slice(2);
    expect(line!.endsWith(`  ${holder}`)).toBe(true);
  });

  test('say how a port is shared, most first, whatever the processes are called', () => {
    const evil = { pid: 1, process: '\x1b[2J\n', connections: 5 };
    const members = [evil, ...[2, 3].map((pid) => ({ pid, process: 'w', connections: pid * 10 }))];
    const share = { members, fairness: 0.5 };
    const two = [SOCKET, { ...SOCKET, accept_queue: 9 }];
    const lines = told({ listeners: [{ ...LISTENER, pattern: 'reuseport', sockets: two, share }] });
    expect(lines[1]).toContain('2 sockets: nginx[20] +2');
    expect(lines.slice(3, 6)).toEqual([
      '[::]:80 (SO_REUSEPORT, 2 sockets), open connections by process, fairness 0.50 of 1:',
      '  w[3] 30, w[2] 20, \\u001b[2J\\u000a[1] 5',
      '  waiting to be accepted, by socket: 0, 9',
    ]);
    const owner_count = 40;
    const shared = { ...LISTENER, pattern: 'shared_socket', sockets: [{ ...SOCKET, owner_count }] };
    const many = Array.from({ length: 40 }, (_, pid) => ({ pid, process: 'w', connections: 0 }));
    const text = told({ listeners: [{ ...shared, share: { members: many } } as Listener] });
    expect(text[1]).toContain('40 share it: nginx[20]');
    expect(text[3]).toBe('[::]:80 (one socket), open connections by process:');
    expect(text.slice(4, 7).join(' ')).toContain(', and 28 more');
  });

  test('say which of the sockets of one process keeps connections waiting, and drops', () => {
    const sockets = [SOCKET, { ...SOCKET, accept_queue: 129, drops: 12_345 }, SOCKET];
    const lines = told({ listeners: [{ ...LISTENER, pattern: 'reuseport', sockets }] });
    expect(lines.slice(3, 5)).toEqual([
      '[::]:80 (SO_REUSEPORT, 3 sockets):',
      '  waiting to be accepted, by socket: 0, 129, 0; dropped: 0, 12k, 0',
    ]);
    const idle = [SOCKET, SOCKET];
    expect(told({ listeners: [{ ...LISTENER, sockets: idle }] }).join()).not.toContain('waiting');
  });

  test('say what could not be seen, and what cookies do not do', () => {
    const notes = (change: Partial<Sockets>) => told(change, true).slice(3).join(' ');
    expect(notes({})).toContain('1 handshakes found the accept queue full, and 2 in all');
    expect(notes({ settings: { ...SOCKETS.settings, tcp_syncookies: 0 } })).toContain(
      'cookies are off',
    );
    expect(notes({ owners: { hidden_processes: 9, unknown_sockets: 2 } })).toContain(
      'Only root may look into the 9',
    );
    expect(notes({ owners: { hidden_processes: 0, unknown_sockets: 2 } })).toContain(
      "the kernel's own",
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SOCKET_ORDERS, type SocketConnection, type SocketTop } from '../model/sockets.ts';
import { connectionLines, topLines } from './top-text.ts';

const ROW: SocketConnection = {
  src_ip: '192.0.2.7',
  src_port: 44_220,
  dst_ip: '10.0.0.5',
  dst_port: 443,
  direction: 'inbound',
  state: 'ESTABLISHED',
  cookie: '0000000000000001',
  inode: 7,
  uid: 33,
  owners: [{ pid: 20, process: 'nginx' }],
  owner_count: 1,
  receive_queue: 0,
  send_queue: 12_345,
};
const V6: SocketConnection = {
  ...ROW,
  src_ip: '2001:db8:1234:5678:9abc:def0:1234:5678',
  dst_ip: '2001:db8:5::5',
  direction: 'outbound',
  state: 'CLOSE-WAIT',
  owners: [],
  owner_count: 0,
};
const TOP: SocketTop = {
  ts: '2026-11-22T01:02:03.000Z',
  total: { connections: 2 },
  pressed: [],
  connections: [ROW, V6],
  left_out: 0,
};
const VIEW = { order: 'rate', paused: false, filter: undefined, columns: 80, rows: 24 } as const;

/** What may not get to a terminal, and what takes more or less room there than a letter. */
const HOSTILE = [
  'a',
  ' ',
  '\\',
  '\n',
  '\r',
  '\x1b',
  '[',
  '2J',
  '\x07',
  '\x9b',
  '\u202e',
  '\u754c',
  '\u0301',
];

describe('the screen', () => {
  test('fits into 80 columns', () => {
    expect(connectionLines([ROW, V6], VIEW)).toEqual([
      'process        local  peer                       in/s  out/s    rtt  retr queued',
      'nginx[20]      :443   <- 192.0.2.7:44220            -      -      -     -    12k',
      '?, user 33     :44220 -> [2001:db8:5::5]:443        -      -      -     -    12k',
    ]);
  });

  test('has both addresses, queues and bytes where there is room', () => {
    const [names, , v6] = connectionLines([ROW, V6], { order: 'bytes', columns: 200 });
    expect(names).toMatch(/^process +local +peer +in\/s +out\/s +rtt +retr queued +bytes +state$/);
    expect(v6).toContain('[2001:db8:1234:5678:9abc:def0:1234:5678]:44220');
    expect(v6).toMatch(/^\?, user 33 .* CLOSE-WAIT$/);
  });

  test.each([
    [60, 'rate', 'process        peer                       in/s  out/s'],
    [60, 'rtt', 'process        peer                           rtt'],
    [40, 'rate', 'peer                       in/s  out/s'],
    [40, 'queues', 'peer                         queued'],
    [33, 'bytes', 'peer                      bytes'],
    [10, 'bytes', 'peer'],
  ] as const)('in %i columns by %s has who and how much', (columns, order, names) => {
    const [told, row] = connectionLines([ROW], { order, columns });
    expect(told!.replaceAll(/ +/g, ' ')).toBe(names.replaceAll(/ +/g, ' '));
    expect(row!.length).toBeLessThanOrEqual(columns);
  });

  test('keeps a port where an address has no room', () => {
    const [, line] = connectionLines([{ ...V6, direction: 'inbound' }], VIEW);
    expect(line).toContain(' <- [2001:db8..678]:44220 ');
  });

  test('says that rates come, and who is pressed', () => {
    const listener = {
      ip: '::',
      port: 80,
      pattern: 'one_acceptor' as const,
      accept_queue: 129,
      accept_limit: 128,
      syn_queue: 3,
      syn_limit: 128,
      drops: 12_345,
      connections: 129,
      sockets: [],
    };
    const lines = topLines({ ...TOP, pressed: [listener, listener] }, { ...VIEW, filter: 'tcp' });
    expect(lines[0]).toContain('2 connections  rates come with the next look');
    const pressed = lines[1]!;
    expect(pressed).toMatch(/^\[::\]:80 .*: accept queue 129\/128, 12k dropped, and 1 more$/);
    const wide = topLines({ ...TOP, pressed: [listener, listener] }, { ...VIEW, columns: 120 });
    expect(wide[1]).toMatch(/129\/128, 12k dropped, SYN queue 3\/128, and 1 more$/);
    expect(lines[23]).toContain('[rate]  b bytes');
    expect(lines[23]).toContain('filter: tcp');
    expect(topLines(TOP, { ...VIEW, paused: true })[23]).toContain('(paused)');
  });

  test('is as large as the terminal, and without control characters, whatever names there are', () => {
    const size = fc.integer({ min: 1, max: 250 });
    const name = fc.string({ unit: fc.constantFrom(...HOSTILE), maxLength: 40 });
    const order = fc.constantFrom(...SOCKET_ORDERS);
    fc.assert(
      fc.property(size, size, name, order, (columns, rows, process, by) => {
        const row = { ...ROW, owners: [{ pid: 1, process }] };
        const connections = Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? row : V6));
        const view = { ...VIEW, columns, rows, order: by };
        const lines = topLines({ ...TOP, connections }, view);
        expect(lines).toHaveLength(rows);
        const plain = lines.map((line) => line.replace('\x1b[7m', ''));
        expect(plain.filter((line) => line.length > columns)).toEqual([]);
        // oxlint-disable-next-line no-control-regex -- that there are none is what it says
        expect(plain.filter((line) => /[\u0000-\u001f\u007f-\u009f]/.test(line))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

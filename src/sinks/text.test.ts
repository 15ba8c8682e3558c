import { beforeAll, describe, expect, it } from 'vitest';
import { linesOf } from '../../test/flow/lines.ts';
import { TcpState } from '../model/tcp-state.ts';
import { parseEvents } from '../model/events.ts';
import { Flag } from '../wire/layout.gen.ts';

const curl = { comm: 'curl', pid: 812, start: 100, from: 1 };
const nginx = { comm: 'nginx', pid: 20, start: 100, from: 2 };

beforeAll(() => {
  process.env['TZ'] = 'UTC';
});

describe('text', () => {
  it('writes the attempt and the scan as the reference does', () => {
    const { feed, lines } = linesOf('text');
    feed({ kind: 'ATTEMPT' }, { kind: 'SCAN', verdict: { ports: [83, 80, 82, 81] } });
    expect(lines()).toEqual([
      '2021-04-28 15:28:05: New connection: 192.0.2.56:5973 -> 10.0.0.5:80',
      '2021-04-28 15:28:05: Port scan detected: 192.0.2.56 -> 10.0.0.5 on ports 80,81,82,83',
    ]);
  });

  it('writes the end of each kind of scan', () => {
    const { feed, flow, lines } = linesOf('text');
    const end = { ports: [80, 81, 82, 83], first: 88 };
    feed(
      { kind: 'SCAN', verdict: end },
      { kind: 'SCAN', verdict: { ...end, scan: 'FIN' } },
      { kind: 'SCAN', verdict: { ...end, scan: 'HORIZONTAL', ports: [80], hosts: 9 } },
    );
    flow.tick(161e9);
    feed({ kind: 'SCAN', at: 162, verdict: { ...end, scan: 'UDP', first: 162 } });
    flow.stop(162e9);
    const said = lines().map((line) => line.slice(11));
    expect(said).toEqual([
      '15:28:05: Port scan detected: 192.0.2.56 -> 10.0.0.5 on ports 80,81,82,83',
      '15:28:05: Stealth scan detected (fin): 192.0.2.56 -> 10.0.0.5 on ports 80,81,82,83',
      '15:28:05: Horizontal scan detected: 192.0.2.56 -> 9 addresses on ports 80',
      '15:29:06: Port scan ended: 192.0.2.56 -> 10.0.0.5, 4 ports in 12s',
      '15:29:06: Stealth scan ended (fin): 192.0.2.56 -> 10.0.0.5, 4 ports in 12s',
      '15:29:06: Horizontal scan ended: 192.0.2.56 -> 9 addresses, 1 port in 12s',
      '15:29:07: UDP scan detected: 192.0.2.56 -> 10.0.0.5 on ports 80,81,82,83',
      '15:29:07: UDP scan no longer followed: 192.0.2.56 -> 10.0.0.5, 4 ports in 0s',
    ]);
  });

  it('writes each outcome with the process and the time since the attempt', () => {
    const { feed, flow, lines } = linesOf('text');
    const down = { ...curl, state: TcpState.SYN_SENT };
    feed({ kind: 'ATTEMPT', socket: curl }, { kind: 'OPEN', at: 100.0123, socket: curl });
    feed({ kind: 'CLOSE', at: 160.5, socket: { ...curl, state: TcpState.LAST_ACK } });
    feed({ kind: 'CLOSE', at: 100.2, isn: 8, socket: { ...down, error: 111 } });
    feed({ kind: 'CLOSE', at: 227, isn: 9, socket: { ...down, error: 110 } });
    feed({ kind: 'CLOSE', at: 101, isn: 10, socket: { ...curl, state: TcpState.ESTABLISHED } });
    feed({ kind: 'ATTEMPT', at: 300, isn: 11 });
    flow.tick(303e9);
    expect(lines().filter((line) => !line.includes('New'))).toEqual([
      '2021-04-28 15:28:05: Connection opened: 192.0.2.56:5973 -> 10.0.0.5:80 curl[812] 0.012s',
      '2021-04-28 15:29:05: Connection closed: 192.0.2.56:5973 -> 10.0.0.5:80 curl[812] 60.500s',
      '2021-04-28 15:28:05: Connection refused: 192.0.2.56:5973 -> 10.0.0.5:80 curl[812] 0.200s',
      '2021-04-28 15:30:12: Connection timeout: 192.0.2.56:5973 -> 10.0.0.5:80 curl[812] 127.000s',
      '2021-04-28 15:28:06: Connection reset: 192.0.2.56:5973 -> 10.0.0.5:80 curl[812] 1.000s',
      '2021-04-28 15:31:28: Connection timeout: 192.0.2.56:5973 -> 10.0.0.5:80 3.000s',
    ]);
  });

  it('names both processes of a local connection', () => {
    const { feed, lines } = linesOf('text');
    const loop = { src: '::1', dst: '::1' };
    feed({ ...loop, kind: 'ATTEMPT', socket: curl }, { ...loop, kind: 'OPEN', socket: curl });
    feed({ ...loop, kind: 'OPEN', flags: Flag.PASSIVE, socket: nginx });
    feed({ ...loop, kind: 'CLOSE', socket: { ...curl, state: TcpState.FIN_WAIT2 } });
    feed({
      ...loop,
      kind: 'CLOSE',
      flags: Flag.PASSIVE,
      socket: { ...nginx, state: TcpState.LAST_ACK },
    });
    expect(lines().map((line) => line.slice(21))).toEqual([
      'New connection: [::1]:5973 -> [::1]:80',
      'Connection opened: [::1]:5973 -> [::1]:80 curl[812] 0.000s',
      'Connection closed: [::1]:5973 -> [::1]:80 curl[812] -> nginx[20] 0.000s',
    ]);
  });

  it('leaves out the time of a connection older than the program', () => {
    const { feed, lines } = linesOf('text');
    feed({
      kind: 'CLOSE',
      isn: 0,
      flags: Flag.BEFORE,
      socket: { comm: 'ssh', pid: 4, from: 4, state: TcpState.LAST_ACK },
    });
    expect(lines()).toEqual([
      '2021-04-28 15:28:05: Connection closed: 192.0.2.56:5973 -> 10.0.0.5:80 ssh[4]',
    ]);
  });

  it('writes blocks, sums and losses', () => {
    const { feed, sink, lines } = linesOf('text');
    feed({ kind: 'SCAN', flags: Flag.BLOCKED, verdict: { ports: [1, 2, 3, 4], until: 160 } });
    feed(
      { kind: 'BLOCK', src: '2001:db8::', verdict: { until: 700 } },
      { kind: 'BLOCK', verdict: {} },
    );
    feed({ kind: 'UNBLOCK', verdict: {} }, { kind: 'SUM', src: '0.0.0.0', count: 123_456 });
    sink.loss('ring', 42, 100e9);
    expect(lines().map((line) => line.slice(21))).toEqual([
      'Port scan detected: 192.0.2.56 -> 10.0.0.5 on ports 1,2,3,4',
      'Blocked 192.0.2.56 for 60s: port scan',
      'Blocked 2001:db8:: for 600s: by command',
      'Blocked 192.0.2.56: by command',
      'Unblocked 192.0.2.56',
      '123456 connection attempts to 10.0.0.5:80 summed in the kernel (flood)',
      'Lost 42 events at ring',
    ]);
  });

  it('lets no process name end the line or reach the terminal', () => {
    const { feed, lines } = linesOf('text');
    const names = [
      'a\nb',
      '\u001b[31mred',
      'back\\slash',
      '\u009b2J',
      'ütf',
      new Uint8Array([0x61, 0xff, 0x62]),
      'x\u202ey',
    ];
    names.forEach((comm, isn) =>
      feed({ kind: 'CLOSE', isn, socket: { ...curl, comm, state: TcpState.LAST_ACK } }),
    );
    const shown = lines()
      .filter((line) => line.includes('closed'))
      .map((line) => /:80 (.*)\[812\]/.exec(line)![1]);
    expect(shown).toEqual([
      'a\\u000ab',
      '\\u001b[31mred',
      'back\\\\slash',
      '\\u009b2J',
      'ütf',
      'a\\ufffdb',
      'x\\u202ey',
    ]);
  });

  it('writes only the events that are wanted', () => {
    const { feed, lines } = linesOf('text', parseEvents('connection.close,scan').mask);
    feed(
      { kind: 'ATTEMPT', socket: curl },
      { kind: 'SUM' },
      { kind: 'CLOSE', socket: { ...curl, state: TcpState.LAST_ACK } },
    );
    feed(
      { kind: 'SCAN', flags: Flag.BLOCKED, verdict: { ports: [1, 2, 3, 4] } },
      { kind: 'UNBLOCK', verdict: {} },
    );
    expect(lines().map((line) => line.slice(21, 38))).toEqual([
      'Connection closed',
      'Port scan detecte',
    ]);
  });

  it('tells local time, and minds that its offset changes', () => {
    process.env['TZ'] = 'Europe/Berlin';
    const { feed, lines } = linesOf('text');
    const untilWinter = (Date.UTC(2021, 9, 31, 1, 0, 0) - Date.UTC(2021, 3, 28, 15, 28, 5)) / 1000;
    feed(
      { kind: 'ATTEMPT' },
      { kind: 'ATTEMPT', isn: 1, at: 99 + untilWinter },
      { kind: 'ATTEMPT', isn: 2, at: 100 + untilWinter },
    );
    expect(lines().map((line) => line.slice(0, 21))).toEqual([
      '2021-04-28 17:28:05: ',
      '2021-10-31 02:59:59: ',
      '2021-10-31 02:00:00: ',
    ]);
    process.env['TZ'] = 'UTC';
  });
});

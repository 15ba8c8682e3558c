import { describe, expect, it } from 'vitest';
import { linesOf } from '../../test/flow/lines.ts';
import { problems } from '../../test/flow/schema.ts';
import { TcpState } from '../model/tcp-state.ts';
import type { JsonBlock, JsonConnection, JsonEvent, JsonLoss, JsonScan } from '../model/json.ts';
import { Flag } from '../wire/layout.gen.ts';

const curl = { comm: 'curl', pid: 812, uid: 1000, start: 100, from: 1 };
const nginx = { comm: 'nginx', pid: 20, uid: 33, start: 100, from: 2 };

function parse<T extends JsonEvent>(lines: string[]): T[] {
  return lines.map((line) => {
    const event = JSON.parse(line) as T;
    expect({ line, problems: problems(event as never) }).toEqual({ line, problems: [] });
    return event;
  });
}

describe('JSON', () => {
  it('writes the contract’s fields, byte for byte', () => {
    const { feed, lines } = linesOf('json');
    feed({
      kind: 'ATTEMPT',
      at: 100.123456789,
      src: '128.232.110.120',
      srcPort: 34855,
      dst: '66.35.250.204',
    });
    const [line] = lines();
    expect(line!.replace(/"id":"[0-9a-f]{16}"/, '"id":"x"')).toBe(
      '{"ts":"2021-04-28T15:28:05.123456Z","event":"connection.attempt","id":"x","src_ip":"128.232.110.120","src_port":34855,' +
        '"dst_ip":"66.35.250.204","dst_port":80,"proto":"tcp","iface":"eth0","direction":"inbound",' +
        '"community_id":"1:LQU9qZlK+B5F3KDmev6m5PMibrg=","host":"web \\"1\\""}',
    );
  });

  it('writes an outcome with times, bytes, state and process', () => {
    const { feed, lines } = linesOf('json', undefined, {
      container: (lo) => (lo === 77 ? 'c0ffee' : undefined),
    });
    const socket = { ...curl, cgroup: 77 };
    feed(
      { kind: 'ATTEMPT', socket },
      { kind: 'OPEN', at: 100.01, socket: { ...socket, rttUs: 150 } },
    );
    feed({
      kind: 'CLOSE',
      at: 107.25,
      socket: { ...socket, sent: 5e9, received: 3, rttUs: 160, retransmits: 1, state: 9 },
    });
    const [attempt, open, close] = parse<JsonConnection>(lines());
    const own = {
      pid: 812,
      process: 'curl',
      process_from: 'connect',
      uid: 1000,
      container: 'c0ffee',
    };
    expect(attempt).toMatchObject({ ...own, direction: 'outbound' });
    expect(attempt).not.toHaveProperty('start_ts');
    expect(open).toMatchObject({
      event: 'connection.open',
      ...own,
      start_ts: '2021-04-28T15:28:05.000000Z',
      rtt_us: 150,
    });
    expect(open).not.toHaveProperty('outcome');
    expect(close).toMatchObject({
      ts: '2021-04-28T15:28:12.250000Z',
      event: 'connection.close',
      outcome: 'ok',
      conn_state: 'SF',
      duration_s: 7.25,
      orig_bytes: 5e9,
      resp_bytes: 3,
      rtt_us: 160,
      retransmits: 1,
    });
    expect(new Set([attempt!.id, open!.id, close!.id]).size).toBe(1);
    expect(close).not.toHaveProperty('error');
  });

  it('names the error of a failed connection, and its number when it has no name', () => {
    const { feed, lines } = linesOf('json');
    for (const error of [113, 111, 9999])
      feed({ kind: 'CLOSE', isn: error, socket: { ...curl, error, state: TcpState.SYN_SENT } });
    const ends = parse<JsonConnection>(lines()).filter((event) => event.outcome);
    expect(ends.map((event) => [event.event, event.error, event.conn_state])).toEqual([
      ['connection.timeout', 'EHOSTUNREACH', 'S0'],
      ['connection.refused', 'ECONNREFUSED', 'REJ'],
      ['connection.timeout', 'errno 9999', 'S0'],
    ]);
  });

  it('gives the responder’s process as this host’s end of an inbound connection', () => {
    const { feed, lines } = linesOf('json');
    feed({ kind: 'OPEN', flags: Flag.PASSIVE, socket: nginx });
    expect(parse<JsonConnection>(lines())[1]).toMatchObject({
      pid: 20,
      process: 'nginx',
      process_from: 'listen',
      uid: 33,
    });
  });

  it('gives both processes of a local connection', () => {
    const { feed, lines } = linesOf('json');
    feed(
      { kind: 'ATTEMPT', socket: curl },
      { kind: 'OPEN', flags: Flag.PASSIVE, direction: 'INBOUND', socket: nginx },
    );
    expect(parse<JsonConnection>(lines())[1]).toMatchObject({
      direction: 'local',
      pid: 812,
      process: 'curl',
      resp_pid: 20,
      resp_process: 'nginx',
      resp_process_from: 'listen',
      resp_uid: 33,
    });
  });

  it('marks an attempt that was dropped', () => {
    const { feed, flow, lines } = linesOf('json');
    feed({ kind: 'ATTEMPT' });
    flow.tick(103e9);
    const end = parse<JsonConnection>(lines())[1];
    expect(end).toMatchObject({
      event: 'connection.timeout',
      outcome: 'dropped',
      conn_state: 'S0',
      duration_s: 3,
    });
    expect(end).not.toHaveProperty('orig_bytes');
  });

  it('stays JSON whatever a process, container or interface is called', () => {
    const nasty = [
      '"',
      '\\',
      'a\nb\u001b[0m',
      '\u0000x',
      new Uint8Array([0xff, 0xc3]),
      '\u2028\u0085',
      'ünïcödé',
      '"},{"',
    ];
    nasty.forEach((comm) => {
      const name = typeof comm === 'string' ? comm.repeat(100) : 'x';
      const { feed, lines } = linesOf('json', undefined, {
        container: () => name || undefined,
        iface: () => name,
      });
      feed({ kind: 'ATTEMPT', ifindex: 2, socket: { ...curl, comm, cgroup: 1 } });
      const taken = lines();
      expect(taken).toHaveLength(1);
      // oxlint-disable-next-line no-control-regex -- none may be there
      expect(taken[0]).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028]/);
      const [event] = parse<JsonConnection>(taken);
      const plain = typeof comm === 'string' ? comm.replace(/\0.*/s, '') : '\ufffd\ufffd';
      expect(event!.process).toBe(
        new TextDecoder().decode(new TextEncoder().encode(plain).subarray(0, 16)),
      );
      expect(event!.container!.startsWith(name.slice(0, 16))).toBe(true);
    });
  });

  it('writes the end of a scan with its totals and its decoys', () => {
    const { feed, flow, lines } = linesOf('json');
    for (const src of ['192.0.2.1', '192.0.2.2', '192.0.2.3'])
      feed({ kind: 'SCAN', src, verdict: { ports: [9, 8, 7, 6], first: 90 } });
    for (let port = 1; port <= 300; port++)
      feed({ kind: 'ATTEMPT', src: '192.0.2.1', dstPort: port, isn: port, at: 130 });
    flow.tick(171e9);
    const ends = parse<JsonScan>(lines()).filter((event) => event.state === 'end');
    expect(ends).toMatchObject([
      { src_ip: '192.0.2.2', end_reason: 'idle timeout', evidence: { port_count: 4, decoys: 3 } },
      { src_ip: '192.0.2.3', end_reason: 'idle timeout', evidence: { port_count: 4, decoys: 3 } },
    ]);
    flow.stop(172e9);
    const [forced] = parse<JsonScan>(lines());
    expect(forced).toMatchObject({
      end_reason: 'forced end',
      evidence: { syns: 304, port_count: 300, last_ts: '2021-04-28T15:28:35.000000Z' },
    });
    expect(forced!.ports).toHaveLength(64);
  });

  it('writes scans, blocks, sums and losses', () => {
    const { feed, sink, lines } = linesOf('json');
    feed({
      kind: 'SCAN',
      src: '2001:db8::9',
      dst: '2001:db8::1',
      flags: Flag.BLOCKED,
      verdict: { ports: [9, 8, 7, 6], syns: 5, first: 90, until: 160 },
    });
    feed(
      { kind: 'UNBLOCK', verdict: {} },
      { kind: 'BLOCK', verdict: {} },
      { kind: 'SUM', src: '0.0.0.0', count: 9, refused: 4 },
    );
    sink.loss('ring "a"', 3, 100e9);
    const [scan, block, unblock, byUser, sum, loss] = parse<JsonEvent>(lines());
    expect(scan as JsonScan).toMatchObject({
      src_ip: '2001:db8::9',
      dst_ip: '2001:db8::1',
      kind: 'vertical',
      state: 'start',
      ports: [6, 7, 8, 9],
      hosts: 1,
      evidence: {
        syns: 5,
        port_count: 4,
        first_ts: '2021-04-28T15:27:55.000000Z',
        last_ts: '2021-04-28T15:28:05.000000Z',
        blocked: true,
        spared: false,
        blocks: 1,
      },
    });
    expect(block as JsonBlock).toMatchObject({
      event: 'block',
      until_ts: '2021-04-28T15:29:05.000000Z',
      reason: 'port scan',
    });
    expect(unblock as JsonBlock).toMatchObject({ event: 'unblock', src_ip: '192.0.2.56' });
    expect(byUser as JsonBlock).toMatchObject({ event: 'block', reason: 'command' });
    expect(byUser).not.toHaveProperty('until_ts');
    expect(sum as JsonConnection).toMatchObject({
      event: 'connection.attempt',
      dst_port: 80,
      count: 9,
      refused: 4,
    });
    expect(loss as JsonLoss).toMatchObject({ where: 'ring "a"', count: 3 });
    const runbooks = [scan, block, unblock, byUser].map((event) => (event as JsonBlock).runbook);
    expect(runbooks).toEqual(
      ['scan-vertical', 'event-block', 'event-unblock', 'event-block'].map(
        (slug) => `packetwatch explain ${slug}`,
      ),
    );
  });
});

describe('an event of a plugin', () => {
  const event = {
    name: 'echo.seen',
    plugin: 'echo',
    tsNs: 100e9,
    text: 'a\x1b[2J\\b\nc',
    json: '',
  };

  it('is an object with its fields, a line of text, and escaped in both', () => {
    const json = linesOf('json');
    json.sink.plugin({ ...event, json: JSON.stringify({ iface: 'x\u202ey\u009b' }).slice(1, -1) });
    json.sink.plugin(event);
    const [full, empty] = json.lines();
    expect(full).toBe(
      '{"ts":"2021-04-28T15:28:05.000000Z","event":"echo.seen","plugin":"echo","iface":"x\\u202ey\\u009b","host":"web \\"1\\""}',
    );
    for (const line of [full!, empty!])
      expect(problems(JSON.parse(line) as Record<string, unknown>)).toEqual([]);
    json.sink.plugin({ ...event, name: 'neighbor.moved' });
    expect(JSON.parse(json.lines()[0]!)).toHaveProperty(
      'runbook',
      'packetwatch explain event-neighbor-moved',
    );
    const text = linesOf('text');
    text.sink.plugin(event);
    expect(text.lines()[0]).toMatch(/: a\\u001b\[2J\\\\b\\u000ac$/);
  });

  it('of any length is written whole', () => {
    for (const form of ['text', 'json'] as const) {
      const { sink, lines } = linesOf(form);
      sink.plugin({ ...event, text: '\x01'.repeat(512), json: `"a":"${'\u200f'.repeat(1000)}"` });
      expect(lines()).toHaveLength(1);
    }
  });

  it('passes every filter', () => {
    const { sink, lines } = linesOf('text', undefined, {}, 'port 80');
    sink.plugin(event);
    expect(lines()).toHaveLength(1);
  });
});

describe('the schema', () => {
  it('refuses what is wrong', () => {
    const { feed, lines } = linesOf('json');
    feed({ kind: 'ATTEMPT' });
    const good = JSON.parse(lines()[0]!) as Record<string, unknown>;
    expect(problems(good)).toEqual([]);
    for (const bad of [
      { id: 'xyz' },
      { src_port: 70_000 },
      { event: 'connection.maybe' },
      { proto: 'sctp' },
      { ts: '2021' },
      { extra: 1 },
    ]) {
      expect(problems({ ...good, ...bad })).not.toEqual([]);
    }
  });
});

/** `packetwatch read` of what is no capture: saved tables of sockets, and logs. */
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TcpState } from '../../src/model/tcp-state.ts';
import { pcap } from '../support/captures.ts';
import { type Done, run } from '../support/command.ts';
import { tcpFrame } from '../support/frames.ts';
import { MAIN } from '../support/rig.ts';
import { tcp6Text, tcpText, type TextRow } from './proc-text.ts';

/** 2023-11-14 22:13:20 UTC */
const START = 1_700_000_000;

const LISTEN: TextRow = { local: '0.0.0.0:80', state: TcpState.LISTEN };
const IN: TextRow = { local: '10.0.0.5:80', remote: '192.0.2.56:5973', inode: 7 };
const OUT: TextRow = { local: '10.0.0.5:40000', remote: '192.0.2.9:443', inode: 8 };
const OVER: TextRow = {
  local: '10.0.0.5:40001',
  remote: '192.0.2.9:443',
  state: TcpState.TIME_WAIT,
};
const IN6: TextRow = { local: '[2001:db8::5]:80', remote: '[2001:db8::9]:5', inode: 9 };

describe.concurrent('read', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'packetwatch-texts-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach((context) => {
    if (!existsSync(MAIN)) context.skip('dist/cli/main.js is not there: make build');
  });

  /** Written last so many seconds after the start. */
  const file = (name: string, content: string | Uint8Array, second = 0): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    utimesSync(path, START + second, START + second);
    return path;
  };
  const read = (args: readonly string[], input?: string): Promise<Done> =>
    run(
      ['env', 'TZ=UTC', process.execPath, MAIN, 'read', ...args],
      input === undefined ? {} : { input },
    );

  test('a saved table tells each connection in it, from who began it', async () => {
    const both = tcpText([LISTEN, IN, OUT, OVER]) + tcp6Text([IN6]);
    const expected = [
      '2023-11-14 22:13:25: New connection: 192.0.2.56:5973 -> 10.0.0.5:80',
      '2023-11-14 22:13:25: New connection: 10.0.0.5:40000 -> 192.0.2.9:443',
      '2023-11-14 22:13:25: New connection: 10.0.0.5:40001 -> 192.0.2.9:443',
      '2023-11-14 22:13:25: New connection: [2001:db8::9]:5 -> [2001:db8::5]:80',
      '',
    ].join('\n');
    for (const path of [file('tcp', both, 5), file('tcp.gz', gzipSync(both), 5)])
      expect(await read([path])).toEqual({ code: 0, stdout: expected, stderr: '' });
    const piped = await read(['-', '--filter', 'ip6'], both.trimEnd());
    expect(piped.stdout).toMatch(/: New connection: \[2001:db8::9\]:5 -> \[2001:db8::5\]:80\n$/);
  });

  test('the next table of the same file tells what is new and what is over', async () => {
    const later = { ...OUT, remote: '192.0.2.9:444', inode: 11 };
    const both = tcpText([LISTEN, IN, OUT]) + tcp6Text([IN6]) + tcpText([LISTEN, OUT, later]);
    const { stdout } = await read(['--records', 'all', file('twice', both)]);
    expect(stdout.replace(/^[^A-Z]*: /gm, '').split('\n')).toEqual([
      'New connection: 192.0.2.56:5973 -> 10.0.0.5:80',
      'Connection opened: 192.0.2.56:5973 -> 10.0.0.5:80 0.000s',
      'New connection: 10.0.0.5:40000 -> 192.0.2.9:443',
      'Connection opened: 10.0.0.5:40000 -> 192.0.2.9:443 0.000s',
      'New connection: [2001:db8::9]:5 -> [2001:db8::5]:80',
      'Connection opened: [2001:db8::9]:5 -> [2001:db8::5]:80 0.000s',
      'Connection closed: 192.0.2.56:5973 -> 10.0.0.5:80 0.000s',
      'Connection closed: [2001:db8::9]:5 -> [2001:db8::5]:80 0.000s',
      'New connection: 10.0.0.5:40000 -> 192.0.2.9:444',
      'Connection opened: 10.0.0.5:40000 -> 192.0.2.9:444 0.000s',
      '',
    ]);
  });

  test('a table that is damaged gives its rows, and says how many lines are none', async () => {
    const text = `${tcpText([LISTEN, IN])}   2: 0500000A\n${'x'.repeat(2_000_000)}\n`;
    const { code, stdout, stderr } = await read([file('damaged', text)]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'packetwatch: 2 lines left out: neither a socket nor an event\n',
    });
    expect(stdout.match(/New connection/g)).toHaveLength(1);
  });

  test('tables, logs and captures are merged by their times, and one rule judges them', async () => {
    const at = (second: number, dst_port: number) =>
      JSON.stringify({
        ts: new Date((START + second) * 1000).toISOString(),
        event: 'connection.attempt',
        src_ip: '192.0.2.56',
        src_port: 5000 + second,
        dst_ip: '10.0.0.5',
        dst_port,
        host: 'web1',
        iface: 'eth7',
      });
    const frame = tcpFrame({ src: '192.0.2.56', dst: '10.0.0.5', dstPort: 82 });
    const { stdout, code } = await read([
      '--records',
      'all',
      '-o',
      'json',
      file('log.jsonl.gz', gzipSync([at(1, 81), at(5, 83)].join('\n')), 9),
      file('table', tcpText([LISTEN, IN]), 0),
      file('dump.pcap', pcap([{ frame, seconds: START + 3 }]), 9),
    ]);
    expect(code).toBe(0);
    const told = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told.map(({ event, dst_port }) => [event, dst_port])).toEqual([
      ['connection.attempt', 80],
      ['connection.open', 80],
      ['connection.attempt', 81],
      ['connection.attempt', 82],
      ['connection.attempt', 83],
      ['scan', undefined],
      ['connection.timeout', 82],
      ['scan', undefined],
    ]);
    expect(told[5]).toMatchObject({ state: 'start', ports: [80, 81, 82, 83] });
    expect(told.map(({ host }) => host)).toEqual([
      undefined,
      undefined,
      'web1',
      undefined,
      'web1',
      'web1',
      undefined,
      undefined,
    ]);
    expect(told[2]).toMatchObject({ iface: 'eth7' });
  });

  test('a log becomes any other form', async () => {
    const line = JSON.stringify({
      ts: '2023-11-14T22:13:21.5Z',
      event: 'connection.close',
      src_ip: '192.0.2.56',
      src_port: 5973,
      dst_ip: '10.0.0.5',
      dst_port: 443,
      duration_s: 1.5,
      orig_bytes: 5,
      resp_bytes: 700,
      conn_state: 'SF',
      tls: { sni: 'x\u001b[2J\u202e' },
      pid: 7,
      process: 'a\tb',
      direction: 'inbound',
    });
    const path = file('close.jsonl', `${line}\n`);
    const zeek = await read([path, '-o', 'zeek']);
    expect(zeek.stdout.split('\n').at(-3)).toMatch(
      /^1700000000\.000000\tC[0-9a-f]{16}\t192\.0\.2\.56\t5973\t10\.0\.0\.5\t443\ttcp\t-\t1\.500000\t5\t700\tSF\tT\tT\t0(\t-){6}\t6$/,
    );
    const text = await read([path, '--records', 'connections']);
    expect(text.stdout).toBe(
      '2023-11-14 22:13:21: Connection closed: 192.0.2.56:5973 -> 10.0.0.5:443 a\\u0009b[7] 1.500s x\\u001b[2J\\u202e\n',
    );
    const ecs = JSON.parse(
      (await read([path, '-o', 'ecs', '--records', 'connections'])).stdout,
    ) as object;
    expect(ecs).toMatchObject({
      tls: { client: { server_name: 'x\u001b[2J\u202e' } },
      process: { name: 'a\tb' },
      source: { bytes: 5 },
    });
  });
});

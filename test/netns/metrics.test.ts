/** The listener of the real program: what it tells is what happened, and nobody can hold it up. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Form } from '../../src/api/exposition.ts';
import { type Done, until } from '../support/command.ts';
import { parseExposition, type Series, sumOf } from '../support/exposition.ts';
import { packetwatch, type Status, Watch } from '../support/packetwatch.ts';
import {
  type Namespace,
  otherScanner,
  type Rig,
  SCANNER,
  VICTIM,
  VICTIM_IF,
} from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { attached, NOTHING } from './attached.ts';
import { nmapSyn, SCANNED } from './scans.ts';

const HERE = '127.0.0.1:9470';
const LISTENING = ['-i', VICTIM_IF, '--listen', HERE];

const curl = (from: Namespace, path: string, ...args: string[]): Promise<Done> =>
  from.run(['curl', '-sS', '--max-time', '20', ...args, `http://${HERE}${path}`]);

/** Status code and headers, names in lower case. */
async function head(from: Namespace, path: string, ...args: string[]): Promise<[number, Headers]> {
  const { stdout } = await curl(from, path, '-o', '/dev/null', '-D', '-', ...args);
  const [first, ...lines] = stdout.trim().split('\r\n');
  const pairs = lines.map((line) => line.split(/: (.*)/, 2) as [string, string]);
  return [Number(first!.split(' ')[1]), new Headers(pairs)];
}

/** Sends bytes as they are and returns the answer's first line; empty: closed without one. */
async function raw(from: Namespace, request: string): Promise<string> {
  const script = 'exec 3<>/dev/tcp/127.0.0.1/9470; printf %b "$1" >&3; head -n 1 <&3';
  const { stdout } = await from.run(['bash', '-c', script, 'bash', request], { seconds: 20 });
  return stdout.trim();
}

async function scrape(from: Namespace, form: Form = 'text'): Promise<Series[]> {
  const accept = form === 'text' ? 'text/plain' : 'application/openmetrics-text';
  const { stdout, stderr } = await curl(from, '/metrics', '-H', `Accept: ${accept}`);
  expect(stderr).toBe('');
  return parseExposition(stdout, form);
}

/** The token, which is told at the first start, and then kept in the file that is named. */
async function tokenOf(watch: Watch): Promise<string> {
  const [, told, path] = await watch.note(
    /page at \S+?\/(?:#token=(\S+) .*|, its token is in (\S+))$/,
  );
  return told ?? readFileSync(path!, 'utf8').trim();
}

/** The status once all connections are over and their lines are here. */
function settled(watch: Watch): Promise<Status> {
  return until('all lines', async () => {
    const status = await watch.status();
    const done = status.flow.live === 0 && watch.lines.length === status.output.lines;
    return done ? status : undefined;
  });
}

async function connections(rig: Rig, count: number): Promise<void> {
  const [here, there] = await Promise.all([rig.victim.peer(), rig.scanner.peer()]);
  for (const family of [4, 6] as const) {
    const { port } = await here.listen({ host: VICTIM[family], mode: 'echo' });
    const outside = await there.listen({ host: SCANNER[family], mode: 'echo' });
    for (let n = 0; n < count; n++) {
      await there.connect({ host: VICTIM[family], port });
      await here.connect({ host: SCANNER[family], port: outside.port });
      await here.connect({ host: SCANNER[family], port: 9 });
    }
  }
}

suite('what /metrics tells', ['nmap', 'curl'], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, [...LISTENING, '-o', 'json', '--block', '--block-ttl', '10m']);
  let before: Series[];
  let status: Status;
  let after: Series[];
  beforeAll(async () => {
    before = await scrape(rig().victim);
    await connections(rig(), 5);
    await nmapSyn(rig().scanner, otherScanner(1, 4), VICTIM[4]);
    await nmapSyn(rig().scanner, otherScanner(1, 6), VICTIM[6]);
    status = await settled(watch());
    after = await scrape(rig().victim, 'openmetrics');
  });

  test('new connections are the lines of attempts', () => {
    const families = { ipv4: /\./, ipv6: /:/ };
    for (const direction of ['inbound', 'outbound', 'forwarded'] as const)
      for (const [family, address] of Object.entries(families)) {
        const lines = watch()
          .events({ event: 'connection.attempt', direction })
          .filter(({ src_ip }) => address.test(src_ip!));
        const labels = { direction, family };
        expect([labels, sumOf(after, 'packetwatch_connections_total', labels)]).toEqual([
          labels,
          lines.length,
        ]);
      }
    expect(sumOf(after, 'packetwatch_connections_total', { direction: 'outbound' })).toBe(20);
  });

  test('outcomes, events, scans and blocks are those of the status and the lines', () => {
    for (const outcome of ['ok', 'refused', 'timeout', 'reset', 'dropped'] as const)
      expect([outcome, sumOf(after, 'packetwatch_connection_outcomes_total', { outcome })]).toEqual(
        [
          outcome,
          watch()
            .events({ outcome })
            .filter(({ event }) => event !== 'connection.open').length,
        ],
      );
    for (const event of ['scan', 'block', 'connection.refused', 'connection.close'] as const)
      expect([event, sumOf(after, 'packetwatch_events_total', { event })]).toEqual([
        event,
        status.flow.events[event],
      ]);
    const scans = new Set(
      watch()
        .events({ event: 'scan' })
        .map(({ src_ip }) => src_ip),
    );
    expect(scans.size).toBe(2);
    expect(sumOf(after, 'packetwatch_scans_total', { kind: 'vertical' })).toBe(2);
    expect(sumOf(after, 'packetwatch_blocks_set_total')).toBe(2);
    expect(sumOf(after, 'packetwatch_blocks')).toBe(status.blocks);
    expect(status.blocks).toBe(2);
  });

  test('packets and losses are those of the kernel', () => {
    const { kernel } = status;
    // Neighbour discovery never rests.
    expect(sumOf(after, 'packetwatch_packets_total')).toBeGreaterThanOrEqual(kernel['packets']!);
    expect(sumOf(after, 'packetwatch_attempts_total')).toBe(kernel['attempts']);
    const dropped = sumOf(after, 'packetwatch_packets_dropped_total', { reason: 'syn' });
    expect(dropped).toBe(kernel['attempts_dropped']);
    expect(dropped).toBeGreaterThan(SCANNED);
    expect(sumOf(after, 'packetwatch_lost_total')).toBe(0);
    expect(sumOf(after, 'packetwatch_table_sources')).toBeGreaterThan(0);
  });

  test('the same series as before any of it', () => {
    expect(after.map(({ name, labels }) => ({ name, labels }))).toEqual(
      before.map(({ name, labels }) => ({ name, labels })),
    );
  });

  test('the process and its source', () => {
    expect(sumOf(after, 'packetwatch_source_up', { source: 'ebpf' })).toBe(1);
    expect(sumOf(after, 'packetwatch_interface_info', { iface: VICTIM_IF, hook: 'tcx' })).toBe(1);
    const startSeconds = sumOf(after, 'packetwatch_process_start_time_seconds');
    expect(Math.abs(startSeconds - Date.now() / 1000)).toBeLessThan(300);
    expect(sumOf(after, 'packetwatch_process_cpu_seconds_total')).toBeGreaterThan(
      sumOf(before, 'packetwatch_process_cpu_seconds_total'),
    );
  });
});

suite('the listener', ['curl'], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, LISTENING);

  test('says where it is', () => {
    expect(watch().notes).toContain(`metrics at http://${HERE}/metrics`);
  });

  test.each([
    ['/', 200],
    ['/metrics', 200],
    ['/metrics?name=x', 200],
    ['/healthz', 200],
    ['/readyz', 200],
    ['/api/v1/health', 200],
    ['/metrics/', 404],
    ['/../etc/passwd', 404],
  ])('GET and HEAD %s: %d', async (path, code) => {
    const [get, headers] = await head(rig().victim, path, '--path-as-is');
    const [only, same] = await head(rig().victim, path, '--path-as-is', '--head');
    expect([get, only]).toEqual([code, code]);
    expect(same.get('content-type')).toBe(headers.get('content-type'));
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; .*; frame-ancestors 'none'$/,
    );
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])('%s is refused', async (method) => {
    const [code, headers] = await head(rig().victim, '/metrics', '-X', method);
    expect([code, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test.each(['evil.example', 'evil.example:9470', `${VICTIM[4]}:9470`])(
    'a request for %s is refused',
    async (host) => {
      expect((await head(rig().victim, '/metrics', '-H', `Host: ${host}`))[0]).toBe(421);
    },
  );

  test('a request for localhost is not', async () => {
    expect((await head(rig().victim, '/metrics', '-H', 'Host: localhost:1'))[0]).toBe(200);
  });

  test.each([
    ['headers of 20 kB', `GET / HTTP/1.1\\r\\nHost: localhost\\r\\nA: ${'x'.repeat(20_000)}`, 431],
    ['no HTTP', 'nonsense\\r\\n\\r\\n', 400],
    ['no Host', 'GET / HTTP/1.1\\r\\n\\r\\n', 400],
    ['no Host, HTTP/1.0', 'GET / HTTP/1.0\\r\\n\\r\\n', 421],
    ['headers without an end', 'GET / HTTP/1.1\\r\\nHost: localhost\\r\\n', 408],
  ])('%s: refused', async (_, request, code) => {
    expect(await raw(rig().victim, request)).toMatch(`HTTP/1.1 ${code} `);
  });

  test('more connections than it takes are refused and counted, and it goes on', async () => {
    const peer = await rig().victim.peer();
    const held: number[] = [];
    const victim = { host: '127.0.0.1', port: 9470, end: 'hold' } as const;
    for (let n = 0; n < 70; n++) held.push((await peer.connect(victim)).connection);
    // Those that end before they are taken up leave room for others.
    const closed = ['ss', '-Htn', 'state', 'close-wait', 'dport', '=', ':9470'];
    await until('six that the listener closed', async () => {
      const { stdout } = await rig().victim.run(closed);
      return stdout.split('\n').length > 6;
    });
    for (const connection of held) await peer.end(connection);
    const series = await until('a scrape', () => scrape(rig().victim).catch(() => undefined));
    expect(sumOf(series, 'packetwatch_http_connections_refused_total')).toBeGreaterThanOrEqual(6);
    expect(sumOf(series, 'packetwatch_http_answers_total', { code: '431' })).toBe(1);
  });
});

suite('an end with connections to the listener', ['curl'], () => {
  const rig = useRig('direct');

  test('is prompt: one idle after an answer, one silent, one half-sent', async () => {
    const watch = await Watch.start(rig().victim, LISTENING);
    const peer = await rig().victim.peer();
    const target = { host: '127.0.0.1', port: 9470, end: 'hold' } as const;
    await peer.connect(target);
    const half = await rig().victim.start([
      'bash',
      '-c',
      'exec 3<>/dev/tcp/127.0.0.1/9470; printf "GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\nGET /" >&3; head -n 1 <&3; cat <&3',
    ]);
    await half.out.wait('an answer', (line) => line.includes('200') || undefined);
    const startMs = performance.now();
    expect(await watch.running.end('SIGINT')).toBe(0);
    expect(performance.now() - startMs).toBeLessThan(2000);
    expect(await half.ended).not.toBeUndefined();
    expect(await attached(rig().victim, VICTIM_IF)).toEqual(NOTHING);
  });
});

suite('where it listens', ['curl'], () => {
  const rig = useRig('direct');

  test('nowhere unless it is told to', async () => {
    const watch = await Watch.start(rig().victim, ['-i', VICTIM_IF]);
    const sockets = await rig().victim.must(['ss', '-Hltnp']);
    expect(sockets).not.toContain(`pid=${watch.running.pid},`);
    expect(await watch.stop()).toBe(0);
  });

  test.each([
    ['[::1]:9471', '[::1]', ''],
    [`${VICTIM[4]}:9471`, VICTIM[4], ', for who has the token'],
    [`[${VICTIM[6]}]:9471`, `[${VICTIM[6]}]`, ', for who has the token'],
  ])('%s; the later of two options counts', async (address, host, open) => {
    const watch = await Watch.start(rig().victim, [...LISTENING, '--listen', address]);
    expect(watch.notes.filter((note) => note.startsWith('metrics'))).toEqual([
      `metrics at http://${address}/metrics${open}`,
    ]);
    const from = open === '' ? rig().victim : rig().scanner;
    const token = `Authorization: Bearer ${await tokenOf(watch)}`;
    const ask = ['curl', '-g', '-sS', `http://${host}:9471/readyz`];
    const { stdout } = await from.run([...ask, '-H', token]);
    expect(stdout).toBe('ok\n');
    const without = await from.run(ask);
    expect(without.stdout).toMatch(open === '' ? /^ok$/m : /^the token is wanted/);
    expect(await watch.stop()).toBe(0);
  });

  describe('or not: one line, and nothing is left', () => {
    test.each([
      ['192.0.2.1:9470', /cannot listen on 192\.0\.2\.1:9470: this host has no such address/],
      [HERE, /cannot listen on 127\.0\.0\.1:9470: another program has that port/],
    ])('%s', async (address, line) => {
      const peer = await rig().victim.newPeer();
      await peer.listen({ host: '127.0.0.1', port: 9470, mode: 'idle' });
      for (const source of ['auto', 'ebpf', 'proc']) {
        const args = ['watch', '--source', source, '--listen', address];
        const done = await packetwatch(rig().victim, args);
        expect(done).toMatchObject({ code: 1, stdout: '' });
        expect(done.stderr).toMatch(/^packetwatch: [^\n]+\n$/);
        expect(done.stderr).toMatch(line);
      }
      expect(await attached(rig().victim, VICTIM_IF)).toEqual(NOTHING);
      await peer.running.end();
    });

    test('a second program says that there is a first, not that the port is taken', async () => {
      const watch = await Watch.start(rig().victim, LISTENING);
      const done = await packetwatch(rig().victim, ['watch', ...LISTENING]);
      expect(done).toMatchObject({ code: 1, stdout: '' });
      expect(done.stderr).toMatch(/^packetwatch: packetwatch is already running here, process \d+/);
      expect((await head(rig().victim, '/readyz'))[0]).toBe(200);
      expect(await watch.stop()).toBe(0);
    });
  });

  test('/readyz says when no interface is left', async () => {
    const pair = ['gone0', 'type', 'veth', 'peer', 'name', 'gone1'];
    await rig().victim.must(['ip', 'link', 'add', ...pair]);
    await rig().victim.must(['ip', 'link', 'set', 'gone0', 'up']);
    const watch = await Watch.start(rig().victim, ['-i', 'gone0', '--listen', HERE]);
    expect((await head(rig().victim, '/readyz'))[0]).toBe(200);
    await rig().victim.must(['ip', 'link', 'del', 'gone0']);
    await watch.note(/gone0 is gone/);
    expect((await head(rig().victim, '/readyz'))[0]).toBe(503);
    expect((await head(rig().victim, '/healthz'))[0]).toBe(200);
    expect(sumOf(await scrape(rig().victim), 'packetwatch_source_up')).toBe(0);
    expect(await watch.stop()).toBe(0);
  });

  test('with --source proc as well', async () => {
    const args = ['--source', 'proc', '--interval', '100ms', '--listen', HERE];
    const watch = await Watch.start(rig().victim, args);
    const series = await scrape(rig().victim);
    expect(sumOf(series, 'packetwatch_source_up', { source: 'proc' })).toBe(1);
    expect(sumOf(series, 'packetwatch_lost_total', { stage: 'proc_read' })).toBe(0);
    expect(series.filter(({ name }) => /_(?:blocks|ring|packets)/.test(name))).toEqual([]);
    expect(await watch.stop()).toBe(0);
  });
});

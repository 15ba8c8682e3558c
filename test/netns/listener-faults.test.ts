/** Who may ask the listener what, and that nobody can hold it up or fill its memory. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../support/command.ts';
import { parseExposition, sumOf } from '../support/exposition.ts';
import { ask, Listening } from '../support/http.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { PYTHON } from '../support/peer.ts';
import { type Rig, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { load, serve } from './load.ts';

/** A program of one test, which ends with it. */
async function listen(rig: Rig): Promise<Listening> {
  const listening = await Listening.start(rig.victim, ['-i', VICTIM_IF, '-o', 'json']);
  onTestFinished(async () => void (await listening.watch.stop()));
  return listening;
}

const STREAMS = fileURLToPath(new URL('../support/streams.py', import.meta.url));

async function metric(listening: Listening, name: string, labels = {}): Promise<number> {
  const { status, text } = await listening.ask('/metrics');
  if (status !== 200) throw new Error(`/metrics: ${status}`);
  return sumOf(parseExposition(text, 'text'), name, labels);
}

/** How often each status was the answer; `closed`: none was. */
type Codes = Readonly<Record<string, number>>;

/** Memory of the process, MiB. */
function residentMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

suite('who asks', ['curl'], () => {
  const rig = useRig('direct');
  let listening: Listening;
  beforeAll(async () => {
    listening = await Listening.start(rig().victim, ['-i', VICTIM_IF, '-o', 'json']);
  });
  afterAll(() => listening.watch.stop());

  test.each([
    ['without a token', {}, 401, 'token'],
    ['with a wrong token', { Authorization: 'Bearer nonsense' }, 401, 'token'],
    ['from a page of another origin', { Origin: 'http://evil.example' }, 403, 'origin'],
    ['from a file', { Origin: 'null' }, 403, 'origin'],
    ['by another name', { Host: 'evil.example:9470' }, 421, 'host'],
  ])('a change %s: refused and counted', async (_, headers, code, why) => {
    const refused = () => metric(listening, 'packetwatch_http_requests_refused_total', { why });
    const before = await refused();
    const body = '{"address":"192.0.2.66"}';
    const type = { 'Content-Type': 'application/json' };
    const asked = { method: 'POST', headers: { ...type, ...headers }, body };
    const { status, text } = await listening.ask('/api/v1/blocks', asked);
    expect([status, (JSON.parse(text) as { error: { code: string } }).error.code]).toEqual([
      code,
      why,
    ]);
    expect(await refused()).toBe(before + 1);
    expect((await listening.ask('/api/v1/blocks')).text).not.toContain('192.0.2.66');
  });

  test.each(['/api/v1/live', '/api/v1/connections', '/metrics'])(
    'a page of another origin does not read %s',
    async (path) => {
      const headers = { 'Sec-Fetch-Site': 'cross-site' };
      expect((await listening.ask(path, { headers })).status).toBe(403);
    },
  );

  test('who tries tokens is refused for a while, whatever is asked', async () => {
    const args = ['ask', '127.0.0.1', '9470', '/healthz', '30'];
    const told = JSON.parse(await rig().victim.must([PYTHON, STREAMS, ...args])) as Codes;
    expect(told['200']).toBeGreaterThanOrEqual(1);
    expect(told['429']).toBeGreaterThan(0);
    await until('to be let in again', async () => (await listening.ask('/healthz')).status === 200);
    const refused = metric(listening, 'packetwatch_http_requests_refused_total', { why: 'rate' });
    expect(await refused).toBeGreaterThanOrEqual(told['429']!);
  });
});

suite('streams', ['curl'], () => {
  const rig = useRig('direct');

  test('thousands that idle: 16 are served, the others refused and counted', async () => {
    const listening = await listen(rig());
    const { pid } = listening.watch.running;
    const beforeMib = residentMib(pid);
    const args = ['hold', '127.0.0.1', '9470', '/api/v1/live', '2000'];
    const held = await rig().victim.start([PYTHON, STREAMS, ...args]);
    const told = await held.out.wait(
      'all of them',
      (line) => (line.startsWith('{') ? (JSON.parse(line) as Codes) : undefined),
      50,
    );
    const others = (told['503'] ?? 0) + (told['429'] ?? 0) + (told['closed'] ?? 0);
    expect([told['200'], others]).toEqual([16, 2000 - 16]);
    expect(residentMib(pid) - beforeMib).toBeLessThan(60);
    const refused = (why: string) =>
      metric(listening, 'packetwatch_http_requests_refused_total', { why });
    const full = await until('to be let in', () => refused('streams').catch(() => undefined));
    const closed = await metric(listening, 'packetwatch_http_connections_refused_total');
    expect(full + (await refused('rate')) + closed).toBeGreaterThanOrEqual(2000 - 16);
    await held.end();
    // whoever left makes room
    const stream = await until('a place', async () => {
      const reader = await listening.live();
      const first = await reader.running.out
        .wait('an answer', (line) => line, 5)
        .catch(() => undefined);
      if (first?.startsWith('id: ')) return reader;
      await reader.running.end();
      return undefined;
    });
    await stream.running.end();
    await until('the end of all', async () => {
      const open = await metric(listening, 'packetwatch_http_streams').catch(() => 1);
      return open === 0;
    });
  });

  test('who was refused keeps no place by sending on', async () => {
    const listening = await listen(rig());
    const args = ['drip', '127.0.0.1', '9470', '/', '64'];
    const dripping = await rig().victim.start([PYTHON, STREAMS, ...args]);
    await dripping.out.wait('its begin', (line) => line === 'open' || undefined);
    await until('to be let in', async () => (await listening.ask('/healthz')).status === 200);
    expect(
      await metric(listening, 'packetwatch_http_answers_total', { code: '408' }),
    ).toBeGreaterThanOrEqual(60);
    await dripping.end();
  });

  test('one that reads nothing holds nobody up, and fills no memory', async () => {
    const listening = await listen(rig());
    const { pid } = listening.watch.running;
    const stuck = await rig().victim.start([
      PYTHON,
      STREAMS,
      'stuck',
      '127.0.0.1',
      '9470',
      '/api/v1/live',
    ]);
    await stuck.out.wait('its begin', (line) => line.startsWith('open') || undefined);
    const options = {
      host: VICTIM[4],
      ports: [8080],
      first: 'client',
      count: 6000,
      rate: 0,
    } as const;
    await serve(rig().victim, options);
    const beforeMib = residentMib(pid);
    await load(rig().scanner, options);
    const { flow, output } = await listening.watch.status();
    expect(flow.events['connection.close']).toBeGreaterThanOrEqual(6000);
    expect(output.lost).toBe(0);
    expect(residentMib(pid) - beforeMib).toBeLessThan(80);
    await stuck.end();
  });
});

suite('off loopback', ['curl', 'openssl'], () => {
  const rig = useRig('direct');
  let directory: string;
  let cert: string;
  let key: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'packetwatch-tls-'));
    [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
    await certify(cert, key);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('everything but the page takes the token, and a line warns', async () => {
    const address = `${VICTIM[4]}:9473`;
    const listening = await Listening.start(rig().victim, ['-i', VICTIM_IF, '--listen', address]);
    const base = `http://${address}`;
    const paths = [
      '/metrics',
      '/healthz',
      '/readyz',
      '/api/v1/status',
      '/api/v1/live',
      '/api/v1/x',
    ];
    for (const path of paths) {
      const { status } = await ask(rig().scanner, path, { base });
      expect([path, status]).toEqual([path, 401]);
    }
    for (const target of ['/%61pi/v1/status', '/assets/../api/v1/status', `${base}/metrics`]) {
      const args = ['--path-as-is', '--request-target', target];
      const { status } = await ask(rig().scanner, '/', { base, args });
      expect([target, status]).toEqual([target, 401]);
    }
    expect((await ask(rig().scanner, '/', { base })).status).toBe(200);
    const headers = { Authorization: `Bearer ${listening.token}` };
    expect((await ask(rig().scanner, '/metrics', { base, headers })).status).toBe(200);
    expect(listening.watch.notes.filter((note) => note.includes('--tls-cert'))).toHaveLength(1);
    expect(await listening.watch.stop()).toBe(0);
  });

  test('by TLS, which needs no warning', async () => {
    const address = `${VICTIM[4]}:9474`;
    const tls = ['--listen', address, '--tls-cert', cert, '--tls-key', key];
    const listening = await Listening.start(rig().victim, ['-i', VICTIM_IF, ...tls]);
    const base = `https://${address}`;
    const headers = { Authorization: `Bearer ${listening.token}` };
    const trusted = { base, headers, args: ['--cacert', cert] };
    expect((await ask(rig().scanner, '/api/v1/status', trusted)).status).toBe(200);
    expect((await ask(rig().scanner, '/', { base: `http://${address}` })).status).toBe(0);
    const change = {
      ...trusted,
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json', Origin: base },
      body: '{"address":"192.0.2.66"}',
    };
    expect((await ask(rig().scanner, '/api/v1/blocks', change)).status).toBe(200);
    expect(listening.watch.notes.join()).not.toContain('--tls-cert');
    expect(listening.watch.notes.join('\n')).toMatch(new RegExp(`page at https://${address}/`));
    expect(await listening.watch.stop()).toBe(0);
  });

  describe('certificates that are none: one line, and nothing is left', () => {
    test.each([
      ['no file', () => ['/nowhere.pem', key], /--tls-cert: cannot read \/nowhere\.pem \(ENOENT\)/],
      ['the key as certificate', () => [key, key], /--tls-cert and --tls-key can't be used/],
      ['the certificate as key', () => [cert, cert], /--tls-cert and --tls-key can't be used/],
      ['no PEM', () => [nonsense(), key], /--tls-cert and --tls-key can't be used/],
    ])('%s', async (_, files, message) => {
      const [certificate, itsKey] = files() as [string, string];
      const tls = ['--tls-cert', certificate, '--tls-key', itsKey];
      const done = await packetwatch(rig().victim, ['watch', '--listen', '127.0.0.1:9475', ...tls]);
      expect(done).toMatchObject({ code: 1, stdout: '' });
      expect(done.stderr).toMatch(/^packetwatch: [^\n]+\n$/);
      expect(done.stderr).toMatch(message);
    });

    test('half of it is bad usage', async () => {
      for (const half of [
        ['--tls-cert', cert, '--listen', '127.0.0.1:9475'],
        ['--tls-cert', cert, '--tls-key', key],
      ])
        expect(await packetwatch(rig().victim, ['watch', ...half])).toMatchObject({ code: 2 });
    });
  });

  test('a certificate that is renewed is taken, and one that is none is not', async () => {
    const address = `${VICTIM[4]}:9476`;
    const [own, its] = [join(directory, 'renewed.pem'), join(directory, 'renewed-key.pem')];
    await certify(own, its);
    const tls = ['--listen', address, '--tls-cert', own, '--tls-key', its];
    const listening = await Listening.start(rig().victim, ['-i', VICTIM_IF, ...tls]);
    const asked = (trusted: string) =>
      ask(rig().scanner, '/', { base: `https://${address}`, args: ['--cacert', trusted] });
    expect((await asked(own)).status).toBe(200);
    await certify(own, its);
    await listening.watch.note(/renewed\.pem was read again/);
    const renewed = join(directory, 'copy.pem');
    copyFileSync(own, renewed);
    expect((await asked(renewed)).status).toBe(200);
    writeFileSync(own, 'nonsense\n');
    await listening.watch.note(/the certificate from before is used on/);
    expect((await asked(renewed)).status).toBe(200);
    expect(await listening.watch.stop()).toBe(0);
  });

  async function certify(to: string, itsKey: string): Promise<void> {
    const subject = ['-subj', '/CN=victim', '-addext', `subjectAltName=IP:${VICTIM[4]}`];
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    const files = ['-nodes', '-days', '1', '-keyout', itsKey, '-out', to];
    await rig().victim.must(['openssl', ...request, ...files, ...subject]);
  }

  function nonsense(): string {
    const path = join(directory, 'nonsense.pem');
    writeFileSync(path, 'nonsense\n');
    return path;
  }
});

suite('a directory for the token that can not be had', ['curl'], () => {
  const rig = useRig('direct');

  test('is said, and the token is for this run', async () => {
    const by = ['env', 'STATE_DIRECTORY=/dev/null/state'];
    const args = ['-i', VICTIM_IF, '--listen', '127.0.0.1:9470'];
    const watch = await Watch.start(rig().victim, args, { by });
    await watch.note(/page at \S+#token=\S+ \(for this run: .*\/dev\/null/);
    expect((await ask(rig().victim, '/readyz')).status).toBe(200);
    expect(await watch.stop()).toBe(0);
  });
});

/** The API of the real program: each answer is as its description says, and changes do what the commands do. */
import { readFileSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { LiveCounts, LiveHello } from '../../src/model/api.ts';
import type {
  ConnectionsAnswer,
  EdgesAnswer,
  ScansAnswer,
  Story,
} from '../../src/model/history.ts';
import type { JsonEvent } from '../../src/model/json.ts';
import { answerProblems, messageProblems } from '../flow/schema.ts';
import { until } from '../support/command.ts';
import { Listening, type LiveReader } from '../support/http.ts';
import { packetwatch } from '../support/packetwatch.ts';
import { otherScanner, SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { nmapSyn } from './scans.ts';

const API = JSON.parse(
  readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'),
) as { paths: Record<string, Record<string, unknown>> };

interface Events {
  readonly events: readonly JsonEvent[];
  readonly sampled: number;
  readonly skipped: number;
}
interface Blocks {
  readonly blocks: readonly { src_ip: string; reason: string; left_s: number }[];
  readonly allow: readonly { cidr: string; origin: string[] }[];
  readonly blocking: boolean;
}

/** Paths of the description with queries, good and bad. */
const ASKED: readonly (readonly [path: string, query: string])[] = [
  ['/api/v1/status', ''],
  ['/api/v1/health', ''],
  ['/api/v1/connections', ''],
  ['/api/v1/connections', '?limit=2&filter=port+9&since=5m'],
  ['/api/v1/connections', '?filter=no+such'],
  ['/api/v1/connections', '?limit=0'],
  ['/api/v1/connections', '?since=yesterday'],
  ['/api/v1/connections', '?cursor=nonsense'],
  ['/api/v1/connections/{id}', ''],
  ['/api/v1/map', ''],
  ['/api/v1/map', '?filter=tcp+and+net+10.0.0.0/8'],
  ['/api/v1/scans', ''],
  ['/api/v1/blocks/past', '?since=1h'],
  ['/api/v1/scans/{source}/probes', ''],
  ['/api/v1/blocks', ''],
  ['/api/v1/blocks/{address}/why', ''],
  ['/api/v1/states', ''],
  ['/api/v1/sockets', ''],
  ['/api/v1/sockets', '?filter=port+9470&sort=rtt&limit=5'],
  ['/api/v1/sockets', '?sort=nonsense'],
  ['/api/v1/glossary', ''],
];

/** Everything that was told, as /api/v1/status counts it. */
async function told(listening: Listening): Promise<number> {
  const { flow } = await listening.watch.status();
  return Object.values(flow.events).reduce((sum, count) => sum + count, 0);
}

suite('the API', ['nmap', 'curl'], () => {
  const rig = useRig('direct');
  const scanner = otherScanner(1, 4);
  let listening: Listening;
  let stream: LiveReader;
  let id: string;
  beforeAll(async () => {
    listening = await Listening.start(rig().victim, ['-i', VICTIM_IF, '-o', 'json', '--block']);
    stream = await listening.live();
    await stream.hello();
    const [here, there] = await Promise.all([rig().victim.peer(), rig().scanner.peer()]);
    for (const family of [4, 6] as const) {
      const { port } = await here.listen({ host: VICTIM[family], mode: 'echo' });
      for (let n = 0; n < 3; n++) await there.connect({ host: VICTIM[family], port, end: 'close' });
      await here.connect({ host: SCANNER[family], port: 9 });
    }
    await nmapSyn(rig().scanner, scanner, VICTIM[4]);
    await listening.watch.event({ event: 'block', src_ip: scanner });
    const closed = await listening.watch.event({ event: 'connection.close', dst_ip: VICTIM[6] });
    id = closed.id!;
  });

  test.each(ASKED)('%s%s answers as described', async (path, query) => {
    const asked = path.replace('{id}', id).replace(/\{(?:source|address)\}/, scanner);
    const { status, text, headers } = await listening.ask(`${asked}${query}`);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('cache-control')).toBe('no-store');
    expect([status, answerProblems(API, path, 'get', status, JSON.parse(text))]).toEqual([
      query.match(/no\+such|limit=0|yesterday|nonsense/) ? 400 : 200,
      [],
    ]);
  });

  test('its description is served, and has each of these paths', async () => {
    expect(await listening.json('/api/v1/openapi.json')).toEqual(API);
    const reading = Object.entries(API.paths).filter(([, methods]) => 'get' in methods);
    expect(new Set(reading.map(([path]) => path))).toEqual(
      new Set(['/api/v1/live', ...ASKED.map(([path]) => path)]),
    );
  });

  test.each(['/api/v1/openapi.json', '/api/v1/glossary', '/'])(
    '%s is sent in less to who takes that',
    async (path) => {
      const headers = { 'Accept-Encoding': 'gzip' };
      const plain = await listening.ask(path);
      const less = await listening.ask(path, { headers, args: ['--compressed'] });
      expect([plain, less].map((answer) => answer.headers.get('content-encoding'))).toEqual([
        null,
        'gzip',
      ]);
      expect(less.headers.get('vary')).toBe('Accept-Encoding');
      expect(less.text).toBe(plain.text);
    },
  );

  test('what is not there is said in the same form', async () => {
    for (const path of ['/api/v1/nothing', '/api/v2/status', '/api/v1/connections/00', '/api/']) {
      const { status, text } = await listening.ask(path);
      expect([path, status, Object.keys(JSON.parse(text) as object)]).toEqual([
        path,
        404,
        ['error'],
      ]);
    }
  });

  test('connections are those of the lines, each with its story', async () => {
    const lines = listening.watch
      .events()
      .filter(({ event, dst_ip }) => event === 'connection.close' && dst_ip === VICTIM[6]);
    const path = `/api/v1/connections?filter=dst+host+${VICTIM[6]}`;
    const { connections } = await listening.json<ConnectionsAnswer>(path);
    expect(connections).toHaveLength(lines.length);
    expect(connections).toEqual(expect.arrayContaining(lines));
    const story = await listening.json<Story>(`/api/v1/connections/${id}`);
    const events = listening.watch.events({ id });
    expect(story.events.map(({ event, ts }) => [event, ts])).toEqual(
      events.map(({ event, ts }) => [event, ts]),
    );
    expect(story.connection).toEqual(events.at(-1));
  });

  test('pages of one connection each tell all of them, once', async () => {
    const filter = `filter=host+${SCANNER[4]}`;
    const all = await listening.json<ConnectionsAnswer>(`/api/v1/connections?${filter}`);
    const found: unknown[] = [];
    let cursor = '';
    for (let page = 0; page <= all.connections.length; page++) {
      const path = `/api/v1/connections?${filter}&limit=1&cursor=${cursor}`;
      const { connections, more } = await listening.json<ConnectionsAnswer>(path);
      found.push(...connections);
      if (more === null) break;
      cursor = more;
    }
    expect(found).toEqual(all.connections);
    expect(all.connections.length).toBeGreaterThanOrEqual(4);
  });

  test('the map sums what the lines tell', async () => {
    const path = `/api/v1/map?filter=src+host+${VICTIM[4]}+and+dst+port+9`;
    const { edges } = await listening.json<EdgesAnswer>(path);
    const { length } = listening.watch.events({ event: 'connection.refused', dst_ip: SCANNER[4] });
    expect(edges).toMatchObject([
      {
        client: VICTIM[4],
        server: SCANNER[4],
        port: 9,
        local: 'client',
        connections: length,
        failed: length,
      },
    ]);
  });

  test('the scan, its evidence and its probes', async () => {
    const { scans } = await listening.json<ScansAnswer>(`/api/v1/scans?filter=src+host+${scanner}`);
    expect(scans).toMatchObject([{ src_ip: scanner, first: { src_ip: scanner, state: 'start' } }]);
    const { probes } = await listening.json<{ probes: { dst_port: number }[] }>(
      `/api/v1/scans/${scanner}/probes?limit=1000`,
    );
    const tried = listening.watch.events({ event: 'connection.attempt', src_ip: scanner });
    expect(new Set(probes.map(({ dst_port }) => dst_port))).toEqual(
      new Set(tried.map(({ dst_port }) => dst_port)),
    );
    const why = await listening.json(`/api/v1/blocks/${scanner}/why`);
    expect(why).toMatchObject({ src_ip: scanner, blocked: true, entries: [{ reason: 'scan' }] });
  });

  test('the stream told everything once, and each message is as described', async () => {
    const all = await told(listening);
    const { id: first } = await stream.hello();
    const before = Number(first.split('-')[1]);
    const sent = () =>
      stream
        .of<Events>('events')
        .reduce((sum, { events, skipped }) => sum + events.length + skipped, 0);
    await until('all of it', () => before + sent() >= all);
    for (const { event, data } of stream.messages()) {
      const name = { hello: 'liveHello', events: 'liveEvents', counts: 'liveCounts' }[event]!;
      expect([event, messageProblems(API, name, data)]).toEqual([event, []]);
    }
    const last = stream.messages().findLast(({ event }) => event === 'events')!;
    expect(before + sent()).toBe(Number(last.id.split('-')[1]));
    const events = stream.of<Events>('events').flatMap((message) => message.events);
    expect(events.filter(({ event }) => event === 'scan')).toEqual(
      listening.watch.events({ event: 'scan' }),
    );
    const counts = await until('counts', () => stream.of<LiveCounts>('counts').at(-1));
    expect(counts.attempts).toBeGreaterThan(10);
  });

  test('a stream with a filter tells that alone', async () => {
    const filtered = await listening.live(`?filter=dst+port+9+and+host+${SCANNER[6]}`);
    await filtered.hello();
    const here = await rig().victim.peer();
    await here.connect({ host: SCANNER[6], port: 9 });
    const found = await until('its events', () => {
      const events = filtered.of<Events>('events').flatMap((message) => message.events);
      return events.length >= 2 && events;
    });
    expect(found.map(({ event }) => event)).toEqual(['connection.attempt', 'connection.refused']);
    expect(found).toMatchObject([{ dst_ip: SCANNER[6], dst_port: 9 }, {}]);
    await filtered.running.end();
  });

  describe('changes', () => {
    const source = otherScanner(2, 4);
    const blocks = async () =>
      (await listening.json<Blocks>('/api/v1/blocks')).blocks.map(({ src_ip }) => src_ip);

    test('a block and its end, as by command', async () => {
      const done = await listening.change('POST', '/api/v1/blocks', {
        address: source,
        ttl_s: 500,
      });
      expect([
        done.status,
        answerProblems(API, '/api/v1/blocks', 'post', 200, JSON.parse(done.text)),
      ]).toEqual([200, []]);
      const blocked = await listening.watch.event({ event: 'block', src_ip: source });
      expect(blocked).toMatchObject({ reason: 'command' });
      const { stdout } = await packetwatch(rig().victim, ['block', 'list', '--json']);
      expect(stdout).toContain(`"src_ip":"${source}"`);
      await listening.watch.note(
        new RegExp(`^packetwatch: ${source} was blocked for 500s, asked over HTTP`),
      );
      const undone = await listening.change('DELETE', `/api/v1/blocks/${source}`);
      expect(undone.status).toBe(200);
      await listening.watch.event({ event: 'unblock', src_ip: source });
      expect(await blocks()).not.toContain(source);
      expect((await listening.change('DELETE', `/api/v1/blocks/${source}`)).status).toBe(409);
    });

    test('of a prefix as well', async () => {
      const prefix = '198.51.100.0/24';
      expect((await listening.change('POST', '/api/v1/blocks', { address: prefix })).status).toBe(
        200,
      );
      expect(await blocks()).toContain(prefix);
      const path = `/api/v1/blocks/${encodeURIComponent(prefix)}`;
      expect((await listening.change('DELETE', path)).status).toBe(200);
      expect(await blocks()).not.toContain(prefix);
    });

    test('the never-block list wins', async () => {
      const own = await listening.change('POST', '/api/v1/blocks', { address: VICTIM[4] });
      expect([own.status, own.text]).toEqual([409, expect.stringContaining('never blocked')]);
      await listening.change('POST', '/api/v1/blocks', { address: source });
      expect((await listening.change('POST', '/api/v1/allow', { address: source })).status).toBe(
        200,
      );
      const answer = await listening.json<Blocks>('/api/v1/blocks');
      expect(answer.allow).toContainEqual({ cidr: source, origin: ['user'] });
      expect(await blocks()).not.toContain(source);
      expect((await listening.change('POST', '/api/v1/blocks', { address: source })).status).toBe(
        409,
      );
      expect((await listening.change('DELETE', `/api/v1/allow/${source}`)).status).toBe(200);
      expect((await listening.change('DELETE', `/api/v1/allow/${source}`)).status).toBe(409);
    });

    test('a body may come in chunks, whose length nobody told', async () => {
      const chunked = (body: string) =>
        listening.ask('/api/v1/blocks', {
          method: 'POST',
          headers: {
            Authorization: `Bearer ${listening.token}`,
            'Content-Type': 'application/json',
            'Transfer-Encoding': 'chunked',
          },
          body,
        });
      expect((await chunked('{"address":"192.0.2.8"}')).status).toBe(200);
      expect(await blocks()).toContain('192.0.2.8');
      expect((await chunked('1'.repeat(100_000))).status).toBe(413);
      expect((await listening.change('DELETE', '/api/v1/blocks/192.0.2.8')).status).toBe(200);
    });

    test('a path says which methods it has', async () => {
      for (const [method, path, allowed] of [
        ['POST', '/api/v1/status', 'GET, HEAD'],
        ['DELETE', '/api/v1/blocks', 'GET, HEAD, POST'],
        ['GET', '/api/v1/allow', 'POST'],
        ['POST', '/api/v1/blocks/192.0.2.1', 'DELETE'],
      ] as const) {
        const headers = { Authorization: `Bearer ${listening.token}` };
        const answer = await listening.ask(path, { method, headers });
        expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, allowed]);
      }
    });

    test.each([
      ['nothing', '', 'application/json', 400],
      ['no JSON', 'address=192.0.2.1', 'application/json', 400],
      ['no object', '"192.0.2.1"', 'application/json', 400],
      ['null', 'null', 'application/json', 400],
      ['a form', 'address=192.0.2.1', 'application/x-www-form-urlencoded', 415],
      ['plain text', '{"address":"192.0.2.1"}', 'text/plain', 415],
      ['no address', '{"address":"nowhere"}', 'application/json', 400],
      ['a number', '{"address":7}', 'application/json', 400],
      ['a time below zero', '{"address":"192.0.2.1","ttl_s":-1}', 'application/json', 400],
      ['too much', `{"address":"${'1'.repeat(5000)}"}`, 'application/json', 413],
    ])('a body that is %s is refused', async (_, body, type, code) => {
      const headers = { Authorization: `Bearer ${listening.token}`, 'Content-Type': type };
      const { status } = await listening.ask('/api/v1/blocks', { method: 'POST', headers, body });
      expect(status).toBe(code);
      expect(await blocks()).not.toContain('192.0.2.1');
    });
  });

  test('the token is of this user alone, and told once', () => {
    expect(statSync(`${listening.directory}/token`).mode & 0o777).toBe(0o600);
    const { notes } = listening.watch;
    expect(notes.filter((note) => note.includes(listening.token))).toEqual([
      `page at http://127.0.0.1:9470/#token=${listening.token} (told this once, kept in ${listening.directory}/token)`,
    ]);
  });

  // Last: it ends the program.
  test('after a restart a stream says so, and the token is the same', async () => {
    const { id: last } = stream.messages().at(-1)!;
    const goesOn = await listening.live('', [`Last-Event-ID: ${last}`]);
    const hello = (await goesOn.hello()).data as LiveHello;
    expect(hello.missed).toBeGreaterThanOrEqual(0);
    expect(hello.restarted).toBeUndefined();
    const { run } = await listening.json<{ run: string }>('/api/v1/status');
    expect(hello.run).toBe(run);
    await listening.watch.running.end('SIGINT');
    const again = await Listening.start(
      rig().victim,
      ['-i', VICTIM_IF, '--block'],
      listening.directory,
    );
    expect(again.token).toBe(listening.token);
    expect(again.watch.notes.join()).not.toContain(again.token);
    const back = await again.live('', [`Last-Event-ID: ${last}`]);
    const other = (await back.hello()).data as LiveHello;
    expect(other).toMatchObject({ restarted: true });
    expect(other.run).not.toBe(run);
    expect(await again.watch.stop()).toBe(0);
  });
});

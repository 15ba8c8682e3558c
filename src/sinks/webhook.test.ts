import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { until } from '../../test/support/command.ts';
import { AlertQueue, MAX_WAITING } from './alert-queue.ts';
import { Webhook } from './webhook.ts';

interface Post {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

const servers: Server[] = [];
const down = (server: Server): void => {
  server.closeAllConnections();
  server.close();
};
afterAll(() => servers.forEach(down));

/** A receiver that answers with these codes, then with 204; 0: never. */
async function receiver(codes: number[] = [], port = 0) {
  const posts: Post[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const code = codes.shift() ?? 204;
    const body = await text(request);
    posts.push({ path: request.url!, headers: request.headers, body });
    if (code !== 0) response.writeHead(code, { location: '/elsewhere' }).end('thanks');
  };
  const server = createServer((request, response) => void answer(request, response));
  servers.push(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, posts, down: () => down(server) };
}

function queueTo(port: number, secret?: string): { queue: AlertQueue; notes: string[] } {
  const notes: string[] = [];
  const url = new URL(`http://me:pass@127.0.0.1:${port}/hook/token`);
  const queue = new AlertQueue(new Webhook({ url, secret }), (line) => notes.push(line));
  return { queue, notes };
}

const line = (n: number): string => `{"event":"scan","n":${n}}`;
const offer = (queue: AlertQueue, count: number): void => {
  for (let n = 0; n < count; n++) queue.offer(line(n));
};
const settled = (queue: AlertQueue): Promise<true> =>
  until('all delivered or lost', () => queue.counts().waiting === 0, 9);

describe.concurrent('a webhook', () => {
  it('gets what comes within a second as one array, and a name without secrets', async () => {
    const { port, posts } = await receiver();
    const { queue, notes } = queueTo(port);
    offer(queue, 3);
    await settled(queue);
    expect(posts).toHaveLength(1);
    expect(posts[0]).toMatchObject({
      path: '/hook/token',
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from('me:pass').toString('base64')}`,
      },
    });
    expect(posts[0]!.headers).not.toHaveProperty('x-packetwatch-signature');
    expect(posts[0]!.body).toBe(`[${[0, 1, 2].map(line).join(',')}]`);
    const to = `webhook http://127.0.0.1:${port}`;
    expect(queue.counts()).toEqual({ by: 'webhook', to, sent: 3, waiting: 0, lost: 0 });
    expect(notes).toEqual([]);
  });

  it('gets at most 100 at once', async () => {
    const { port, posts } = await receiver();
    const { queue } = queueTo(port);
    offer(queue, 250);
    await settled(queue);
    const sizes = posts.map(({ body }) => (JSON.parse(body) as unknown[]).length);
    expect(sizes).toEqual([100, 100, 50]);
  });

  it('can check who sent it', async () => {
    const { port, posts } = await receiver();
    const { queue } = queueTo(port, 'a secret ü');
    offer(queue, 1);
    await queue.stop(2000);
    const sum = createHmac('sha256', 'a secret ü').update(posts[0]!.body).digest('hex');
    expect(posts[0]!.headers['x-packetwatch-signature']).toBe(`sha256=${sum}`);
  });

  it.each([500, 503, 429, 408])('is tried again after %i', async (code) => {
    const { port, posts } = await receiver([code]);
    const { queue, notes } = queueTo(port);
    offer(queue, 1);
    await settled(queue);
    expect(posts.map(({ body }) => body)).toEqual([`[${line(0)}]`, `[${line(0)}]`]);
    expect(queue.counts()).toMatchObject({ sent: 1, lost: 0 });
    expect(notes).toEqual([]);
  });

  it.each([301, 307, 400, 404])('is not tried again after %i, nor followed', async (code) => {
    const { port, posts } = await receiver([code]);
    const { queue, notes } = queueTo(port);
    offer(queue, 2);
    await settled(queue);
    expect(posts).toHaveLength(1);
    expect(queue.counts()).toMatchObject({ sent: 0, lost: 2 });
    expect(notes).toEqual([
      `2 alerts for webhook http://127.0.0.1:${port} lost: its answer was ${code}`,
    ]);
  });

  it('that is dead is tried three times; losses are told at most once a minute', async () => {
    const { port, down: end } = await receiver();
    end();
    const { queue, notes } = queueTo(port);
    offer(queue, 1);
    await settled(queue);
    const first = `1 alert for webhook http://127.0.0.1:${port} lost: ECONNREFUSED`;
    expect(notes).toEqual([first]);
    offer(queue, 2);
    await queue.stop(2000);
    expect(queue.counts()).toMatchObject({ sent: 0, waiting: 0, lost: 3 });
    expect(notes).toEqual([first, first.replace('1 alert', '2 alerts')]);
  });

  it('that comes back gets what waited', async () => {
    const { port, down: end } = await receiver();
    end();
    const { queue } = queueTo(port);
    offer(queue, 2);
    await sleep(1500); // the first try has failed
    expect(queue.counts()).toMatchObject({ sent: 0, waiting: 2 });
    const { posts } = await receiver([], port);
    await settled(queue);
    expect(posts).toHaveLength(1);
    expect(queue.counts()).toMatchObject({ sent: 2, lost: 0 });
  });

  it('that never answers holds nothing up: 1,000 wait, the rest is lost, the end comes in time', async () => {
    const { port } = await receiver(Array<number>(20).fill(0));
    const { queue, notes } = queueTo(port);
    const began = performance.now();
    offer(queue, MAX_WAITING + 500);
    expect(performance.now() - began).toBeLessThan(200);
    expect(queue.counts()).toMatchObject({ sent: 0, waiting: MAX_WAITING, lost: 500 });
    await queue.stop(500);
    expect(performance.now() - began).toBeLessThan(1500);
    expect(queue.counts()).toMatchObject({ sent: 0, waiting: 0, lost: MAX_WAITING + 500 });
    expect(notes).toHaveLength(2);
  });
});

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Running, until } from '../../test/support/command.ts';
import { onPath } from '../../test/support/suite.ts';
import { AlertQueue } from './alert-queue.ts';
import { syslogTo, type SyslogTarget } from './syslog.ts';

const RECEIVER = fileURLToPath(new URL('../../test/support/receiver.py', import.meta.url));
const TS = '2021-04-28T15:28:05.123456Z';
const scan = (n: number): string =>
  `{"ts":"${TS}","event":"scan","state":"start","n":${n},"host":"wäb"}`;
const other = (event: string): string => `{"ts":"${TS}","event":"${event}"}`;

function queueTo(target: SyslogTarget): { queue: AlertQueue; notes: string[] } {
  const notes: string[] = [];
  return { queue: new AlertQueue(syslogTo(target, 'wéb 1'), (line) => notes.push(line)), notes };
}

const sent = (queue: AlertQueue, count: number): Promise<true> =>
  until(`${count} sent`, () => queue.counts().sent === count, 9);

/** A TCP receiver; the messages of the frames that came. */
async function tcpReceiver(port = 0) {
  const all: { bytes: Buffer; socket: Socket }[] = [];
  const server = createServer((socket) => {
    const one = { bytes: Buffer.alloc(0), socket };
    all.push(one);
    socket
      .on('error', () => {})
      .on('data', (data) => {
        one.bytes = Buffer.concat([one.bytes, data]);
      });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const down = (): void => {
    server.close();
    for (const { socket } of all) socket.destroy();
  };
  onTestFinished(down);
  return {
    port: (server.address() as AddressInfo).port,
    connections: all,
    down,
    messages: () => all.flatMap(({ bytes }) => framesOf(bytes)),
  };
}

/** RFC 6587, 3.4.1. */
function framesOf(bytes: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(' ', at);
    const end = space + 1 + Number(bytes.toString('latin1', at, space));
    if (space < 0 || !(end <= bytes.length)) throw new Error('not framed');
    found.push(bytes.toString('utf8', space + 1, end));
    at = end;
  }
  return found;
}

describe('syslog by UDP', () => {
  it.each([
    { host: '127.0.0.1', type: 'udp4' },
    { host: '::1', type: 'udp6' },
  ] as const)('to $host: RFC 5424, the JSON line is the message', async ({ host, type }) => {
    const socket = createSocket(type).bind(0, host);
    onTestFinished(() => void socket.close());
    await once(socket, 'listening');
    const got: string[] = [];
    socket.on('message', (message) => got.push(message.toString()));
    const { port } = socket.address();
    const { queue } = queueTo({ by: 'udp', host, port });
    const lines = [scan(1), ...['block', 'unblock', 'loss'].map(other)];
    lines.push(scan(2).replace('start', 'end'));
    for (const line of lines) queue.offer(line);
    await until('all', () => got.length === lines.length);
    const head = (pri: number, event: string) =>
      `<${pri}>1 ${TS} wb1 packetwatch ${process.pid} ${event} - `;
    expect(got).toEqual([
      head(84, 'scan') + lines[0],
      head(85, 'block') + lines[1],
      head(86, 'unblock') + lines[2],
      head(28, 'loss') + lines[3],
      head(86, 'scan') + lines[4],
    ]);
    await queue.stop(1000);
    const to = `syslog udp://${host === '::1' ? '[::1]' : host}:${port}`;
    expect(queue.counts()).toEqual({ by: 'syslog', to, sent: 5, waiting: 0, lost: 0 });
  });

  it('to a closed port: what is refused goes on being tried, and the end comes', async () => {
    const { queue } = queueTo({ by: 'udp', host: '127.0.0.1', port: 1 });
    for (let n = 0; n < 5; n++) {
      queue.offer(scan(n));
      await sleep(20);
    }
    await queue.stop(1000);
    const { sent: gone, lost, waiting } = queue.counts();
    expect({ total: gone + lost, waiting }).toEqual({ total: 5, waiting: 0 });
  });

  it('to a name that is none: lost, counted, told', async () => {
    const { queue, notes } = queueTo({ by: 'udp', host: 'nowhere.invalid', port: 514 });
    queue.offer(scan(1));
    await queue.stop(2000);
    expect(queue.counts()).toMatchObject({ sent: 0, lost: 1 });
    expect(notes).toHaveLength(1);
  });
});

describe('syslog by TCP', () => {
  it('counts octets, and keeps its connection', async () => {
    const receiver = await tcpReceiver();
    const { queue } = queueTo({ by: 'tcp', host: '127.0.0.1', port: receiver.port });
    for (let n = 0; n < 150; n++) queue.offer(scan(n));
    await sent(queue, 150);
    queue.offer(scan(150));
    await sent(queue, 151);
    await until('all', () => receiver.messages().length === 151);
    expect(receiver.connections).toHaveLength(1);
    receiver
      .messages()
      .forEach((message, n) => expect(message.endsWith(` scan - ${scan(n)}`)).toBe(true));
    await queue.stop(1000);
    await once(receiver.connections[0]!.socket, 'close');
  });

  it('connects again when the receiver went and came back', async () => {
    const first = await tcpReceiver();
    const { queue, notes } = queueTo({ by: 'tcp', host: '127.0.0.1', port: first.port });
    queue.offer(scan(0));
    await until('the first', () => first.messages().length === 1);
    first.down();
    await sleep(100);
    queue.offer(scan(1));
    queue.offer(scan(2));
    await sleep(100);
    expect(queue.counts()).toMatchObject({ sent: 1, waiting: 2 });
    const second = await tcpReceiver(first.port);
    await until('the others', () => second.messages().length === 2);
    expect(notes).toEqual([]);
    await queue.stop(1000);
    expect(queue.counts()).toMatchObject({ sent: 3, lost: 0 });
  });

  it('to a receiver that does not read: nothing waits for it, and the end comes in time', async () => {
    const receiver = await tcpReceiver();
    const { queue } = queueTo({ by: 'tcp', host: '127.0.0.1', port: receiver.port });
    queue.offer(scan(0));
    await until('the connection', () => receiver.connections.length === 1);
    receiver.connections[0]!.socket.pause();
    const long = scan(1).replace('wäb', 'x'.repeat(100_000));
    for (let n = 0; n < 1100; n++) queue.offer(long);
    await sleep(200);
    expect(queue.counts().waiting).toBeGreaterThan(0);
    const began = performance.now();
    await queue.stop(300);
    expect(performance.now() - began).toBeLessThan(1000);
    const { sent: gone, lost } = queue.counts();
    expect(gone + lost).toBe(1101);
    expect(lost).toBeGreaterThan(0);
  });
});

describe('syslog on this host', () => {
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'pw-log-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    return path;
  };
  async function receive(path: string): Promise<Running> {
    const running = await Running.start(['python3', RECEIVER, path]);
    onTestFinished(async () => void (await running.end('SIGKILL')));
    await running.out.wait('its start', (line) => line.startsWith('ready') || undefined);
    return running;
  }

  it('is written as syslog(3) does', async (context) => {
    if (!onPath('python3')) context.skip('python3 is not installed');
    const path = join(folder(), 'log');
    const running = await receive(path);
    const { queue } = queueTo({ by: 'unix', path });
    queue.offer(scan(1));
    queue.offer(other('block'));
    const last = await running.out.wait('both', (line) =>
      line.includes('<85>') ? line : undefined,
    );
    const at = new Date(TS);
    const time = `${at.toString().slice(4, 7)} ${String(at.getDate()).padStart(2)} ${at.toTimeString().slice(0, 8)}`;
    const head = (pri: number) => `syslog <${pri}>${time} packetwatch[${process.pid}]: `;
    expect(running.out.all.at(-2)).toBe(head(84) + scan(1));
    expect(last).toBe(head(85) + other('block'));
    expect(queue.counts()).toEqual({
      by: 'syslog',
      to: `syslog ${path}`,
      sent: 2,
      waiting: 0,
      lost: 0,
    });
    await queue.stop(1000);
  });

  it('is tried again when the daemon is away or its queue is full', async (context) => {
    if (!onPath('python3')) context.skip('python3 is not installed');
    const path = join(folder(), 'log');
    const { queue, notes } = queueTo({ by: 'unix', path });
    queue.offer(scan(0));
    await sleep(100);
    expect(queue.counts()).toMatchObject({ sent: 0, waiting: 1 });
    const running = await receive(path);
    await sent(queue, 1);
    running.child.kill('SIGSTOP');
    for (let n = 1; n < 900; n++) queue.offer(scan(n));
    await until('EAGAIN', async () => {
      const before = queue.counts().sent;
      await sleep(300);
      return queue.counts().sent === before;
    });
    expect(queue.counts().waiting).toBeGreaterThan(0);
    running.child.kill('SIGCONT');
    await sent(queue, 900);
    await until('all', () => running.out.all.length === 901);
    expect(notes).toEqual([]);
    await queue.stop(1000);
  });

  it('that is not there is told', async () => {
    const { queue, notes } = queueTo({ by: 'unix', path: join(folder(), 'none') });
    queue.offer(scan(1));
    await queue.stop(1000);
    expect(notes).toEqual([expect.stringMatching(/^1 alert for syslog .*none lost: ENOENT$/)]);
    const long = queueTo({ by: 'unix', path: `/${'x'.repeat(200)}` });
    long.queue.offer(scan(1));
    await long.queue.stop(1000);
    expect(long.notes).toEqual([expect.stringMatching(/ENAMETOOLONG$/)]);
  });
});

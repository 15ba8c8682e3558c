/** `packetwatch top` in a terminal of its own, beside real traffic. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { SocketTop } from '../../src/model/sockets.ts';
import { topProblems } from '../flow/schema.ts';
import { must, Running, until } from '../support/command.ts';
import { PYTHON } from '../support/peer.ts';
import { MAIN, VICTIM } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { Terminal } from '../support/terminal.ts';

/** Takes one connection and reads all of it; has a name that would clear a screen. Prints its port. */
const READER = `
import ctypes, socket, sys
ctypes.CDLL(None).prctl(15, b"\\x1b[2Jevil\\x07", 0, 0, 0) # PR_SET_NAME
s = socket.create_server((sys.argv[1], 0), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, backlog=1)
print(s.getsockname()[1], flush=True)
c, _ = s.accept()
while c.recv(65536): pass
sys.stdin.read()
`;
/** Sends RATE bytes each tenth of a second. */
const WRITER = `
import socket, sys, time
c = socket.create_connection((sys.argv[1], int(sys.argv[2])))
print("open", flush=True)
while True:
    c.sendall(bytes(int(sys.argv[3])))
    time.sleep(0.1)
`;

suite('top', ['prlimit', 'script'], () => {
  const rig = useRig('direct');

  async function traffic(host: string, bytes: number): Promise<{ port: string }> {
    const reader = await rig().victim.start([PYTHON, '-c', READER, host]);
    const port = await reader.out.wait('its port', (line) => line);
    const writer = await rig().scanner.start([PYTHON, '-c', WRITER, host, port, String(bytes)]);
    await writer.out.wait('its connection', (line) => line === 'open' || undefined);
    return { port };
  }
  const command = (...args: string[]) =>
    rig().victim.argv([process.execPath, MAIN, 'top', '--interval', '0.2s', ...args]);

  test('shows what goes through connections, sorted, until a key ends it', async () => {
    const slow = await traffic(VICTIM[4], 1000);
    const fast = await traffic(VICTIM[6], 50_000);
    const top = await Terminal.start(command(), 80, 24);
    const ports = (lines: readonly string[]) =>
      lines.flatMap((line) => / :(\d+) +<- /.exec(line)?.[1] ?? []);
    const all =
      (...expected: string[]) =>
      (lines: readonly string[]) =>
        ports(lines).join() === expected.join() && lines;
    const lines = await top.shows('the faster one first', all(fast.port, slow.port));
    expect(lines).toHaveLength(24);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines[0]).toMatch(/^packetwatch top {2}\d\d:\d\d:\d\d {2}2 connections /);
    expect(lines[1]).toBe('no listen queue is filling up');
    expect(lines[2]).toMatch(/^process +local +peer +in\/s +out\/s +rtt +retr queued$/);
    expect(lines[3]).toMatch(/^\\u001b\[2Jevil\\u0007\[\d+\]|^\\u00.*\.\..*\]/);
    expect(lines[23]).toMatch(/^\[rate\] {2}b bytes {2}t rtt .* q quit$/);
    const rates = await top.shows('rates', (now) => {
      const of = (port: string) =>
        / (\d+)k +0 +\S+ +0 +\S+$/.exec(now.find((l) => l.includes(`:${port} `)) ?? '');
      const [, quick] = of(fast.port) ?? [];
      return quick !== undefined && Number(quick);
    });
    // 500 kB/s, and a machine that is busy sends less
    expect(rates).toBeGreaterThan(20);
    expect(rates).toBeLessThan(2000);

    top.keys('p');
    await top.shows('that it is paused', (now) => now[23]!.includes('p go on (paused)'));
    top.keys('pb');
    const sorted = await top.shows('another column', (now) => now[2]!.endsWith(' bytes') && now);
    expect(sorted[23]).toContain('r rate  [bytes]');

    top.resize(130, 10);
    const wide = await top.shows('the new size', (now) => now.length === 10 && now);
    expect(wide[2]).toMatch(/queued +bytes +state$/);
    expect(wide.join('\n')).toContain(` [${VICTIM[6]}]:${fast.port} `);
    top.resize(0, 0); // a serial line
    await top.shows('24 lines', (now) => now.length === 24);
    top.keys('\x1b[A\x1bOq'); // an arrow, and no q
    top.resize(30, 3);
    const tiny = await top.shows('a tiny one', (now) => now.length === 3 && now);
    expect(tiny.every((line) => line.length <= 30)).toBe(true);

    top.keys('q');
    expect(await top.ended()).toBe('ended 0 restored');
    expect(top).toMatchObject({ alternate: false, cursor: true, wraps: true, plain: '' });
  });

  test.each([
    ['Ctrl-C', (top: Terminal) => top.keys('\x03')],
    ['SIGTERM', (top: Terminal) => top.signal(15)],
    ['SIGHUP', (top: Terminal) => top.signal(1)],
  ])('gives the terminal back at %s', async (_, end) => {
    const top = await Terminal.start(command('port', '1'), 80, 24);
    await top.shows('the screen', (lines) => lines[23]?.endsWith('filter: port 1'));
    expect(top).toMatchObject({ alternate: true, cursor: false, wraps: false });
    end(top);
    expect(await top.ended()).toBe('ended 0 restored');
    expect(top).toMatchObject({ alternate: false, cursor: true, wraps: true, plain: '' });
  });

  test('gives it back while it is stopped, and takes it again', async () => {
    const top = await Terminal.start(command(), 80, 24);
    await top.shows('the screen', (lines) => lines.length === 24);
    top.keys('\x1a');
    const stat = `/proc/${await top.pid()}/stat`;
    await until('that it is stopped', () => / T /.test(readFileSync(stat, 'latin1')));
    await until('the terminal as it was', () => !top.alternate && top.cursor && top.wraps);
    top.signal(18); // SIGCONT
    await top.shows('the screen again', (lines) => lines.length === 24);
    top.keys('q');
    expect(await top.ended()).toBe('ended 0 restored');
  });

  test('goes on where no shell waits', async () => {
    const top = await Terminal.start(['setsid', '--ctty', '--wait', ...command()], 80, 24);
    await top.shows('the screen', (lines) => lines.length === 24);
    top.keys('\x1ab');
    await top.shows('the screen again', (lines) => lines[23]?.includes('[bytes]'));
    top.keys('q');
    expect(await top.ended()).toBe('ended 0 restored');
  });

  test('gives it back before an error is told', async () => {
    const top = await Terminal.start(command(), 80, 24);
    await top.shows('the screen', (lines) => lines.length === 24);
    // no descriptor is left for the next look
    await must(['prlimit', '--pid', String(await top.pid()), '--nofile=3']);
    expect(await top.ended()).toBe('ended 1 restored');
    expect(top).toMatchObject({ alternate: false, cursor: true, wraps: true });
    expect(top.plain).toMatch(/^packetwatch: too many open files in this process [^\n]*\r\n$/);
  });

  test('tells a listener whose queue is full', async () => {
    const { port } = await traffic(VICTIM[4], 10);
    const more = [
      '-c',
      `import socket,sys\nheld=[socket.create_connection(("${VICTIM[4]}",${port})) for _ in range(2)]\nprint("open",flush=True)\nsys.stdin.read()`,
    ];
    const client = await rig().scanner.start([PYTHON, ...more]);
    await client.out.wait('its connections', (line) => line === 'open' || undefined);
    const top = await Terminal.start(command('port', port), 120, 24);
    const line = await top.shows(
      'the queue',
      (lines) => lines[1]?.includes('accept queue 2/1') && lines[1],
    );
    expect(line).toContain(`${VICTIM[4]}:${port} `);
    expect(line).not.toMatch(/[^ -~]/);
    top.keys('q');
    await top.ended();
  });

  test('takes no terminal over that can not be written all over', async () => {
    const { port } = await traffic(VICTIM[4], 1000);
    const dumb = ['env', 'TERM=dumb', ...command('port', port).slice(2)];
    const table = await rig().victim.must(['script', '-qec', dumb.join(' '), '/dev/null']);
    expect(table).not.toContain('\x1b');
    expect(table).toMatch(/^process +local +peer /);
  });

  test('writes a table where no terminal is, and JSON', async () => {
    const { port } = await traffic(VICTIM[6], 1000);
    const table = await rig().victim.must(command('port', port).slice(2));
    expect(table.split('\n')).toHaveLength(3);
    expect(table).toMatch(/^process +local +peer .*\n\S+ +\S* *:\d+ +<- /);
    const running = await Running.start(command('--json', 'port', port));
    const first = await running.out.wait('a line', (line) => line);
    expect(JSON.parse(first)).not.toHaveProperty('interval_s');
    const told = await running.out.wait('rates', (line) => {
      const look = JSON.parse(line) as SocketTop;
      expect(topProblems(look)).toEqual([]);
      return look.total.in_bytes_per_s! > 0 ? look : undefined;
    });
    expect(told.connections[0]).toMatchObject({ dst_port: Number(port), direction: 'inbound' });
    expect(told.connections[0]!.in_bytes_per_s).toBe(told.total.in_bytes_per_s);
    expect(told.interval_s).toBeGreaterThanOrEqual(0.2);
    running.child.kill('SIGINT');
    expect(await running.ended).toBe(0);
  });
});

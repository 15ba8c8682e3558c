/** listen-queues with real listeners whose queues run over. */
import { expect, test } from 'vitest';
import { type Running, until } from '../support/command.ts';
import { parseExposition, sumOf } from '../support/exposition.ts';
import { type Event, Watch } from '../support/packetwatch.ts';
import { PYTHON } from '../support/peer.ts';
import { SCANNER_IF, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';

type Told = Event & Record<string, unknown>;

/** Listens with a backlog, in a thread that has a name of its own; accepts all that wait at each line that it reads. */
const LISTENER = `
import ctypes, socket, sys, threading
host, backlog = sys.argv[1], int(sys.argv[2])
def listen():
    global s
    ctypes.CDLL(None).prctl(15, b"a-thread", 0, 0, 0) # PR_SET_NAME
    s = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=backlog)
thread = threading.Thread(target=listen)
thread.start()
thread.join()
s.setblocking(False)
print(s.getsockname()[1], flush=True)
kept = []
for line in sys.stdin:
    try:
        while True:
            kept.append(s.accept())
    except BlockingIOError:
        print("accepted", flush=True)
`;
/** Begins so many connections and holds them. */
const CLIENT = `
import socket, sys
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
family = socket.AF_INET6 if ":" in host else socket.AF_INET
held = [socket.socket(family) for _ in range(count)]
for c in held:
    c.setblocking(False)
    c.connect_ex((host, port))
sys.stdin.read()
`;

suite('listen-queues', ['curl', 'hping3'], () => {
  const rig = useRig('direct');
  const args = ['--plugin=listen-queues', '-ojson', '--events=listen', '--listen=127.0.0.1:9470'];

  async function listen(
    host: string,
    backlog: number,
  ): Promise<{ running: Running; port: string }> {
    const running = await rig().victim.start([PYTHON, '-c', LISTENER, host, String(backlog)]);
    return { running, port: await running.out.wait('its port', (line) => line) };
  }
  const connect = (host: string, port: string, count: number) =>
    rig().scanner.start([PYTHON, '-c', CLIENT, host, port, String(count)]);
  const told = (watch: Watch, port: string, state: string) =>
    until(
      `${state} of ${port}`,
      () =>
        (watch.events() as Told[]).find((e) => e['port'] === Number(port) && e['state'] === state),
      25,
    );
  async function scrape() {
    const text = await rig().victim.must(['curl', '-sS', 'http://127.0.0.1:9470/metrics']);
    const series = parseExposition(text, 'text');
    return (end: string, labels = {}) =>
      sumOf(series, `packetwatch_plugin_listen_queues_${end}`, labels);
  }

  test('tells who fills up, what that drops, and when it is over', async () => {
    const before = await listen(VICTIM[4], 3);
    const watch = await Watch.start(rig().victim, ['-i', VICTIM_IF, ...args]);
    const later = await listen(VICTIM[6], 8);
    const clients = [
      await connect(VICTIM[4], before.port, 12),
      await connect(VICTIM[6], later.port, 20),
    ];
    for (const { running, port, host, limit } of [
      { ...before, host: VICTIM[4], limit: 3 },
      { ...later, host: VICTIM[6], limit: 8 },
    ]) {
      const start = await told(watch, port, 'start');
      expect(start).toMatchObject({ plugin: 'listen-queues', ip: host, accept_limit: limit });
      expect(start).toMatchObject({ pid: running.pid, process: 'python3', uid: 0 });
    }
    // The kernel takes one more than the limit, and the queues stay full while nobody accepts.
    const full = await until('full queues', async () => {
      const metric = await scrape();
      return metric('fullest_ratio', { queue: 'accept' }) === 1 && metric;
    });
    expect(full('pressed')).toBe(2);
    expect(full('waiting', { queue: 'accept' })).toBe(4 + 9);
    // All drops of this namespace are of our two listeners; the sockets were read up to a second earlier.
    await until('what the sockets and netstat count is the same', async () => {
      const metric = await scrape();
      const drops = metric('netstat_total', { counter: 'drops' });
      return drops >= 8 + 11 && metric('dropped_total') === drops;
    });
    await Promise.all(clients.map((client) => client.end()));
    await later.running.end();
    expect(await told(watch, later.port, 'end')).toMatchObject({ closed: true, most_waiting: 9 });
    before.running.child.stdin!.write('\n');
    const end = await told(watch, before.port, 'end');
    expect(end).toMatchObject({ closed: false, most_waiting: 4, accept_queue: 0 });
    expect(end['dropped']).toBeGreaterThanOrEqual(8);
    const [plugin] = (await watch.status()).plugins;
    expect(plugin).toMatchObject({ on: true, errors: 0, events: 4 });
    expect(await watch.stop()).toBe(0);
  });

  test('tells a SYN queue that fills up', async () => {
    const { port } = await listen(VICTIM[4], 16);
    const watch = await Watch.start(rig().victim, ['-i', VICTIM_IF, ...args]);
    // From addresses that nobody has: no answer ends these handshakes.
    const syns = ['hping3', '-q', '-c', '200', '-i', 'u500', '-S', '-p', port, '-I', SCANNER_IF];
    await rig().scanner.run([...syns, '-a', '10.71.77.7', VICTIM[4]]);
    const start = await told(watch, port, 'start');
    expect(start['syn_queue']).toBeGreaterThanOrEqual(12);
    expect(await watch.stop()).toBe(0);
  });
});

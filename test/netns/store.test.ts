/** --store: what is told is kept, once, whatever is killed; and whatever becomes of the store, the watching goes on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { KnownBlock } from '../../src/model/history.ts';
import type { StoreCounts } from '../../src/store/store.ts';
import { until } from '../support/command.ts';
import {
  type Event,
  type Options,
  packetwatch,
  type Status,
  Watch,
} from '../support/packetwatch.ts';
import { type Namespace, otherScanner, VICTIM } from '../support/rig.ts';
import { breakFiles, storeMissing } from '../support/store.ts';
import { suite, useRig } from '../support/suite.ts';
import { load, type LoadOptions, serve } from './load.ts';
import { nmapSyn } from './scans.ts';

const LOAD: LoadOptions = {
  host: VICTIM[4],
  ports: [5000, 5001],
  first: 'client',
  count: 300,
  rate: 0,
};

suite('a store', ['nmap'], () => {
  const rig = useRig('direct');
  let directory: string;
  const missing = storeMissing();
  beforeAll(async () => {
    await serve(rig().victim, LOAD);
  });
  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing);
    directory = mkdtempSync(join(tmpdir(), 'packetwatch-store-'));
  });
  const running: Watch[] = [];
  afterEach(async () => {
    for (const watch of running.splice(0)) if (watch.running.alive) await watch.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const start = async (options: Options = {}, where: Namespace = rig().victim): Promise<Watch> => {
    const watch = await Watch.start(
      where,
      ['-o', 'json', '--block', '--store', directory],
      options,
    );
    running.push(watch);
    return watch;
  };
  const connect = (options: Partial<LoadOptions> = {}): Promise<unknown> =>
    load(rig().scanner, { ...LOAD, ...options });
  const query = (where: Namespace, ...args: string[]) => packetwatch(where, ['query', ...args]);

  test('has each event once, after kill -9 of the program and of its own process', async () => {
    const first = await start();
    const before = connect({ count: 1000, rate: 500 });
    await kept(first, 300);
    await first.running.end('SIGKILL');
    const second = await start();
    await before;
    const after = connect({ count: 1000, rate: 500 });
    const { pid = 0 } = await kept(second, 300);
    process.kill(pid, 'SIGKILL');
    await second.note(/cannot keep events in .*: its process ended \(SIGKILL\)/);
    await second.note(/events are kept in .* again; 0 were lost/);
    await after;
    await settled(second);

    const told = new Map<string, Event>();
    for (const event of [...first.events(), ...second.events()])
      told.set(`${event.id} ${event.event}`, event);
    await storeOf(second, ({ rows }) => rows === told.size);
    const found = await query(rig().victim, '-o', 'json', '--limit', '100000', 'port 5000 or 5001');
    expect(found.stderr).toBe('');
    const last = new Map([...told.values()].map((event) => [event.id, event.event]));
    const answer = found.stdout.trim().split('\n').map(parse);
    expect(answer).toHaveLength(2000);
    expect(answer.filter(({ id, event }) => last.get(id) !== event)).toEqual([]);
    expect(await second.stop()).toBe(0);
  });

  test('loses nothing of as many connections as this host makes', async () => {
    const watch = await start();
    await storeOf(watch, ({ state }) => state === 'open');
    await connect({ count: 5000 });
    const { output, source_counts, store } = await settled(watch);
    expect(source_counts.lost).toMatchObject({ attempts: 0, sockets: 0 });
    expect(output.lines).toBeGreaterThanOrEqual(3 * 5000);
    expect(store).toMatchObject({ kept: output.lines, lost: 0 });
    expect(await watch.stop()).toBe(0);
  });

  test('belongs to one program at a time, which answers for it', async () => {
    const { victim, scanner } = rig();
    const watch = await start();
    await connect();
    await settled(watch);
    const csv = await query(victim, '--since', '1h', '-o', 'csv', '--limit', '3', 'dst port 5000');
    expect(csv.stdout.split('\r\n')).toHaveLength(5);
    expect(csv.stdout).toMatch(/^ts,event,id,.*\r\n\d{4}-\S+,connection\.close,[0-9a-f]{16},10\./);
    expect(csv.stderr).toMatch(
      /^packetwatch: there are more than 3: --limit tells more of them\n$/,
    );
    const table = await query(victim, '--limit', '1', 'port', '5000');
    expect(table.stdout).toMatch(/^time +what +from .*\n\d{4}-\d\d-\d\d \S+Z +ok +10\..* SF *\n$/);
    const refused = await query(scanner, '--store', directory);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^packetwatch: \S+ is in use by process \d+: .+\n$/),
    ]);

    const other = await start({}, scanner);
    await other.note(
      /cannot keep events in \S+: \S+ is in use by process \d+: .* lost, until it can/,
    );
    expect(await watch.stop()).toBe(0);
    await other.note(/events are kept in \S+ again; 0 were lost/, 40);
    expect(await other.stop()).toBe(0);

    const none = await query(scanner);
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringMatching(/packetwatch query --store/),
    ]);
  });

  test('has scans and blocks, why and until when', async () => {
    const { victim, scanner } = rig();
    const watch = await start();
    const [source, other] = [otherScanner(1, 4), otherScanner(2, 4)];
    await nmapSyn(scanner, source, VICTIM[4]);
    const block = await watch.event({ event: 'block', src_ip: source });
    await packetwatch(victim, ['block', 'rm', source]);
    const unblock = await watch.event({ event: 'unblock', src_ip: source });
    await packetwatch(victim, ['block', 'add', other, '--ttl', '1h']);
    await watch.event({ event: 'block', src_ip: other });
    await storeOf(watch, ({ waiting }) => waiting === 0);

    const blocks = await query(victim, 'blocks', '--since', '1h', '-o', 'json');
    const [forced, scanned] = blocks.stdout.trim().split('\n').map(parse);
    expect(forced).toMatchObject({ src_ip: other, reason: 'command' });
    expect(forced).not.toHaveProperty('end');
    expect(scanned).toMatchObject({ ...block, end: 'removed', end_ts: unblock.ts });
    const { scan } = scanned as unknown as KnownBlock;
    expect(scan).toEqual(watch.events({ event: 'scan', src_ip: source })[0]);
    const table = await query(victim, 'blocks', 'host', source);
    expect(table.stdout).toMatch(/^began +from .*\n.* vertical scan +60s +removed .*\n$/);
    const port = String(scan!.ports[0]);
    const scans = await query(
      victim,
      'scans',
      '-o',
      'csv',
      'src',
      'host',
      source,
      'and',
      'port',
      port,
    );
    expect(scans.stdout).toMatch(/^ts,start_ts,state,.*\r\n.*,vertical,.*\r\n$/);
    const refused = await query(victim, 'blocks', 'port', '22');
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([
      2,
      '',
      expect.stringMatching(
        /^packetwatch: a block shuts out an address, .*: ask for blocks by .*\n$/,
      ),
    ]);
    expect(await watch.stop()).toBe(0);
  });

  test('on a disk that is full: events wait, and are kept once there is room', async () => {
    const mount = `mount -t tmpfs -o size=64m,mode=0700 none ${directory}; exec "$@"`;
    const watch = await start({ by: ['unshare', '-m', 'sh', '-c', mount, 'sh'] });
    await storeOf(watch, ({ state }) => state === 'open');
    const filler = `/proc/${watch.running.pid}/root${directory}/filler`;
    fill(filler);
    await connect();
    await watch.note(/cannot keep events in .*(?:space|ENOSPC|SPACE).*: they wait in memory/i);
    const { output, flow } = await watch.status();
    expect(output.lines).toBeGreaterThanOrEqual(3 * LOAD.count - flow.live);
    rmSync(filler);
    await watch.note(/events are kept in .* again; 0 were lost/, 40);
    const status = await settled(watch);
    expect(status.store).toMatchObject({ kept: status.output.lines, lost: 0, state: 'open' });
    expect(await watch.stop()).toBe(0);
  });

  test('that hangs holds nothing up, and takes all once it goes on', async () => {
    const watch = await start();
    const { pid = 0 } = await storeOf(watch, ({ state }) => state === 'open');
    process.kill(pid, 'SIGSTOP');
    await connect();
    const told = ({ output, flow }: Status) => flow.live === 0 && output.lines >= 3 * LOAD.count;
    await until('all lines', async () => told(await watch.status()));
    expect(watch.events({ event: 'connection.close' }).length).toBeGreaterThanOrEqual(LOAD.count);
    await storeOf(watch, ({ waiting }) => waiting >= 3 * LOAD.count);
    process.kill(pid, 'SIGCONT');
    const { output, store } = await settled(watch);
    expect(store).toMatchObject({ kept: output.lines, lost: 0 });
    expect(await watch.stop()).toBe(0);
  });

  test('that is removed is made again; of a broken one that is told', async () => {
    const watch = await start();
    await connect();
    await settled(watch);
    rmSync(directory, { recursive: true });
    await connect({ count: 3 });
    await watch.note(/cannot keep events in .*: the directory was removed: another one is made/);
    await watch.note(/events are kept in .* again; 0 were lost/);
    await settled(watch);
    expect(await watch.stop()).toBe(0);

    breakFiles(directory, /\.(?:bin|cmrk\d?)$/);
    const parts = await query(rig().victim, '--store', directory);
    expect(parts.stderr).toMatch(
      /^packetwatch: \d+ parts of the store in \S+ are broken and were set aside/,
    );
    expect(parts.code).toBe(0);

    breakFiles(directory, /\.sql$/);
    const broken = await start();
    await broken.note(
      /cannot keep events in .*: can't open the store in .*: move the directory away/,
    );
    await connect();
    await until(
      'the connections',
      () => broken.events({ event: 'connection.close' }).length >= 300,
    );
    expect(await broken.stop()).toBe(0);
    expect(broken.notes).toContainEqual(expect.stringMatching(/^\d+ events are not kept in /));
  });
});

const parse = (line: string): Event => JSON.parse(line) as Event;

type StoreStatus = Status & { readonly store?: StoreCounts };

/** How the store does, once that is so. */
async function storeOf(watch: Watch, is: (store: StoreCounts) => boolean): Promise<StoreCounts> {
  return until('the store', async () => {
    const { store } = (await watch.status()) as StoreStatus;
    return store && is(store) ? store : undefined;
  });
}

function kept(watch: Watch, atLeast: number): Promise<StoreCounts> {
  return storeOf(watch, (store) => store.kept >= atLeast);
}

/** The status once no connection is open, and all that was told is stored. */
function settled(watch: Watch): Promise<StoreStatus> {
  return until(
    'the last event in the store',
    async () => {
      const status = (await watch.status()) as StoreStatus;
      return status.flow.live === 0 && status.store?.waiting === 0 ? status : undefined;
    },
    30,
  );
}

/** Takes all the room there is. */
function fill(path: string): void {
  const some = Buffer.alloc(65_536, 1);
  for (;;)
    try {
      writeFileSync(path, some, { flag: 'a' });
    } catch {
      return;
    }
}

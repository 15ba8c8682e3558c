/** --log: rotated by renaming and SIGHUP, by copying and truncating, and on a disk that is full for a while. */
import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { must, until } from '../support/command.ts';
import { type Event, type Status, Watch } from '../support/packetwatch.ts';
import { MAIN, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { load, type LoadOptions, serve } from './load.ts';

const WATCH = ['-i', VICTIM_IF, '-o', 'json'];
const LOAD: LoadOptions = {
  host: VICTIM[4],
  first: 'client',
  ports: [4000, 4001],
  count: 3000,
  rate: 0,
};
/** More than the 8 MiB that wait in memory, at some 1,100 bytes for each connection. */
const FLOOD: LoadOptions = { ...LOAD, count: 12_000 };

suite('a log file', ['logrotate'], () => {
  const rig = useRig('direct');
  let folder: string;
  let log: string;
  beforeAll(async () => {
    await serve(rig().victim, LOAD);
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'packetwatch-log-'));
    log = join(folder, 'connections.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const connect = (options = LOAD): Promise<unknown> => load(rig().scanner, options);

  /** Runs `rotate` again and again while connections are made; the status once all of them are told. */
  async function rotating(watch: Watch, rotate: (turn: number) => Promise<void>): Promise<Status> {
    let busy = true;
    const made = connect().finally(() => (busy = false));
    for (let turn = 1; busy; turn++) await rotate(turn);
    await made;
    return settled(watch);
  }

  test('is rotated by its name and SIGHUP: every line once, none torn', async () => {
    const watch = await Watch.start(rig().victim, [...WATCH, '--log', log]);
    const status = await rotating(watch, async (turn) => {
      renameSync(log, `${log}.${turn}`);
      watch.running.child.kill('SIGHUP');
      await until('a new file', () => readdirSync(folder).includes('connections.json'));
    });
    expect(statSync(log).mode & 0o777).toBe(0o640);
    expect(status.log).toBe(log);
    expect(await watch.stop()).toBe(0);
    const files = readdirSync(folder);
    expect(files.length).toBeGreaterThan(3);
    const lines = files.flatMap((file) => linesOf(join(folder, file)));
    expect(lines).toHaveLength(status.output.lines);
    expect(new Set(lines.map((line) => line.id)).size).toBe(LOAD.count);
    expect(watch.lines).toEqual([]);
  });

  for (const [name, redirect] of [
    ['it has opened', false],
    ['that standard output is appended to', true],
  ] as const)
    test(`${name} is copied and truncated: no hole, no torn line`, async () => {
      const stdout = openSync(log, 'a');
      const watch = redirect
        ? await Watch.start(rig().victim, WATCH, { stdout })
        : await Watch.start(rig().victim, [...WATCH, '--log', log]);
      closeSync(stdout);
      await rotating(watch, async (turn) => {
        copyFileSync(log, `${log}.${turn}`);
        truncateSync(log, 0);
        await until('lines in the file', () => statSync(log).size > 0, 2).catch(() => {});
      });
      await watch.stop();
      const files = readdirSync(folder);
      expect(files.length).toBeGreaterThan(3);
      // what is written while the copy is made may be in it in part, and is then truncated: as logrotate(8) says
      for (const file of files) linesOf(join(folder, file), file !== 'connections.json');
    });

  for (const how of ['SIGHUP', 'copytruncate'])
    test(`is rotated by logrotate, ${how}`, async () => {
      const watch = await Watch.start(rig().victim, [...WATCH, '--log', log]);
      const config = join(folder, 'logrotate.conf');
      const example = readFileSync('examples/logrotate.conf', 'utf8')
        .replace('root adm', 'root root')
        .replace('/var/log/packetwatch.log {', `${log} {`)
        .replace('$(packetwatch', `$(${process.execPath} ${MAIN}`);
      writeFileSync(
        config,
        how === 'SIGHUP' ? example : `${log} {\n rotate 3\n copytruncate\n}\n`,
        {
          mode: 0o644,
        },
      );
      await connect({ ...LOAD, count: 500 });
      await settled(watch);
      await rig().victim.must(['logrotate', '--force', '--state', join(folder, 'state'), config]);
      await until('an empty file', () => statSync(log).size === 0);
      await connect({ ...LOAD, count: 500 });
      const status = await settled(watch);
      await watch.stop();
      const [before, after] = [linesOf(`${log}.1`), linesOf(log)];
      expect(Math.min(before.length, after.length)).toBeGreaterThan(1000);
      expect(before.length + after.length).toBe(status.output.lines);
    });

  test('on a full disk: what does not fit is counted and told, the rest is whole', async () => {
    const mount = [
      'unshare',
      '-m',
      'sh',
      '-c',
      `mount -t tmpfs -o size=1m none ${folder}; exec "$@"`,
    ];
    const watch = await Watch.start(rig().victim, [...WATCH, '--log', log], {
      by: [...mount, 'sh'],
    });
    const inside = `/proc/${watch.running.pid}/root${log}`;
    await connect(FLOOD);
    await watch.note(/cannot write to .*: no space left on the device \(ENOSPC\): lines wait/);
    const during = await until('lost lines', async () => {
      const status = await watch.status();
      return status.output.lost > 0 && status.flow.live === 0 ? status : undefined;
    });
    linesOf(inside);
    const pid = String(watch.running.pid);
    await must(['nsenter', '-t', pid, '-m', 'mount', '-o', 'remount,size=64m', folder]);
    const [, told] = await watch.note(/ is written again; (\d+) lines were lost/);
    expect(Number(told)).toBe(during.output.lost);
    const loss = await until('the loss', () =>
      linesOf(inside).find((line) => line.event === 'loss' && line.where === 'output'),
    );
    expect(loss.count).toBe(during.output.lost);
    const { output, source_counts: source } = await watch.status();
    expect(source.lost).toMatchObject({ attempts: 0, sockets: 0 });
    expect(linesOf(inside)).toHaveLength(output.lines);
    expect(await watch.stop()).toBe(0);
  });

  test('that can not be opened is told before anything is attached', async () => {
    const { code, stderr } = await rig().victim.run([
      process.execPath,
      MAIN,
      'watch',
      '--log',
      join(folder, 'nowhere', 'log'),
    ]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^packetwatch: cannot open .*: ENOENT: make its directory first\n$/),
    ]);
  });
});

/** The status once no connection is open and none is waited for. */
function settled(watch: Watch): Promise<Status> {
  return until('the last line', async () => {
    const status = await watch.status();
    return status.flow.live === 0 ? status : undefined;
  });
}

/** The events of a file, each line of which must be whole. */
function linesOf(path: string, lastMayBeTorn = false): Event[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const rest = lines.pop()!;
  expect(lastMayBeTorn ? '' : rest).toBe('');
  return lines.map((line) => JSON.parse(line) as Event);
}

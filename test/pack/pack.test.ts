import { execFile } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';

import manifest from '../../package.json' with { type: 'json' };

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
let env: NodeJS.ProcessEnv;
let app: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packetwatch-pack-'));
  env = { ...process.env, PATH: await pathWithoutCompiler(join(folder, 'bin')) };
  app = join(folder, 'app');
  await mkdir(app);
  await writeFile(join(app, 'package.json'), '{ "private": true }\n');
  // Scripts off: dist/ is what `make` has just built.
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root, env });
  const install = [
    'install',
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    await tarball(),
  ];
  await run('npm', install, { cwd: app, env });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('the installed package tells its version', async () => {
  const { stdout } = await run('npx', ['packetwatch', '--version'], { cwd: app, env });
  expect(stdout).toBe(`${manifest.version}\n`);
});

test('the installed package watches /proc where there is no compiler', async () => {
  const args = ['packetwatch', 'watch', '--source', 'proc', '--duration', '1'];
  const startMs = performance.now();
  const { stderr } = await run('npx', args, { cwd: app, env, timeout: 30_000 });
  expect(performance.now() - startMs).toBeGreaterThan(1000);
  expect(stderr).not.toContain('    at ');
});

test('the installed package comes without the engine of --store, and asks for it', async () => {
  const args = ['packetwatch', 'watch', '--source', 'proc', '--store', join(folder, 'store')];
  await expect(run('npx', args, { cwd: app, env, timeout: 30_000 })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^packetwatch: --store needs chDB, which is not installed: `make store` installs it in a clone; elsewhere: npm install chdb@3\.4\.0\n$/m,
    ) as string,
  });
});

/** Why the kernel source can't be tried here. */
const noKernel =
  process.getuid?.() !== 0
    ? 'it needs root'
    : existsSync(join(root, 'dist/bpf/guard.bpf.o'))
      ? undefined
      : 'the BPF objects were not built (clang)';

test('the installed package loads its own BPF objects, without compiler and libbpf', async (context) => {
  context.skip(noKernel !== undefined, noKernel);
  const connect = `require('net').connect(9, '127.0.0.1').on('error', () => {})`;
  const script = [
    `${await which('ip')} link set lo up`,
    'npx packetwatch watch --source ebpf -i lo --duration 4 &',
    `node -e "setTimeout(() => ${connect}, 2500)"`,
    'wait',
  ].join('\n');
  const { stdout } = await run(await which('unshare'), ['--net', 'sh', '-c', script], {
    cwd: app,
    env,
    timeout: 30_000,
  });
  expect(stdout).toMatch(/: New connection: 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:9\n/);
  expect(stdout).toMatch(/: Connection refused: 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:9 node\[\d+\] /);
});

test('the installed package runs the plugins that come with it, without a compiler', async (context) => {
  context.skip(noKernel !== undefined, noKernel);
  const { stdout: listed } = await run('npx', ['packetwatch', 'plugins'], { cwd: app, env });
  const names = [...listed.matchAll(/^([a-z-]+) +\d/gm)].map(([, name]) => name!);
  expect(names).toEqual(['arp-watch', 'listen-queues']);
  const plugins = names.map((name) => `--plugin ${name}`).join(' ');
  const script = `${await which('ip')} link set lo up
    npx packetwatch watch -i lo ${plugins} --duration 2 -o json`;
  const { stderr } = await run(await which('unshare'), ['--net', 'sh', '-c', script], {
    cwd: app,
    env,
    timeout: 30_000,
  });
  expect(stderr.match(/^packetwatch: .*$/gm)).toEqual(['packetwatch: watching lo (tcx)']);
});

test('docs/plugins.md makes a plugin in an empty folder, by its blocks as they are', async (context) => {
  context.skip(noKernel !== undefined, noKernel);
  for (const tool of ['clang', 'ping', 'curl'])
    context.skip(!(await which(tool).catch(() => undefined)), `not installed: ${tool}`);
  const guide = join(app, 'node_modules/packetwatch/docs/plugins.md');
  const blocks = (await readFile(guide, 'utf8')).matchAll(/^```sh\n(.*?)^```$/gms);
  const empty = join(folder, 'empty');
  await mkdir(empty);
  const script = ['ip link set lo up', ...Array.from(blocks, ([, block]) => block)].join('\n');
  const path = `${join(app, 'node_modules/.bin')}${delimiter}${process.env['PATH']}`;
  const { stdout } = await run('unshare', ['--net', 'sh', '-ec', script], {
    cwd: empty,
    env: { ...process.env, PATH: path },
    timeout: 60_000,
  });
  expect(stdout).toMatch(/^pings +1\.0\.0 +ingress +Tells each ping that comes in\. /m);
  expect(stdout).toMatch(/^pings +1\.0\.0 +on +\d/m);
  expect(stdout).toMatch(/^packetwatch_plugin_pings_seen_total\{distance="near"\} \d$/m);
  const pings = stdout.match(/: Ping from 127\.0\.0\.1 at lo, TTL \d+$/gm);
  expect(pings?.map((line) => line.split(' ').at(-1))).toEqual(['64', '64', '64', '9']);
});

test('the page opens with less than 250 kB', async () => {
  const page = join(app, 'node_modules/packetwatch/dist/web');
  const html = await readFile(join(page, 'index.html'));
  const loaded = [...html.toString().matchAll(/(?:src|href)="\.?\/([^"]+)"/g)].map(
    ([, file]) => file!,
  );
  expect(loaded.map((file) => extname(file))).toEqual(expect.arrayContaining(['.js', '.css']));
  const files = await Promise.all(loaded.map((file) => readFile(join(page, file))));
  // Bundled whole: none of them loads another at once
  for (const file of files) expect(file.toString()).not.toMatch(/^import[ {"]|@import/m);
  const bytes = [html, ...files].reduce((sum, file) => sum + gzipSync(file).length, 0);
  expect(bytes).toBeLessThan(250_000);
});

test('the tarball carries the licences and no test', async () => {
  const files = await readdir(join(app, 'node_modules/packetwatch'), { recursive: true });
  expect(files).toEqual(
    expect.arrayContaining(['LICENSE', 'bpf/LICENSE', 'LICENSES/GPL-2.0.txt', 'dist/cli/main.js']),
  );
  expect(files.filter((file) => /\.test\.|\.tsbuildinfo$/.test(file))).toEqual([]);
});

/** A PATH of one folder that has what npm needs and nothing else. */
async function pathWithoutCompiler(bin: string): Promise<string> {
  await mkdir(bin);
  await symlink(process.execPath, join(bin, 'node'));
  for (const name of ['npm', 'npx', 'sh', 'env']) {
    await symlink(await which(name), join(bin, name));
  }
  return bin;
}

async function which(name: string): Promise<string> {
  for (const place of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = await realpath(join(place, name)).catch(() => undefined);
    if (found !== undefined) return found;
  }
  throw new Error(`${name} is not in PATH`);
}

async function tarball(): Promise<string> {
  const name = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
  if (name === undefined) throw new Error('npm pack wrote no tarball');
  return join(folder, name);
}

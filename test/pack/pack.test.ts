import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
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

import { lstatSync, readdirSync, readFileSync, realpathSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MAX_PLUGINS } from '../kernel/plugin-set.ts';
import { Exit, OperatorError } from '../model/errors.ts';
import { type Manifest, parseManifest } from './manifest.ts';

const MANIFEST = 'plugin.json';
const SIZE_LIMIT = 16 * 1024 * 1024;

/** A plugin that was found: its folder, and what it says of itself. */
export interface FoundPlugin {
  readonly folder: string;
  readonly bundled: boolean;
  readonly manifest: Manifest;
}

/** Where the plugins lie that come with the program. */
export function bundledFolder(): string {
  return fileURLToPath(new URL('../../dist/bundled', import.meta.url));
}

/** Where the header lies that a plugin's source includes. */
export function headerFolder(): string {
  return fileURLToPath(new URL('../../bpf', import.meta.url));
}

/** Names of the plugins that come with the program. */
export function bundledNames(): string[] {
  try {
    return readdirSync(bundledFolder(), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch {
    return []; // they are built with the BPF objects
  }
}

/**
 * A plugin by its name, or by the path of its folder, which has a slash in it.
 * Throws OperatorError when there is none, its manifest is wrong, or others than root and the user may write to it.
 */
export function findPlugin(nameOrPath: string): FoundPlugin {
  const bundled = !nameOrPath.includes('/');
  const { folder, manifest, problems } = inspect(nameOrPath);
  if (!manifest)
    throw new OperatorError(
      `plugin ${nameOrPath}: ${problems[0] ?? 'its manifest is wrong'}`,
      problems.length > 1
        ? `\`packetwatch plugins ${nameOrPath}\` tells ${problems.length - 1} more`
        : 'docs/plugins.md has the form of a manifest',
    );
  return { folder, bundled, manifest };
}

/** Several, in this order. Throws OperatorError, too, when two of them are the same or tell the same event. */
export function findPlugins(namesOrPaths: readonly string[]): FoundPlugin[] {
  if (namesOrPaths.length > MAX_PLUGINS)
    throw new OperatorError(`more than ${MAX_PLUGINS} plugins at once`, 'leave some out', {
      exitCode: Exit.usage,
    });
  const taken = new Set<string>();
  return namesOrPaths.map((nameOrPath) => {
    const found = findPlugin(nameOrPath);
    const { name, events } = found.manifest;
    for (const own of [`name ${name}`, ...Object.keys(events).map((event) => `event ${event}`)]) {
      if (taken.has(own))
        throw new OperatorError(`two plugins have the ${own}`, 'leave one of them out', {
          exitCode: Exit.usage,
        });
      taken.add(own);
    }
    return found;
  });
}

/** The same, with all that is wrong with the manifest instead of an error. */
export function inspect(nameOrPath: string): {
  folder: string;
  manifest?: Manifest;
  problems: string[];
} {
  const bundled = !nameOrPath.includes('/');
  if (bundled && !bundledNames().includes(nameOrPath))
    throw new OperatorError(
      `there is no plugin named ${nameOrPath}`,
      `\`packetwatch plugins\` lists those that come with it; a folder is named by its path, ./${nameOrPath}`,
    );
  const folder = bundled ? join(bundledFolder(), nameOrPath) : realFolder(nameOrPath);
  if (!bundled) refuseOthersFolder(folder);
  const file = (name: string): Buffer => readSafely(folder, name, bundled);
  const { manifest, problems } = parseManifest(file(MANIFEST).toString('utf8'));
  if (!manifest) return { folder, problems };
  file(manifest.object);
  file(manifest.module);
  return { folder, manifest, problems };
}

function realFolder(path: string): string {
  try {
    const folder = realpathSync(path);
    if (lstatSync(folder).isDirectory()) return folder;
  } catch (cause) {
    throw new OperatorError(`there is no folder ${path}`, 'name the one with plugin.json in it', {
      cause,
    });
  }
  throw new OperatorError(`${path} is no folder`, 'name the one with plugin.json in it');
}

/** Its code runs with all rights of the program: nobody else may put other code in its place, here or above. */
function refuseOthersFolder(folder: string): void {
  refuseOthers(folder, lstatSync(folder));
  for (let above = dirname(folder); ; above = dirname(above)) {
    const stat = lstatSync(above);
    if ((stat.mode & STICKY) === 0) refuseOthers(above, stat); // there nobody renames what is another's
    if (above === '/') return;
  }
}

const STICKY = 0o1000;
const WRITABLE_BY_OTHERS = 0o022;

function refuseOthers(path: string, { mode, uid }: Stats): void {
  if ((mode & WRITABLE_BY_OTHERS) !== 0)
    throw new OperatorError(
      `others may write to ${path}, and a plugin runs with all rights of packetwatch`,
      `chmod go-w ${path}`,
    );
  if (!owners().includes(uid))
    throw new OperatorError(
      `${path} is of user ${uid}, and a plugin runs with all rights of packetwatch`,
      `chown it to root or to who runs packetwatch, after reading what is in it`,
    );
}

/** Root, who runs the program, and whom sudo ran it for. */
function owners(): number[] {
  const sudo = process.env['SUDO_UID'];
  return [0, process.geteuid!(), ...(sudo === undefined ? [] : [Number(sudo)])];
}

function readSafely(folder: string, name: string, bundled: boolean): Buffer {
  const path = join(folder, name);
  let stat: Stats;
  try {
    stat = lstatSync(path);
  } catch (cause) {
    throw new OperatorError(
      `there is no ${name} in ${folder}`,
      bundled ? 'install clang and run `make build`' : 'docs/plugins.md makes one',
      { cause },
    );
  }
  if (!stat.isFile())
    throw new OperatorError(`${path} is no plain file`, 'put the file itself there');
  if (stat.size > SIZE_LIMIT)
    throw new OperatorError(`${path} has more than 16 MiB`, 'is it the right file?');
  if (!bundled) refuseOthers(path, stat);
  return readFileSync(path);
}

import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Packed, packed } from './packed.ts';

/** A file of the page, as it is sent. */
export interface Asset extends Packed {
  readonly type: string;
  /** Its name changes with what is in it. */
  readonly hashed: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

/** The files of the page (dist/web): those that are there, by their paths, so that no path leads anywhere else. */
export class Assets {
  readonly #directory: string;
  readonly #loaded = new Map<string, Asset>();
  #names: ReadonlySet<string> | undefined;

  constructor(directory: string = fileURLToPath(new URL('../../dist/web', import.meta.url))) {
    this.#directory = directory;
  }

  /** The file of a path such as `/assets/main-1a2b.js`; `/` is index.html. Undefined: there is none. */
  get(path: string): Asset | undefined {
    const name = path === '/' ? 'index.html' : path.slice(1);
    this.#names ??= new Set(namesIn(this.#directory));
    if (!this.#names.has(name)) return undefined;
    let asset = this.#loaded.get(name);
    if (!asset) this.#loaded.set(name, (asset = load(this.#directory, name)));
    return asset;
  }
}

/** Empty where the page was not built. */
function namesIn(directory: string): string[] {
  try {
    const all = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    return all.filter((name) => extname(name) in TYPES);
  } catch {
    return [];
  }
}

function load(directory: string, name: string): Asset {
  return {
    ...packed(readFileSync(join(directory, name))),
    type: TYPES[extname(name)]!,
    hashed: name.startsWith('assets/'),
  };
}

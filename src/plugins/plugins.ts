import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Kernel } from '../kernel/kernel.ts';
import { OperatorError } from '../model/errors.ts';
import type { CreateDecoder } from './decoder.ts';
import type { FoundPlugin } from './folder.ts';
import { messageOf, Plugin, type PluginCounts, type PluginOutput } from './plugin.ts';
import { type Manifest, sectionsOf } from './manifest.ts';
import type { Samples } from './samples.ts';

/** The decoders of all plugins get so long at one look; what is theirs must not hold up the log. */
const SLICE_NS = 5e6;

interface Opened extends FoundPlugin {
  readonly create: CreateDecoder;
}

/** The plugins of a running program, in the order in which they were asked for. */
export class Plugins {
  readonly #opened: readonly Opened[];
  readonly #note: (line: string) => void;
  #running: Plugin[] = [];
  readonly #stray = (error: unknown): void => this.#blame(error);

  private constructor(opened: readonly Opened[], note: (line: string) => void) {
    this.#opened = opened;
    this.#note = note;
  }

  /** Imports their modules. Throws OperatorError, naming the plugin, when one can't be. */
  static async open(found: readonly FoundPlugin[], note: (line: string) => void): Promise<Plugins> {
    const opened: Opened[] = [];
    for (const plugin of found) opened.push({ ...plugin, create: await importModule(plugin) });
    return new Plugins(opened, note);
  }

  /**
   * Loads all of them into the kernel, and makes their decoders; after `stop` once more, for another kernel.
   * Throws OperatorError, naming the plugin.
   */
  load(kernel: Kernel): void {
    this.#running = [];
    if (this.#opened.length > 0) process.on('uncaughtException', this.#stray);
    for (const { folder, manifest, create } of this.#opened) {
      const part = named(manifest, () => {
        const loaded = kernel.plugIn(join(folder, manifest.object), this.#note);
        checkSections(manifest, loaded.sections());
        return loaded;
      });
      try {
        this.#running.push(new Plugin(manifest, create, kernel, part, this.#note));
      } catch (cause) {
        throw failure(manifest.name, `its decoder failed: ${messageOf(cause)}`, cause);
      }
    }
  }

  /** From now on events are told. */
  connect(output: PluginOutput): void {
    for (const plugin of this.#running) plugin.connect(output);
  }

  /** Hands waiting records on, for a few milliseconds. */
  drain(): void {
    for (const plugin of this.#running) plugin.drain(SLICE_NS / this.#running.length);
  }

  /** Call it about once a second. */
  tick(nowNs: number): void {
    for (const plugin of this.#running) plugin.tick(nowNs);
  }

  counts(): PluginCounts[] {
    return this.#running.map((plugin) => plugin.counts());
  }

  /** What was lost by a plugin, by the place where. */
  lost(): Record<string, number> {
    return Object.fromEntries(
      this.counts().map(({ name, lost, suppressed }) => [`plugin.${name}`, lost + suppressed]),
    );
  }

  samples(): Samples[] {
    return this.#running.map((plugin) => plugin.samples());
  }

  /** Ends their decoders, as many as were made; nothing of these stays in the kernel, which is still open. */
  stop(): void {
    for (const plugin of this.#running) plugin.stop();
    process.off('uncaughtException', this.#stray);
  }

  /** An error of a timer or a promise that a decoder made is its own; any other ends the program, as it would have. */
  #blame(error: unknown): void {
    const stack = (error instanceof Error ? error.stack : undefined) ?? '';
    const at = this.#opened.findIndex(({ folder }) =>
      stack.includes(`${pathToFileURL(folder).href}/`),
    );
    const plugin = this.#running[at];
    if (!plugin) throw error;
    plugin.failed('callback', error);
  }
}

async function importModule({ folder, manifest }: FoundPlugin): Promise<CreateDecoder> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(join(folder, manifest.module)).href)) as typeof module;
  } catch (cause) {
    throw failure(
      manifest.name,
      `${manifest.module} can't be imported: ${messageOf(cause)}`,
      cause,
    );
  }
  if (typeof module.default !== 'function')
    throw failure(manifest.name, `${manifest.module} has no default export that makes a decoder`);
  return module.default as CreateDecoder;
}

/** The manifest says what the object does, and nothing else. */
function checkSections(manifest: Manifest, there: readonly string[]): void {
  const wanted = sectionsOf(manifest);
  const absent = wanted.find((section) => !there.includes(section));
  if (absent !== undefined)
    throw failure(manifest.name, `its manifest has a hook for which its object has no ${absent}`);
  const further = there.find((section) => !wanted.includes(section));
  if (further !== undefined)
    throw failure(manifest.name, `its object has ${further}, which is no hook of its manifest`);
}

function named<T>(manifest: Manifest, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof OperatorError) || error.message.startsWith('plugin ')) throw error;
    throw new OperatorError(`plugin ${manifest.name}: ${error.message}`, error.hint, {
      cause: error.cause ?? error,
    });
  }
}

function failure(name: string, what: string, cause?: unknown): OperatorError {
  return new OperatorError(`plugin ${name}: ${what}`, 'docs/plugins.md says how one is made', {
    cause,
  });
}

import { monotonicNs } from '../kernel/monotonic.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { KernelPlugin } from '../kernel/plugin.ts';
import type { PluginMap } from '../kernel/plugin-map.ts';
import { safe } from '../sinks/escape.ts';
import type { Names, Sink } from '../sinks/sink.ts';
import { Budget, EVENTS_PER_SECOND } from './budget.ts';
import type { CreateDecoder, Decoder, Field, PluginHost } from './decoder.ts';
import { eventOf } from './event.ts';
import type { Manifest } from './manifest.ts';
import { Samples } from './samples.ts';
import { errorText } from '../model/errors.ts';

/** So many errors, and a plugin is switched off. */
const MAX_ERRORS = 10;
/** At the end the records that wait get so long. */
const LAST_SLICE_NS = 100e6;
/** A decoder that needs longer for one call holds everything up: that is an error, too. */
const LONGEST_NS = 1e9;

/**
 * What a plugin did; all only grow. `sent` by the kernel = `records` taken + what waits;
 * `events` = told + `suppressed`.
 */
export interface PluginCounts {
  readonly name: string;
  readonly version: string;
  /** It runs; it was switched off. */
  readonly on: boolean;
  readonly sent: number;
  /** The ring was full. */
  readonly lost: number;
  readonly records: number;
  readonly events: number;
  /** More than 1,000 in a second. */
  readonly suppressed: number;
  readonly errors: number;
}

export interface PluginOutput {
  readonly sink: Sink;
  readonly names: Names;
}

/** One plugin that runs: hands its records to its decoder, and keeps the program safe from it. */
export class Plugin {
  readonly manifest: Manifest;
  readonly #kernel: Kernel;
  readonly #part: KernelPlugin;
  readonly #decoder: Decoder;
  readonly #note: (line: string) => void;
  readonly #budget = new Budget();
  #output: PluginOutput | undefined;
  #on = true;
  #records = 0;
  #events = 0;
  #suppressed = 0;
  #errors = 0;
  /** The last counts of a kernel part that is closed. */
  #closed: { sent: number; lost: number } | undefined;

  /** Throws what `create` throws. */
  constructor(
    manifest: Manifest,
    create: CreateDecoder,
    kernel: Kernel,
    part: KernelPlugin,
    note: (line: string) => void,
  ) {
    this.manifest = manifest;
    this.#kernel = kernel;
    this.#part = part;
    this.#note = note;
    this.#decoder = create(this.#host());
  }

  /** From now on events are told. */
  connect(output: PluginOutput): void {
    this.#output = output;
  }

  /** Hands waiting records on, for so long; the rest waits, and what finds no room in the ring is counted. */
  drain(sliceNs: number): void {
    const { ring } = this.#part;
    if (!this.#on || !ring) return;
    const endNs = monotonicNs() + sliceNs;
    do {
      ring.collect();
      let done = 0;
      while (done < ring.count && this.#on) {
        const record = ring.record(done++);
        this.#call('record', () => this.#decoder.record?.(record));
        this.#records++;
        if (monotonicNs() > endNs) break;
      }
      if (!this.#on) return; // its ring is gone
      ring.release(done);
      if (done < ring.count) return;
    } while (ring.more && monotonicNs() < endNs);
  }

  tick(nowNs: number): void {
    if (this.#on) this.#call('tick', () => this.#decoder.tick?.(nowNs));
  }

  /** What it puts at this moment. */
  samples(): Samples {
    const samples = new Samples(this.manifest.metrics);
    if (this.#on)
      this.#call('metrics', () => this.#decoder.metrics?.((...put) => samples.put(...put)));
    return samples;
  }

  counts(): PluginCounts {
    const { name, version } = this.manifest;
    return {
      name,
      version,
      on: this.#on,
      ...(this.#closed ?? this.#part.counts()),
      records: this.#records,
      events: this.#events,
      suppressed: this.#suppressed,
      errors: this.#errors,
    };
  }

  /** Counts an error of it, tells the first one, and switches it off after some. */
  failed(what: string, error: unknown): void {
    this.#errors++;
    if (this.#errors === 1)
      this.#note(`plugin ${this.manifest.name} failed (${what}): ${messageOf(error)}`);
    if (this.#errors < MAX_ERRORS || !this.#on) return;
    this.#note(`plugin ${this.manifest.name} is switched off: it failed ${MAX_ERRORS} times`);
    this.#close();
  }

  /** The last records, as far as somebody takes what they tell; then the decoder's own end. */
  stop(): void {
    if (!this.#on) return;
    if (this.#output && !this.#output.sink.backlogged) this.drain(LAST_SLICE_NS);
    this.#call('stop', () => this.#decoder.stop?.());
    this.#close();
  }

  #close(): void {
    if (!this.#on) return;
    this.#on = false;
    this.#closed = this.#part.counts();
    this.#kernel.unplug(this.#part);
  }

  #call(what: string, step: () => void): void {
    const startNs = monotonicNs();
    try {
      step();
    } catch (error) {
      this.failed(what, error);
      return;
    }
    const tookNs = monotonicNs() - startNs;
    if (tookNs > LONGEST_NS) this.failed(what, new Error(`it took ${(tookNs / 1e9).toFixed(1)} s`));
  }

  #host(): PluginHost {
    return {
      event: (name, text, fields = {}, tsNs = monotonicNs()) =>
        this.#tell(name, text, fields, tsNs),
      map: (name): PluginMap => {
        const map = this.#part.map(name);
        if (!map) throw new RangeError(`its source has no map '${name}'`);
        return map;
      },
      iterate: (section, size, take) => this.#part.iterate(section, size, take),
      iface: (ifindex) => this.#output?.names.iface(ifindex) ?? `#${ifindex}`,
    };
  }

  #tell(name: string, text: string, fields: Readonly<Record<string, Field>>, tsNs: number): void {
    if (!this.#output) throw new Error('nothing can be told before the first record or tick');
    const event = eventOf(this.manifest, name, text, fields, tsNs);
    this.#events++;
    if (this.#budget.take(monotonicNs())) {
      this.#output.sink.plugin(event);
      return;
    }
    if (this.#suppressed++ === 0)
      this.#note(
        `plugin ${this.manifest.name} tells more than ${EVENTS_PER_SECOND} events a second: the rest is counted`,
      );
  }
}

/** What somebody else's code says of its failure, as a part of one line. */
export function messageOf(error: unknown): string {
  const text = errorText(error);
  return new TextDecoder().decode(safe(text.split('\n')[0]!.slice(0, 200)));
}

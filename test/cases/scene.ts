import type { Case, Kind, Opened, Step } from './case.ts';
import { Host } from './host.ts';
import { Random } from './random.ts';
import { Timeline } from './timeline.ts';
import type { Wire } from './wire.ts';

/** Packet time, this host, and whoever plans something; one scene is one run of a case. */
export class Scene implements Wire {
  readonly random: Random;
  readonly host: Host = new Host(this);
  readonly #timeline = new Timeline();
  #nowMs = 0;
  #steps: Step[] = [];

  constructor(seed: string) {
    this.random = new Random(seed);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, action: () => void): void {
    this.#timeline.plan(this.#nowMs + ms, action);
  }

  /** Again and again, first after `firstMs`; ends with the case, or when `action` returns false. */
  every(ms: number, action: () => unknown, firstMs = 0): void {
    this.after(firstMs, () => {
      if (action() !== false) this.every(ms, action, ms);
    });
  }

  /** At random moments, `meanMs` apart on average. */
  often(meanMs: number, action: () => void): void {
    this.after(this.random.wait(meanMs), () => {
      action();
      this.often(meanMs, action);
    });
  }

  /** One after the other, `gapMs` apart. */
  inTurn<T>(items: Iterable<T>, gapMs: number, action: (item: T) => void): void {
    const rest = items[Symbol.iterator]();
    this.every(gapMs, () => {
      const next = rest.next();
      if (next.done === true) return false;
      action(next.value);
      return true;
    });
  }

  arrive(frame: Uint8Array): void {
    this.#steps.push({ atMs: this.#nowMs, kind: 'in', frame });
  }

  leave(frame: Uint8Array): void {
    this.#steps.push({ atMs: this.#nowMs, kind: 'out', frame });
  }

  opened(connection: Opened): void {
    this.#steps.push({ atMs: this.#nowMs, kind: 'opened', ...connection });
  }

  /** Lets time pass; what was planned for later than `untilMs` does not happen. */
  *run(untilMs: number): Generator<Step> {
    yield* this.#taken();
    for (let one = this.#timeline.next(untilMs); one; one = this.#timeline.next(untilMs)) {
      this.#nowMs = one.atMs;
      one.action();
      if (this.#steps.length > 0) yield* this.#taken();
    }
  }

  #taken(): Step[] {
    const steps = this.#steps;
    this.#steps = [];
    return steps;
  }
}

/** Clients of which none may be blocked, for an hour of packet time. */
export function honestCase(name: string, what: string, play: (scene: Scene) => void): Case {
  return { name, what, honest: true, expects: [], hours: 1, steps: stepsOf(name, 1, play) };
}

export interface Scan {
  readonly expects: readonly Kind[];
  readonly unfound?: string;
  readonly scanner: string;
  readonly hours: number;
}

/** Somebody who scans. */
export function scanCase(
  name: string,
  what: string,
  scan: Scan,
  play: (scene: Scene) => void,
): Case {
  return { name, what, honest: false, ...scan, steps: stepsOf(name, scan.hours, play) };
}

function stepsOf(name: string, hours: number, play: (scene: Scene) => void): () => Iterable<Step> {
  return () => {
    const scene = new Scene(name);
    play(scene);
    return scene.run(hours * 3_600_000);
  };
}

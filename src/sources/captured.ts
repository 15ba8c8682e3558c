import { SystemError } from '../kernel/libc.ts';
import { OperatorError } from '../model/errors.ts';
import { Choice } from './choice.ts';
import { InterfaceNews, RETRY_NS } from './interface-news.ts';
import type { HostInterface } from './interface-table.ts';
import type { Interfaces } from './interfaces.ts';

export interface CapturedOptions {
  /** Started. */
  readonly interfaces: Interfaces;
  /** Only these interfaces; empty: every one in use, also those that come later. */
  readonly asked: readonly string[];
  /** Told the interfaces whose packets are wanted, whenever these have changed. */
  readonly choose: (indexes: readonly number[]) => void;
  /** Told this host's own addresses, 16 bytes each. */
  readonly setOwn: (addresses: readonly Uint8Array[]) => void;
}

/** Interfaces that are captured from: older kernels take no longer filter (net.core.optmem_max). */
const MOST_INTERFACES = 512;

/** The interfaces whose packets are captured, as WatchedInterfaces are those that the guard sits on. */
export class CapturedInterfaces {
  readonly #options: CapturedOptions;
  readonly #choice: Choice;
  readonly #news = new InterfaceNews();
  #chosen: ReadonlyMap<number, HostInterface> = new Map();
  #tooMany = 0;
  /** The last choice is not in force: why. */
  #failure: string | undefined;
  #retryNs = 0;

  constructor(options: CapturedOptions) {
    this.#options = options;
    this.#choice = new Choice(options.asked);
  }

  /** Chooses among what is there. Throws OperatorError when an interface can't be had. */
  start(): void {
    this.#choice.atStart(this.#options.interfaces.all);
    this.#choose();
    if (this.#chosen.size === 0)
      throw new OperatorError(
        'there is no interface to watch',
        'name one with -i, or bring one up',
        { final: true },
      );
    for (const one of this.#chosen.values()) this.#news.came(one);
    this.#options.choose([...this.#chosen.keys()]);
  }

  /** Follows interfaces. @param changed they have, since the last call */
  follow(nowNs: number, changed: boolean): void {
    if (changed) this.#tell(this.#choose(), nowNs);
    if (this.#failure !== undefined && nowNs >= this.#retryNs) this.#force(nowNs);
    for (const one of this.#chosen.values()) this.#news.flipped(one, nowNs);
  }

  /** What happened since the last call, a line each. */
  news(nowNs: number): string[] {
    return this.#news.take(nowNs);
  }

  /** Interfaces that are wanted as well, and beyond what can be captured from. */
  get tooMany(): number {
    return this.#tooMany;
  }

  get names(): string[] {
    return [...this.#chosen.values()].map(({ name }) => name);
  }

  /** Returns those that were chosen before. */
  #choose(): ReadonlyMap<number, HostInterface> {
    const { interfaces, setOwn } = this.#options;
    setOwn(interfaces.addresses());
    const before = this.#chosen;
    const wanted = this.#choice.of(interfaces.all, interfaces.takeGone());
    this.#tooMany = Math.max(0, wanted.length - MOST_INTERFACES);
    this.#chosen = new Map(wanted.slice(0, MOST_INTERFACES).map((one) => [one.index, one]));
    return before;
  }

  #tell(before: ReadonlyMap<number, HostInterface>, nowNs: number): void {
    let changed = false;
    for (const { index, name } of before.values()) {
      if (this.#chosen.has(index)) continue;
      changed = true;
      this.#news.went(index);
      this.#news.tell(`${name} is gone`, nowNs);
    }
    for (const one of this.#chosen.values()) {
      const known = before.get(one.index);
      if (known && known.name !== one.name)
        this.#news.tell(`${known.name} is now called ${one.name}`, nowNs);
      if (known) continue;
      changed = true;
      this.#news.came(one);
      this.#news.tell(`${one.name} is watched from now on`, nowNs);
    }
    if (changed) this.#force(nowNs);
  }

  /** Puts the choice in force; where that fails, the one before stays until it can be. */
  #force(nowNs: number): void {
    try {
      this.#options.choose([...this.#chosen.keys()]);
      this.#failure = undefined;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (this.#failure !== error.message)
        this.#news.tell(`interfaces that changed are not followed: ${error.message}`, nowNs);
      this.#failure = error.message;
      this.#retryNs = nowNs + RETRY_NS;
    }
  }
}

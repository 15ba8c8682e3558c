import type { AttachMode } from '../kernel/hook-plan.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { SystemError } from '../kernel/libc.ts';
import { OperatorError, shortage } from '../model/errors.ts';
import { Choice } from './choice.ts';
import { InterfaceNews, RETRY_NS } from './interface-news.ts';
import type { HostInterface } from './interface-table.ts';
import type { InterfaceCounts, Interfaces } from './interfaces.ts';

/** Time for new interfaces at one look, as attaching takes some ms: the rest waits, so that records don't. */
const LOOK_MS = 50;

export interface WatchedOptions {
  readonly kernel: Kernel;
  readonly interfaces: Interfaces;
  readonly attach: AttachMode;
  readonly blocking: boolean;
  /** Only these interfaces; empty: every one in use, also those that come later. */
  readonly asked: readonly string[];
}

export interface WatchedCounts extends InterfaceCounts {
  /** Changes that were counted instead of told in a line. */
  readonly untold: number;
}

/** The interfaces that the guard sits on: the one place where one is taken up and let go of. */
export class WatchedInterfaces {
  readonly #options: WatchedOptions;
  readonly #choice: Choice;
  readonly #news = new InterfaceNews();
  /** Indexes of interfaces that could not be had, which is told once. */
  readonly #failed = new Set<number>();
  /** Those that could not be had for want of descriptors or memory are tried again then. */
  readonly #lacking = new Set<number>();
  #retryNs = Infinity;
  #locals = '';
  /** There are more to take up. */
  #more = false;

  constructor(options: WatchedOptions) {
    this.#options = options;
    this.#choice = new Choice(options.asked);
  }

  /** Takes up what is there. Throws OperatorError when an interface can't be had. */
  start(): void {
    const { interfaces, kernel } = this.#options;
    this.#setLocals();
    interfaces.takeGone();
    for (const one of this.#choice.atStart(interfaces.all)) this.#takeUp(one);
    if (kernel.hooks.attachments.size === 0)
      throw new OperatorError(
        'there is no interface to watch',
        'name one with -i, or bring one up',
        { final: true },
      );
  }

  /** Lets go of what an earlier run watched and this one does not. */
  dropOthers(nowNs: number): void {
    for (const index of this.#options.kernel.hooks.detachOthers()) {
      const name = this.#options.interfaces.name(index);
      if (name !== undefined)
        this.#news.tell(
          `${name}, which an earlier run watched, is let go: no block holds there`,
          nowNs,
        );
    }
  }

  /** Follows interfaces. @param changed they have, since the last call */
  follow(nowNs: number, changed: boolean): void {
    const { interfaces } = this.#options;
    if (nowNs >= this.#retryNs) {
      this.#retryNs = Infinity;
      this.#more = true;
    }
    if (changed || this.#more) {
      this.#setLocals();
      const gone = interfaces.takeGone();
      this.#letGo(gone, nowNs);
      this.#takeUpAll(this.#choice.of(interfaces.all, gone), nowNs);
    }
    for (const index of this.#options.kernel.hooks.attachments.keys()) {
      const one = interfaces.all.get(index);
      if (one) this.#news.flipped(one, nowNs);
    }
  }

  /** What happened since the last call, a line each. */
  news(nowNs: number): string[] {
    return this.#news.take(nowNs);
  }

  counts(): WatchedCounts {
    return { ...this.#options.interfaces.counts(), untold: this.#news.untold };
  }

  #letGo(gone: ReadonlySet<number>, nowNs: number): void {
    const { hooks } = this.#options.kernel;
    for (const index of gone) {
      this.#failed.delete(index);
      this.#lacking.delete(index);
      const attachment = hooks.attachments.get(index);
      if (!attachment) continue;
      // Of one that went into another network namespace the kernel keeps the links, and with them our programs.
      hooks.detach(index);
      this.#news.went(index);
      this.#news.tell(`${attachment.iface} is gone`, nowNs);
    }
  }

  #takeUpAll(wanted: readonly HostInterface[], nowNs: number): void {
    const { hooks } = this.#options.kernel;
    const begin = performance.now();
    this.#more = false;
    for (const one of wanted) {
      const attachment = hooks.attachments.get(one.index);
      if (attachment && attachment.iface !== one.name) {
        hooks.rename(one.index, one.name);
        this.#news.tell(`${attachment.iface} is now called ${one.name}`, nowNs);
      }
      if (attachment || this.#failed.has(one.index)) continue;
      this.#more = performance.now() - begin > LOOK_MS;
      if (this.#more) break;
      this.#takeUpLater(one, nowNs);
    }
  }

  /** Takes up one that came while the program runs: that it can't be had is told. */
  #takeUpLater(one: HostInterface, nowNs: number): void {
    try {
      this.#takeUp(one);
      this.#news.tell(`${one.name} is watched from now on`, nowNs);
    } catch (error) {
      const lacking = shortage(error instanceof OperatorError ? error.cause : error);
      if (lacking) {
        this.#retryNs = nowNs + RETRY_NS;
        if (this.#lacking.has(one.index)) return;
        this.#lacking.add(one.index);
        this.#news.tell(`${one.name} is not watched: ${lacking.message}: ${lacking.hint}`, nowNs);
        return;
      }
      if (!(error instanceof OperatorError)) throw error;
      this.#failed.add(one.index);
      // That it went again meanwhile is the next news.
      if (!(error.cause instanceof SystemError && error.cause.code === 'ENODEV'))
        this.#news.tell(error.message, nowNs);
    }
  }

  #takeUp(one: HostInterface): void {
    this.#options.kernel.hooks.attach(one, this.#options.attach, this.#options.blocking);
    this.#news.came(one);
  }

  #setLocals(): void {
    const addresses = this.#options.interfaces.addresses();
    const key = addresses.map((a) => Buffer.from(a).toString('latin1')).join('');
    if (key === this.#locals) return;
    this.#options.kernel.setLocals(addresses);
    this.#locals = key;
  }
}

import type { Owner } from '../kernel/about.ts';
import type { Carried } from '../kernel/carry.ts';
import type { AttachMode } from '../kernel/hook-plan.ts';
import type { Attachment } from '../kernel/hooks.ts';
import { Kernel } from '../kernel/kernel.ts';
import { monotonicNs } from '../kernel/monotonic.ts';
import type { KernelOptions } from '../kernel/options.ts';
import type { Ring } from '../kernel/ring.ts';
import { OperatorError } from '../model/errors.ts';
import type { RecordBatch } from '../wire/batch.ts';
import { Flag, Head, SocketPart } from '../wire/layout.gen.ts';
import { Choice } from './choice.ts';
import type { Interfaces } from './interfaces.ts';
import { Held } from './held.ts';
import type { Source, SourceCounts, Written } from './source.ts';
import { WatchedInterfaces } from './watched.ts';
import { TcpState } from '../model/tcp-state.ts';
import { u64 } from '../wire/words.ts';

export interface EbpfOptions {
  readonly kernel: KernelOptions;
  readonly attach: AttachMode;
  /** Started. */
  readonly interfaces: Interfaces;
  /** Only these interfaces; empty: every one with a non-link-local address, also those that come later. */
  readonly asked: readonly string[];
  /** Who is to have what is pinned. */
  readonly owner: Owner;
  /** What the guard must know before its first packet: the never-block list; owners of sockets are known by then. */
  readonly beforeAttach?: (kernel: Kernel) => void;
  /** What is loaded beside the guard, and may be refused: then another program that runs goes on. */
  readonly loadMore?: (kernel: Kernel) => void;
  /** Ends that, as far as it came, before its kernel is closed: `loadMore` may follow for another one. */
  readonly unloadMore?: () => void;
}

const SECOND_NS = 1e9;
/** Who doesn't write takes with `take`. */
const ALL: Written = { made: 0, written: 0 };
/** Records handed on in one call; the rest waits for the next, so that signals and commands get their turn. */
const CALL_LIMIT = 131_072;

/** A batch whose offsets are refilled for every run of records. */
interface Run extends RecordBatch {
  at: Uint32Array;
  count: number;
}

/**
 * The kernel source: the guard and egress programs on interfaces, the tracepoints on sockets, two rings.
 * Records of both rings are handed on in the order of their time.
 */
export class EbpfSource implements Source {
  readonly name = 'ebpf';
  readonly #options: EbpfOptions;
  #kernel: Kernel | undefined;
  #runs: [Run, Run] | undefined;
  #held: Held | undefined;
  #commit: () => Written = () => ALL;
  #nextFlushNs = 0;
  #existing: ((take: (batch: RecordBatch) => void) => number) | undefined;
  #startedNs = 0;
  #watched: WatchedInterfaces | undefined;
  #carried: Carried | undefined;

  constructor(options: EbpfOptions) {
    this.#options = options;
  }

  get kernel(): Kernel {
    if (!this.#kernel) throw new Error('the source is not started');
    return this.#kernel;
  }

  /**
   * Loads everything and changes nothing, so that another program may run meanwhile; `start` then takes no time.
   * What is loaded is loaded again only when other maps are pinned by now.
   */
  load(): void {
    if (this.#kernel?.maps.isCurrent(this.#kernel.pins) === true) return;
    this.leave();
    const kernel = new Kernel(this.#options.kernel);
    try {
      kernel.tracepoints.prepare();
      const { interfaces, asked } = this.#options;
      for (const one of new Choice(asked).atStart(interfaces.all))
        kernel.hooks.prepare(one, this.#options.attach, this.#options.kernel.block);
      this.#options.loadMore?.(kernel);
    } catch (error) {
      this.#options.unloadMore?.();
      kernel.close();
      throw error;
    }
    this.#kernel = kernel;
  }

  start(): void {
    this.load();
    const kernel = this.kernel;
    this.#runs = [runOf(kernel.events), runOf(kernel.attempts)];
    this.#held = new Held([kernel.events, kernel.attempts]);
    this.#startedNs = monotonicNs();
    try {
      kernel.claim(this.#options.owner);
      kernel.limits.push(...kernel.tracepoints.attach());
      kernel.findOwners();
      this.#options.beforeAttach?.(kernel);
      const watched = new WatchedInterfaces({
        ...this.#options,
        kernel,
        blocking: this.#options.kernel.block,
      });
      this.#watched = watched;
      watched.start();
      const deaf = this.#deaf()[0];
      if (this.#options.kernel.rule === 'weighted' && deaf !== undefined)
        throw new OperatorError(
          `the weighted rule needs to see what leaves by ${deaf}, and that needs TCX (Linux 6.6)`,
          'use --rule reference',
        );
      watched.dropOthers(this.#startedNs);
      this.#carried = kernel.settle();
    } catch (error) {
      this.#options.unloadMore?.();
      kernel.abandon();
      this.#kernel = undefined;
      throw error;
    }
    this.#existing = (take) => kernel.existing(take);
  }

  /** What became of the blocks in tables of another layout. */
  get carried(): Carried | undefined {
    return this.#carried;
  }

  /** The interfaces that are watched. */
  get watched(): WatchedInterfaces {
    if (!this.#watched) throw new Error('the source is not started');
    return this.#watched;
  }

  drain(
    nowNs: number,
    take: (batch: RecordBatch) => void,
    commit: () => Written = () => ALL,
  ): number {
    this.#commit = commit;
    const kernel = this.kernel;
    if (nowNs >= this.#nextFlushNs) {
      kernel.flushSums();
      this.#nextFlushNs = nowNs + SECOND_NS;
    }
    let total = 0;
    while (total < CALL_LIMIT) {
      const n = this.#merge(nowNs, take);
      this.#settle(n > 0);
      total += n;
      if (n === 0) break;
    }
    if (this.#existing) {
      const existing = this.#existing;
      this.#existing = undefined;
      total += existing((batch) => take(this.#older(batch)));
    }
    return total;
  }

  /** What was seen of a handshake that is not told as open (Answer of flow). */
  answered(idLo: number, idHi: number): number {
    return this.kernel.answered(idLo, idHi);
  }

  counts(): SourceCounts {
    const c = this.kernel.counters();
    return {
      records: this.kernel.attempts.records + this.kernel.events.records,
      lost: {
        attempts: c.attempts_lost + c.sums_lost,
        answers: c.answers_lost,
        outbound: c.outbound_lost,
        sockets: c.sockets_lost,
        verdicts: c.verdicts_lost,
      },
    };
  }

  limits(): readonly string[] {
    const limits = [...this.kernel.limits, ...this.#options.interfaces.limits()];
    const deaf = this.#deaf();
    if (deaf.length > 0)
      limits.push(
        `what leaves by ${deaf.join(', ')} is not seen (TCX needs Linux 6.6): refused attempts show as timeouts`,
      );
    return limits;
  }

  attachments(): Attachment[] {
    return [...this.kernel.hooks.attachments.values()];
  }

  /** With blocking on, the guard stays where it is: blocks run to their end without us. */
  stop(): void {
    this.#settle(false);
    this.#kernel?.stop(this.#options.kernel.block && !this.#options.kernel.dryRun);
    this.#kernel = undefined;
  }

  /** Everything stays as it is, for the program that takes over. */
  leave(): void {
    this.#settle(false);
    if (this.#kernel) this.#options.unloadMore?.();
    this.#kernel?.close();
    this.#kernel = undefined;
  }

  /** Detaches and unpins everything, blocks or not. */
  release(): void {
    this.#kernel?.release();
    this.#kernel = undefined;
  }

  /** Interfaces of which only what comes in is seen. */
  #deaf(): string[] {
    return this.attachments()
      .filter((attachment) => !attachment.egress)
      .map((attachment) => attachment.iface);
  }

  #settle(more: boolean): void {
    const held = this.#held;
    if (!held || (held.empty && !more)) return;
    const written = this.#commit();
    if (more) held.hold(written);
    held.settle(written);
  }

  /** Without the sockets of this run: records of their own tell of them, and may be in the rings still. */
  #older(batch: RecordBatch): RecordBatch {
    const { words, bytes } = batch;
    const at = batch.at.filter((offset) => {
      const before = (bytes[offset + Head.flags]! & Flag.BEFORE) !== 0;
      const start = (offset + SocketPart.start_ns) >> 2;
      const startNs = u64(words, start);
      const unsent =
        bytes[offset + SocketPart.state] === TcpState.SYN_SENT &&
        words[(offset + Head.isn) >> 2] === 0;
      return before || (startNs < this.#startedNs && !unsent);
    });
    return { words, bytes, at, count: at.length };
  }

  /**
   * One window of both rings, merged by time. Only what is older than `nowNs` is taken: events are collected before
   * attempts, so that whatever led to an event is there when the event is.
   */
  #merge(nowNs: number, take: (batch: RecordBatch) => void): number {
    const { events, attempts } = this.kernel;
    const [eventRun, attemptRun] = this.#runs!;
    events.collect();
    attempts.collect();
    let cutoffNs = nowNs;
    for (const ring of [events, attempts])
      if (ring.more && ring.count > 0)
        cutoffNs = Math.min(cutoffNs, ring.timestamp(ring.count - 1));
    let e = 0;
    let a = 0;
    let eventNs = e < events.count ? events.timestamp(e) : Infinity;
    let attemptNs = a < attempts.count ? attempts.timestamp(a) : Infinity;
    while (eventNs <= cutoffNs || attemptNs <= cutoffNs) {
      let n = 0;
      if (attemptNs <= eventNs) {
        const limit = Math.min(eventNs, cutoffNs);
        while (attemptNs <= limit) {
          attemptRun.at[n++] = attempts.at[a++]!;
          attemptNs = a < attempts.count ? attempts.timestamp(a) : Infinity;
        }
        attemptRun.count = n;
        take(attemptRun);
      } else {
        while (eventNs < attemptNs && eventNs <= cutoffNs) {
          eventRun.at[n++] = events.at[e++]!;
          eventNs = e < events.count ? events.timestamp(e) : Infinity;
        }
        eventRun.count = n;
        take(eventRun);
      }
    }
    events.taken(e);
    attempts.taken(a);
    return e + a;
  }
}

function runOf(ring: Ring): Run {
  return { words: ring.words, bytes: ring.bytes, at: new Uint32Array(ring.at.length), count: 0 };
}

import { randomBytes } from 'node:crypto';
import { Flow, FLOW_DEFAULTS } from '../flow/flow.ts';
import { Firewall } from '../guard/firewall.ts';
import { TABLE } from '../guard/nft-script.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { requireObjects } from '../kernel/objects.ts';
import { OperatorError } from '../model/errors.ts';
import type { Sink } from '../sinks/sink.ts';
import { EbpfSource } from '../sources/ebpf.ts';
import { ProcSource } from '../sources/proc.ts';
import type { Source } from '../sources/source.ts';
import { Clock, monotonicNs } from './clock.ts';
import type { RecordBatch } from '../wire/batch.ts';
import type { WatchConfig } from './config.ts';
import { Detectors } from './detectors.ts';
import { orFallBack } from './fallback.ts';
import { Instance } from './instance.ts';
import { LossReport } from './loss.ts';
import { Metrics } from './metrics.ts';
import { HostNames } from './names.ts';
import { Outputs } from './outputs.ts';
import { Protection } from './protection.ts';
import { statusOf } from './status.ts';

/** Between two looks at the source: the latency of a line. */
const LOOK_MS = 10;
/** The same when nothing came for a second: wake-ups are what an idle program costs. */
const IDLE_LOOK_MS = 25;
/** So many records at one look: each wake-up has cold caches, and further apart they are fewer. */
const MANY = 128;
const MANY_LOOK_MS = 20;
const VERY_MANY = 512;
const VERY_MANY_LOOK_MS = 50;
/** So many records at one look: more wait, so that deadlines must too. */
const BEHIND = 65_536;
const SECOND_NS = 1e9;

/** `packetwatch watch`: a source, the flow, a sink, and what keeps them current. */
export class Watch {
  readonly #config: WatchConfig;
  readonly #note: (line: string) => void;
  readonly #clock = new Clock();
  readonly #instance = new Instance();
  readonly #startedNs = monotonicNs();
  #source!: Source;
  #names!: HostNames;
  #outputs!: Outputs;
  #sink!: Sink;
  #flow!: Flow;
  #loss!: LossReport;
  #protection: Protection | undefined;
  readonly #metrics: Metrics | undefined;
  /** With --block=nft. */
  #firewall: Firewall | undefined;
  #nextSecondNs = 0;
  #lastTakenNs = 0;
  #detectors!: Detectors;
  readonly #take = (records: RecordBatch): void => {
    const batch = this.#firewall?.take(records, monotonicNs()) ?? records;
    this.#flow.take(batch);
    this.#detectors.judge(batch);
    this.#takeVerdicts();
  };
  readonly #lookAgain = (): void => this.#look();
  readonly #commit = (): void => this.#sink.flush();
  #timer: NodeJS.Timeout | undefined;
  #timerMs = -1;
  #end: ((error?: unknown) => void) | undefined;
  #stopped = false;
  #releasing = false;

  /** @param note told what the operator should know, a line each (standard error) */
  constructor(config: WatchConfig, note: (line: string) => void) {
    this.#config = config;
    this.#note = note;
    if (config.listen) this.#metrics = new Metrics(config.listen, note);
  }

  /** Opens everything and tells what is watched. */
  async start(): Promise<void> {
    // Before anything is attached: who can't listen where it was told to leaves the kernel as it was.
    const [listening] = await Promise.allSettled([this.#metrics?.start()]);
    try {
      const orProc = <T>(step: () => T) => orFallBack(this.#config, this.#note, step);
      const claimed = this.#config.source !== 'proc' && orProc(() => this.#claim());
      if (listening.status === 'rejected') throw asError(listening.reason);
      const source = claimed ? orProc(() => this.#startEbpf()) : undefined;
      this.#source = source ?? this.#startProc();
      this.#startFlow();
      this.#metrics?.watch(() => ({ ...this.#parts(), detectors: this.#detectors }));
      this.#tellStart();
    } catch (error) {
      this.#metrics?.stop();
      throw error;
    }
  }

  #startFlow(): void {
    const ebpf = this.#ebpf();
    this.#names = new HostNames(ebpf?.kernel);
    this.#outputs = new Outputs({
      config: this.#config,
      clock: this.#clock,
      names: this.#names,
      note: this.#note,
    });
    this.#sink = this.#outputs.sink;
    const windowNs = this.#config.kernel.windowSeconds * SECOND_NS;
    this.#detectors = new Detectors({
      seed: randomBytes(4).readUInt32LE(0),
      listener: this.#sink,
      reference: ebpf ? undefined : { ports: this.#config.kernel.ports, windowNs },
    });
    this.#flow = new Flow({
      ...FLOW_DEFAULTS,
      scanWindowNs: windowNs,
      seed: randomBytes(4).readUInt32LE(0),
      watchesAnswers: ebpf !== undefined,
      listener: this.#detectors,
      answered: (low, high) => ebpf?.kernel.answered(low, high) ?? 0,
    });
    this.#loss = new LossReport(this.#source, this.#sink);
  }

  /** Runs until `stop`, a failure or the configured duration. */
  async run(): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#end = (error) => {
          if (error === undefined) resolve();
          else reject(asError(error));
        };
        if (this.#stopped) resolve();
        else this.#look();
      });
    } finally {
      clearTimeout(this.#timer);
      try {
        this.#finish();
      } finally {
        await this.#outputs.stop(); // last: it may take seconds
      }
    }
  }

  /** Ends `run`, even one that is still to come. */
  stop(): void {
    this.#stopped = true;
    this.#end?.();
  }

  /** Makes this the one program of its network namespace. */
  #claim(): true {
    requireObjects();
    this.#instance.start({
      status: () => statusOf(this.#parts()),
      release: () => {
        this.#releasing = true;
        setImmediate(() => this.stop());
        return { released: true };
      },
    });
    return true;
  }

  #startEbpf(): EbpfSource {
    const ebpf = new EbpfSource({
      kernel: this.#config.kernel,
      attach: this.#config.attach,
      interfaces: this.#config.interfaces,
      beforeAttach: (kernel) => this.#protect(kernel),
    });
    ebpf.start();
    return ebpf;
  }

  /** Before the first packet is judged. */
  #protect(kernel: Kernel): void {
    const { block, kernel: options } = this.#config;
    if (block === 'nft' && !options.dryRun) {
      this.#firewall = new Firewall({
        ttlNs: options.blockSeconds * SECOND_NS,
        blockMax: options.blockMax,
        cutEstablished: options.blockEstablished,
        confirmedNs: options.confirmedSeconds * SECOND_NS,
        isNever: (address) => kernel.never.covers({ address, length: 128 }),
        note: this.#note,
      });
      this.#firewall.start(monotonicNs());
    }
    this.#protection = new Protection(kernel, this.#firewall, this.#note);
    this.#protection.refresh(monotonicNs());
  }

  #startProc(): Source {
    if (this.#config.block !== 'off')
      throw new OperatorError(
        '--block needs the kernel, and --source proc only reads',
        'use --source ebpf as root',
      );
    if (this.#config.interfaces.length > 0)
      throw new OperatorError(
        '/proc tells nothing of interfaces',
        'leave -i out, or use --source ebpf as root',
      );
    const proc = new ProcSource({ intervalMs: this.#config.intervalSeconds * 1000 });
    proc.start();
    return proc;
  }

  #tellStart(): void {
    const ebpf = this.#ebpf();
    if (ebpf) {
      const where = ebpf.attachments().map((a) => `${a.iface} (${a.hook})`);
      this.#note(`watching ${where.join(', ')}`);
    } else {
      this.#note(`reading /proc/net/tcp every ${this.#config.intervalSeconds} s`);
    }
    for (const limit of this.#source.limits()) this.#note(limit);
    if (ebpf && !this.#config.kernel.block) {
      const left = ebpf.kernel.table.blocks(monotonicNs()).active.length;
      if (left > 0)
        this.#note(
          `took over ${left} blocks of an earlier run; they end with this one: add --block to keep them`,
        );
    }
    if (this.#config.kernel.dryRun) this.#note('dry run: nothing is blocked');
    else if (this.#config.block !== 'off' && this.#config.kernel.rule === 'reference')
      this.#note(
        'blocking by the reference rule, which also finds honest clients that use many ports; --rule weighted is the better one for it',
      );
  }

  #look(): void {
    try {
      const nowNs = monotonicNs();
      let taken = 0;
      if (!this.#sink.backlogged) {
        taken = this.#drain(nowNs);
        if (taken < BEHIND) this.#tick(nowNs);
      }
      if (nowNs >= this.#nextSecondNs) this.#everySecond(nowNs);
      this.#sink.flush();
      const { durationSeconds } = this.#config;
      if (durationSeconds !== undefined && nowNs - this.#startedNs >= durationSeconds * SECOND_NS)
        this.stop();
      else this.#schedule(nowNs, taken);
    } catch (error) {
      this.#end?.(error);
    }
  }

  #everySecond(nowNs: number): void {
    this.#nextSecondNs = nowNs + SECOND_NS;
    this.#clock.correct();
    this.#loss.tell(nowNs);
    const ebpf = this.#ebpf();
    if (!ebpf) return;
    ebpf.refresh();
    for (const line of ebpf.news()) this.#note(line);
    ebpf.kernel.sweepBlocks(nowNs);
    this.#protection?.refresh(nowNs);
    if (this.#firewall) this.#flow.take(this.#firewall.tick(nowNs));
  }

  /** Looks again: soon, but not for each handful of records when many come, nor for none. */
  #schedule(nowNs: number, taken: number): void {
    if (taken > 0) this.#lastTakenNs = nowNs;
    let ms: number = LOOK_MS;
    if (taken >= BEHIND) ms = 0;
    else if (taken >= VERY_MANY) ms = VERY_MANY_LOOK_MS;
    else if (taken >= MANY) ms = MANY_LOOK_MS;
    else if (nowNs - this.#lastTakenNs > SECOND_NS) ms = IDLE_LOOK_MS;
    if (this.#timer && ms === this.#timerMs) {
      this.#timer.refresh();
      return;
    }
    this.#timerMs = ms;
    this.#timer = setTimeout(this.#lookAgain, ms);
  }

  #takeVerdicts(): void {
    if (this.#detectors.verdicts.count === 0) return;
    this.#flow.take(this.#detectors.verdicts);
    this.#detectors.verdicts.clear();
  }

  #tick(nowNs: number): void {
    this.#flow.tick(nowNs);
    this.#takeVerdicts();
  }

  #drain(nowNs: number): number {
    return this.#source.drain(nowNs, this.#take, this.#commit);
  }

  /** The last records, then everything is closed; with --block the guard stays. */
  #finish(): void {
    const ebpf = this.#ebpf();
    this.#metrics?.stop();
    try {
      if (!this.#sink.backlogged) {
        ebpf?.kernel.flushSums(true);
        while (this.#drain(monotonicNs()) >= BEHIND && !this.#sink.backlogged);
        this.#tick(monotonicNs());
        this.#flow.stop(monotonicNs());
        this.#loss.tell(monotonicNs());
      }
      this.#sink.stop();
    } finally {
      if (this.#releasing) this.#firewall?.release();
      else this.#firewall?.stop(monotonicNs());
      if (ebpf && this.#releasing) ebpf.release();
      else this.#source.stop();
      this.#instance.stop();
    }
    if (ebpf && this.#releasing)
      this.#note('released: nothing of packetwatch is left in the kernel');
    else if (this.#firewall && this.#firewall.counts().blocks > 0)
      this.#note(
        `blocks stay in the firewall (table ${TABLE}) to their end; \`packetwatch release\` removes them`,
      );
    else if (ebpf && this.#config.kernel.block && !this.#config.kernel.dryRun)
      this.#note(
        'the guard stays attached and blocks run to their end; `packetwatch release` removes it',
      );
  }

  #ebpf(): EbpfSource | undefined {
    return this.#source instanceof EbpfSource ? this.#source : undefined;
  }

  #parts() {
    return {
      config: this.#config,
      source: this.#source,
      flow: this.#flow,
      sink: this.#sink,
      firewall: this.#firewall,
      alerts: this.#outputs.alerts(),
      startedNs: this.#startedNs,
      nowNs: monotonicNs(),
    };
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('not an error', { cause: error });
}

import type { Firewall } from '../guard/firewall.ts';
import { monotonicNs } from '../kernel/monotonic.ts';
import { Plugins } from '../plugins/plugins.ts';
import { LogFile } from '../sinks/log-file.ts';
import type { Sink } from '../sinks/sink.ts';
import { Store } from '../store/store.ts';
import { EbpfSource } from '../sources/ebpf.ts';
import type { Source, Written } from '../sources/source.ts';
import { Clock } from './clock.ts';
import type { RecordBatch } from '../wire/batch.ts';
import type { WatchConfig } from './config.ts';
import type { Commands } from './command-socket.ts';
import { Heap } from './heap.ts';
import { Losses, lossesOf } from './loss.ts';
import { Listener } from './listener.ts';
import { Claim } from './claim.ts';
import { type HandedOver, type Swap, swapOf } from './hand-over.ts';
import { HostNames } from './names.ts';
import { Outputs } from './outputs.ts';
import { endingBlocks, endNote, startNotes } from './notes.ts';
import { openSource } from './open-source.ts';
import { BEHIND, Pace } from './pace.ts';
import { PinRepair } from './pin-repair.ts';
import type { Pipeline } from './pipeline.ts';
import { livePipeline } from './live-pipeline.ts';
import { Resync } from './resync.ts';
import { Surroundings } from './surroundings.ts';
import { commandsOf } from './watch-commands.ts';
import { asError } from '../model/errors.ts';

const SECOND_NS = 1e9;

/** `packetwatch watch`: a source, the flow, a sink, and what keeps them current. */
export class Watch {
  readonly #config: WatchConfig;
  readonly #note: (line: string) => void;
  readonly #clock = new Clock();
  readonly #claim: Claim;
  readonly #startedNs = monotonicNs();
  readonly #heap = new Heap();
  #source!: Source;
  #outputs!: Outputs;
  #sink!: Sink;
  #pipeline!: Pipeline;
  #surroundings!: Surroundings;
  readonly #log: LogFile | undefined;
  readonly #store: Store | undefined;
  #losses!: Losses;
  #plugins!: Plugins;
  #pins: PinRepair | undefined;
  /** With a source that sees the sockets of its own network namespace only: those of others can't be looked at. */
  #resync: Resync | undefined;
  readonly #listener: Listener | undefined;
  /** With --block=nft. */
  #firewall: Firewall | undefined;
  #nextSecondNs = 0;
  readonly #pace = new Pace(() => this.#look());
  readonly #take = (records: RecordBatch): void => {
    this.#pipeline.take(this.#firewall?.take(records, monotonicNs()) ?? records);
  };
  readonly #commit = (): Written => {
    this.#sink.flush();
    return this.#sink.written();
  };
  #end: ((error?: unknown) => void) | undefined;
  #stage: 'starting' | 'running' | 'ending' = 'starting';
  #stopped = false;
  #releasing = false;
  /** Tells the program that takes over, once everything is told. */
  #handOver: ((handed: HandedOver) => void) | undefined;
  #lastReadNs = 0;
  #swap: Swap | undefined;

  /** @param note told what the operator should know, a line each (standard error) */
  constructor(config: WatchConfig, note: (line: string) => void) {
    this.#config = config;
    this.#note = note;
    if (config.logFile !== undefined) this.#log = new LogFile(config.logFile);
    if (config.store) this.#store = new Store(config.store, note);
    const { listen: address, tls } = config;
    const [store, parts] = [this.#store, () => this.#parts()];
    if (address) this.#listener = new Listener({ address, tls, store, note, parts });
    this.#claim = new Claim({ config, listener: this.#listener, commands: this.#commands() });
  }

  /** Opens everything and tells what is watched. */
  async start(): Promise<void> {
    // Before anything is attached: who can't write or listen where it was told to leaves the kernel as it was.
    this.#log?.open();
    await this.#claim.listen();
    try {
      this.#store?.start();
      this.#plugins = await Plugins.open(this.#config.plugins, this.#note);
      const opened = await openSource({
        config: this.#config,
        note: this.#note,
        plugins: this.#plugins,
        claim: (load) => this.#claim.take(load),
        beforeAttach: () => this.#claim.mustListen(),
      });
      this.#source = opened.source;
      this.#surroundings = new Surroundings(opened, this.#note);
      this.#firewall = opened.firewall;
      this.#startFlow();
      this.#listener?.watch();
      this.#stage = 'running';
    } catch (error) {
      this.#listener?.stop();
      this.#claim.instance.stop();
      await this.#store?.stop();
      throw error;
    }
  }

  #startFlow(): void {
    this.#clock.aim();
    const ebpf = this.#ebpf();
    if (ebpf) this.#pins = new PinRepair(ebpf.kernel.pins, this.#note);
    const names = new HostNames(ebpf?.kernel, this.#surroundings.interfaces);
    this.#outputs = new Outputs({
      config: this.#config,
      clock: this.#clock,
      names,
      log: this.#log,
      onlookers: this.#listener?.sinks(this.#clock, names, () => this.#pipeline.flow.table) ?? [],
      store: this.#store,
      note: this.#note,
    });
    this.#sink = this.#outputs.sink;
    this.#pipeline = livePipeline(this.#source, this.#config, this.#sink);
    if (ebpf && !this.#config.kernel.allNetns) this.#resync = new Resync(ebpf, this.#pipeline.flow);
    this.#plugins.connect({ sink: this.#sink, names });
    const { parts } = this.#outputs;
    this.#losses = new Losses(parts, () => lossesOf(this.#parts()), this.#claim.handed?.lost);
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
        else this.#firstLook();
      });
    } finally {
      this.#pace.stop();
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

  /** Goes on in the log file that has the name now: the one before was renamed. */
  reopenLog(): void {
    try {
      this.#outputs?.reopen();
    } catch (error) {
      this.#end?.(error);
    }
  }

  #commands(): Commands {
    return commandsOf({
      stage: () => this.#stage,
      parts: () => this.#parts(),
      history: () => this.#store?.history,
      release: () => {
        this.#releasing = true;
        this.stop();
      },
      handOver: () => {
        setImmediate(() => this.stop());
        return new Promise<HandedOver>((resolve) => {
          this.#handOver = resolve;
        });
      },
    });
  }

  /** From here on every connection is known, also those that were there before: only now it is said what is watched. */
  #firstLook(): void {
    this.#look();
    if (!this.#stopped) for (const line of startNotes(this.#config, this.#source)) this.#note(line);
  }

  #look(): void {
    try {
      const nowNs = monotonicNs();
      this.#surroundings.follow(nowNs);
      let taken = 0;
      if (!this.#sink.backlogged) {
        taken = this.#drain(nowNs);
        this.#plugins.drain();
        if (taken < BEHIND) {
          this.#pipeline.tick(nowNs);
          this.#resync?.look(nowNs);
        }
      }
      if (nowNs >= this.#nextSecondNs) this.#everySecond(nowNs);
      this.#sink.flush();
      this.#store?.look();
      const { durationSeconds } = this.#config;
      if (durationSeconds !== undefined && nowNs - this.#startedNs >= durationSeconds * SECOND_NS)
        this.stop();
      else this.#pace.again(nowNs, taken);
    } catch (error) {
      this.#end?.(error);
    }
  }

  #everySecond(nowNs: number): void {
    this.#nextSecondNs = nowNs + SECOND_NS;
    this.#outputs.watch();
    this.#heap.look();
    this.#losses.tell(nowNs);
    this.#listener?.sample();
    const ebpf = this.#ebpf();
    if (!ebpf) return;
    this.#pins?.look();
    this.#plugins.tick(nowNs);
    ebpf.kernel.sweepBlocks(nowNs);
    if (this.#firewall) this.#pipeline.flow.take(this.#firewall.tick(nowNs));
  }

  #drain(nowNs: number): number {
    this.#swap ??= swapOf(nowNs, this.#claim.handed, this.#ebpf()?.kernel.hooks.replacedMs);
    this.#lastReadNs = nowNs;
    this.#clock.correct();
    return this.#source.drain(nowNs, this.#take, this.#commit);
  }

  /** The last records, then everything is closed; with --block the guard stays. */
  #finish(): void {
    this.#stage = 'ending';
    this.#store?.letGo();
    const ebpf = this.#ebpf();
    const ending = this.#handOver ? 0 : endingBlocks(this.#config, this.#source);
    this.#listener?.stop();
    try {
      if (!this.#sink.backlogged) {
        ebpf?.kernel.flushSums(true);
        while (this.#drain(monotonicNs()) >= BEHIND && !this.#sink.backlogged);
        this.#pipeline.tick(monotonicNs());
        this.#pipeline.flow.stop(monotonicNs());
      }
      this.#plugins.stop();
      this.#losses.tell(monotonicNs());
      this.#sink.stop();
    } finally {
      if (this.#releasing) this.#firewall?.release();
      else this.#firewall?.stop(monotonicNs());
      if (ebpf && this.#handOver) ebpf.leave();
      else if (ebpf && this.#releasing) ebpf.release();
      else this.#source.stop();
      this.#surroundings.stop();
      if (this.#handOver) this.#claim.instance.handOver();
      else this.#claim.instance.stop();
    }
    const how = this.#handOver ? 'replaced' : this.#releasing ? 'released' : 'ended';
    const line = endNote(this.#config, this.#source, this.#firewall, how, ending);
    if (line !== undefined) this.#note(line);
    this.#handOver?.({ pid: process.pid, readNs: this.#lastReadNs, lost: this.#losses.told });
  }

  #ebpf(): EbpfSource | undefined {
    return this.#source instanceof EbpfSource ? this.#source : undefined;
  }

  #parts() {
    return {
      config: this.#config,
      source: this.#source,
      flow: this.#pipeline.flow,
      detectors: this.#pipeline.detectors,
      sink: this.#sink,
      firewall: this.#firewall,
      swap: this.#swap,
      plugins: this.#plugins,
      alerts: this.#outputs.alerts(),
      store: this.#store?.counts(),
      startedNs: this.#startedNs,
      nowNs: monotonicNs(),
    };
  }
}

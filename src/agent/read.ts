import type { CapturedPacket } from '../packet/captured-packet.ts';
import type { Filter } from '../filter/filter.ts';
import { EventCode } from '../model/events.ts';
import { FilteredSink } from '../sinks/filtered.ts';
import { descriptor, Output } from '../sinks/output.ts';
import type { Format, Sink } from '../sinks/sink.ts';
import { CaptureFiles, type CaptureTaker } from '../sources/capture-files.ts';
import { CaptureInput, TOO_MANY } from '../sources/capture-input.ts';
import { LogNames } from '../sources/log-names.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { CapturePath, type CapturePathOptions } from './capture-path.ts';
import { lineSink } from './line-sink.ts';
import { PacketCopy } from './packet-copy.ts';
import type { Progress } from './progress.ts';
import { readNotes } from './read-notes.ts';

/** What `packetwatch read` was asked for. */
export interface ReadConfig extends Omit<CapturePathOptions, 'listener'> {
  /** Paths; `-` is standard input. */
  readonly files: readonly string[];
  readonly format: Format;
  /** Which events are told; undefined: all. Detection doesn't know it. */
  readonly filter: Filter | undefined;
  /** Tell the control blocks of connections that are over. */
  readonly tcb: boolean;
  /** Where the packets go that pass the filter, `-` is standard output; undefined: nowhere. */
  readonly write: string | undefined;
}

/** Read at once of each file: it fits into the processor's second cache. Many files share, since all are open. */
const CHUNK_BYTES = { most: 262_144, least: 65_536, shared: 16_777_216 } as const;
/** Signals and timers get their turn so often. */
const TURN_MS = 50;
/** A reader that doesn't keep up is asked again so often. */
const WAIT_MS = 5;

/** `packetwatch read`: capture files through the same flow, detectors and sinks as live, by the packets' clock. */
export class Read implements CaptureTaker {
  readonly #config: ReadConfig;
  readonly #note: (line: string) => void;
  readonly #inputs: readonly CaptureInput[];
  readonly #files: CaptureFiles;
  readonly #output: Output = new Output({ target: descriptor(1, 'standard output') });
  /** Captures have none. */
  readonly #names: LogNames = new LogNames();
  readonly #sink: Sink;
  readonly #path: CapturePath;
  readonly #progress: Progress | undefined;
  readonly #copy: PacketCopy | undefined;
  #snapLength = -1;
  #stopped = false;
  /** Files for which there were too many. */
  #unopened = 0;
  #turnMs = performance.now();

  /**
   * @param note told what the operator should know, a line each (standard error)
   * @param progress shown while it reads
   */
  constructor(config: ReadConfig, note: (line: string) => void, progress?: Progress) {
    this.#config = config;
    this.#note = note;
    this.#progress = progress;
    const { files, format, events, filter, tcb } = config;
    const names = this.#names;
    const sink = lineSink(format, {
      output: this.#output,
      clock: { offsetUs: 0 }, // records have the time of their packets
      events,
      names,
      tcb,
    });
    this.#sink = filter ? new FilteredSink(sink, filter) : sink;
    if (config.write !== undefined) this.#copy = new PacketCopy(config.write, filter);
    this.#path = new CapturePath({ ...config, listener: this.#sink });
    const share = Math.floor(CHUNK_BYTES.shared / files.length);
    const chunk = Math.max(CHUNK_BYTES.least, Math.min(CHUNK_BYTES.most, share));
    const isAllTaken = this.#path.takesAll || config.write !== undefined;
    const screen = isAllTaken ? undefined : this.#path.decoder;
    this.#inputs = files.map((file) => new CaptureInput(file, chunk, { screen, names }));
    this.#files = new CaptureFiles(this.#inputs, this);
  }

  /** Reads everything; false: not all of it could be read, which was told. */
  async run(): Promise<boolean> {
    try {
      this.#copy?.check(this.#config.files);
      await this.#files.run();
      await this.#endAll();
      this.#path.stop();
      this.#sink.stop();
      if (this.#inputs.some(({ isCapture }) => isCapture)) this.#copy?.file.end();
      await this.pause();
      await this.#untilWritten();
    } finally {
      this.#progress?.clear();
      this.#copy?.file.close();
      await this.#files.close();
    }
    const toldScans = (this.#config.events & (1 << EventCode.scan)) !== 0;
    const path = this.#path;
    const notes = readNotes({
      decoder: path.decoder,
      scans: toldScans ? 0 : path.scans,
      sources_evicted: path.sourcesEvicted,
      connections_evicted: path.connectionsEvicted,
      untold: path.untold,
      unopened: Math.max(0, this.#unopened - 1),
      unwritten: this.#output.waiting + this.#output.counts().lost,
      strange: this.#inputs.reduce((sum, { fault, strange }) => sum + (fault ? 0 : strange), 0),
      stopped: this.#stopped,
    });
    for (const line of notes) this.#note(line);
    if (this.#copy) this.#note(this.#copy.note(path.decoder.packets));
    const { unknown } = path.decoder;
    return (
      !this.#stopped && unknown.size === 0 && this.#inputs.every(({ fault }) => fault === undefined)
    );
  }

  /** Ends `run` after what was read so far. */
  stop(): void {
    this.#stopped = true;
    this.#files.stop();
  }

  packet(bytes: Uint8Array, packet: CapturedPacket): boolean {
    this.#path.take(bytes, packet);
    this.#copy?.take(bytes, packet, this.#path.decoder, this.#snap());
    return this.#backlogged;
  }

  records(records: RecordWriter, time: CapturedPacket, host: string | undefined): boolean {
    this.#path.advance(time);
    this.#names.host = host;
    this.#path.records(records);
    this.#names.host = undefined;
    return this.#backlogged;
  }

  get #backlogged(): boolean {
    return this.#sink.backlogged || this.#copy?.file.backlogged === true;
  }

  /** The longest of all inputs, which are at their first packets when this is asked first; 0: not known. */
  #snap(): number {
    if (this.#snapLength < 0) {
      const all = this.#inputs
        .filter(({ isCapture, hasPackets }) => isCapture && hasPackets)
        .map(({ packet }) => packet.snapLength);
      this.#snapLength = Math.min(...all) === 0 ? 0 : Math.max(...all);
    }
    return this.#snapLength;
  }

  /** Ends the connections that are left. */
  async #endAll(): Promise<void> {
    while (this.#path.endSome()) if (this.#backlogged) await this.#untilTaken();
  }

  pause(): Promise<void> | undefined {
    this.#progress?.beforeLines();
    this.#flush();
    this.#progress?.show(this.#inputs);
    if (this.#backlogged) return this.#untilTaken();
    const nowMs = performance.now();
    if (nowMs - this.#turnMs < TURN_MS) return undefined;
    this.#turnMs = nowMs;
    return new Promise((resolve) => setImmediate(resolve));
  }

  ended(input: CaptureInput): void {
    this.#path.ended(input.packet);
    if (input.fault === undefined) return;
    if (input.fault === TOO_MANY && this.#unopened++ > 0) return;
    this.#progress?.clear();
    this.#note(`${input.name}: ${input.fault}`);
  }

  async #untilTaken(): Promise<void> {
    while (this.#backlogged && !this.#stopped) await this.#flushLater();
  }

  /** The last lines wait for their reader as the others did. */
  async #untilWritten(): Promise<void> {
    for (;;) {
      const { made, written } = this.#sink.written();
      const isWritten = written >= made && this.#copy?.file.isWritten !== false;
      if (isWritten || this.#stopped) return;
      await this.#flushLater();
    }
  }

  async #flushLater(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    this.#flush();
  }

  #flush(): void {
    this.#sink.flush();
    this.#copy?.file.flush();
  }
}

import { hash, randomBytes } from 'node:crypto';
import type { CapturedPacket } from '../packet/captured-packet.ts';
import type { Filter } from '../filter/filter.ts';
import { EventCode, type EventMask } from '../model/events.ts';
import { Inspector } from '../payload/inspector.ts';
import { PassiveNames } from '../payload/passive-names.ts';
import { FilteredSink } from '../sinks/filtered.ts';
import { descriptor, Output } from '../sinks/output.ts';
import type { Format, Sink } from '../sinks/sink.ts';
import { CaptureFiles, type CaptureTaker } from '../sources/capture-files.ts';
import { CaptureInput, TOO_MANY } from '../sources/capture-input.ts';
import { CaptureRecords, recordNs } from '../sources/capture-records.ts';
import { LogNames } from '../sources/log-names.ts';
import { Tracker } from '../track/tracker.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { lineSink } from './line-sink.ts';
import { PacketCopy } from './packet-copy.ts';
import { Pipeline } from './pipeline.ts';
import type { Progress } from './progress.ts';
import { readNotes } from './read-notes.ts';

/** What `packetwatch read` was asked for. */
export interface ReadConfig {
  /** Paths; `-` is standard input. */
  readonly files: readonly string[];
  readonly format: Format;
  readonly events: EventMask;
  /** Of the reference rule. */
  readonly ports: number;
  readonly windowSeconds: number;
  /** Which events are told; undefined: all. Detection doesn't know it. */
  readonly filter: Filter | undefined;
  /** Packets with a wrong checksum are left out. */
  readonly verifyChecksums: boolean;
  /** Where the packets go that pass the filter, `-` is standard output; undefined: nowhere. */
  readonly write: string | undefined;
}

/** Read at once of each file: it fits into the processor's second cache. Many files share, since all are open. */
const CHUNK_BYTES = { most: 262_144, least: 65_536, shared: 16_777_216 } as const;
/** Signals and timers get their turn so often. */
const TURN_MS = 50;
/** A reader that doesn't keep up is asked again so often. */
const WAIT_MS = 5;

/** What packets tell one by one. */
const UNFOLLOWED: EventMask = (1 << EventCode.attempt) | (1 << EventCode.scan);
/** Connections followed at once: half a gigabyte, if there are so many. */
const MAX_CONNECTIONS = 1_048_576;

/** `packetwatch read`: capture files through the same flow, detectors and sinks as live, by the packets' clock. */
export class Read implements CaptureTaker {
  readonly #config: ReadConfig;
  readonly #note: (line: string) => void;
  readonly #inputs: readonly CaptureInput[];
  readonly #files: CaptureFiles;
  readonly #writer: RecordWriter = new RecordWriter();
  /** Undefined: nothing is told that would take it. */
  readonly #tracker: Tracker | undefined;
  readonly #records: CaptureRecords;
  readonly #output: Output = new Output({ target: descriptor(1, 'standard output') });
  /** Captures have none. */
  readonly #names: LogNames = new LogNames();
  readonly #sink: Sink;
  readonly #pipeline: Pipeline;
  readonly #progress: Progress | undefined;
  readonly #copy: PacketCopy | undefined;
  #snapLength = -1;
  /** The latest time of all packets so far, as records have it. */
  #nowNs = 0;
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
    const { files, format, events, filter, ports } = config;
    const follows = (events & ~UNFOLLOWED) !== 0;
    if (follows) {
      const names = new PassiveNames();
      this.#tracker = new Tracker({
        writer: this.#writer,
        seed: randomBytes(4).readUInt32LE(0),
        maxConnections: MAX_CONNECTIONS,
        inspector: new Inspector({ sha256hex: (text) => hash('sha256', text, 'hex'), names }),
        names,
      });
    }
    this.#records = new CaptureRecords(this.#writer, config.verifyChecksums, this.#tracker);
    const share = Math.floor(CHUNK_BYTES.shared / files.length);
    const chunk = Math.max(CHUNK_BYTES.least, Math.min(CHUNK_BYTES.most, share));
    const isAllTaken = follows || config.write !== undefined;
    const screen = isAllTaken ? undefined : this.#records.decoder;
    const names = this.#names;
    this.#inputs = files.map((file) => new CaptureInput(file, chunk, { screen, names }));
    this.#files = new CaptureFiles(this.#inputs, this);
    const sink = lineSink(format, {
      output: this.#output,
      clock: { offsetUs: 0 }, // records have the time of their packets
      events,
      names: this.#names,
    });
    this.#sink = filter ? new FilteredSink(sink, filter) : sink;
    if (config.write !== undefined) this.#copy = new PacketCopy(config.write, filter);
    const windowNs = config.windowSeconds * 1e9;
    this.#pipeline = new Pipeline({
      listener: this.#sink,
      reference: { ports, windowNs, everywhere: true },
      slow: false, // judged by outcomes
      scanWindowNs: windowNs,
      watchesAnswers: false,
      followsPackets: follows,
      answered: () => 0,
    });
  }

  /** Reads everything; false: not all of it could be read, which was told. */
  async run(): Promise<boolean> {
    try {
      this.#copy?.check(this.#config.files);
      await this.#files.run();
      this.#pipeline.tick(this.#nowNs);
      await this.#endAll();
      this.#pipeline.flow.stop(this.#nowNs);
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
    const scans = toldScans ? 0 : this.#pipeline.flow.counts().scans_found.vertical;
    const notes = readNotes({
      decoder: this.#records.decoder,
      scans,
      reference_evicted: this.#pipeline.detectors.counts().reference_evicted,
      connections_evicted: this.#tracker?.counts().evicted ?? 0,
      unopened: Math.max(0, this.#unopened - 1),
      unwritten: this.#output.waiting + this.#output.counts().lost,
      strange: this.#inputs.reduce((sum, { fault, strange }) => sum + (fault ? 0 : strange), 0),
      stopped: this.#stopped,
    });
    for (const line of notes) this.#note(line);
    if (this.#copy) this.#note(this.#copy.note(this.#records.decoder.packets));
    const { unknown } = this.#records.decoder;
    return (
      !this.#stopped && unknown.size === 0 && this.#inputs.every(({ fault }) => fault === undefined)
    );
  }

  /** Ends `run` after what was read so far. */
  stop(): void {
    this.#stopped = true;
    this.#files.stop();
  }

  /**
   * A batch is one record, so that a scan ends before what comes after its silence, and is told right behind the
   * attempt that crossed the threshold.
   */
  packet(bytes: Uint8Array, packet: CapturedPacket): boolean {
    const hasRecords = this.#records.take(bytes, packet);
    this.#copy?.take(bytes, packet, this.#records.decoder, this.#snap());
    if (!hasRecords) return this.#backlogged;
    this.#advance(timeOf(packet));
    this.#handOn();
    return this.#backlogged;
  }

  records(records: RecordWriter, time: CapturedPacket, host: string | undefined): boolean {
    this.#advance(timeOf(time));
    this.#names.host = host;
    this.#pipeline.take(records);
    this.#names.host = undefined;
    return this.#backlogged;
  }

  #advance(tsNs: number): void {
    if (tsNs <= this.#nowNs) return;
    this.#nowNs = tsNs;
    this.#pipeline.tick(tsNs);
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
    while (this.#tracker?.stop() === true) {
      this.#handOn();
      if (this.#backlogged) await this.#untilTaken();
    }
    this.#handOn();
  }

  #handOn(): void {
    this.#pipeline.take(this.#writer);
    this.#writer.clear();
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
    this.#nowNs = Math.max(this.#nowNs, timeOf(input.packet));
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

function timeOf({ seconds, nanoseconds }: CapturedPacket): number {
  return recordNs(seconds, nanoseconds);
}

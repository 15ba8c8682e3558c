import { randomBytes } from 'node:crypto';
import type { CapturedPacket } from '../packet/captured-packet.ts';
import { CaptureFiles, type CaptureTaker } from '../sources/capture-files.ts';
import { CaptureInput } from '../sources/capture-input.ts';
import { CaptureRecords } from '../sources/capture-records.ts';
import { Tracker } from '../track/tracker.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { MAX_CONNECTIONS } from './capture-path.ts';
import type { Progress } from './progress.ts';
import { readNotes } from './read-notes.ts';
import { captureStates } from './states.ts';
import type { States } from '../model/states.ts';

/** Read at once of each file. */
const CHUNK_BYTES = 262_144;

/** Counts the states that both ends of each TCP connection in captures go through. */
export class FileStates implements CaptureTaker {
  readonly #note: (line: string) => void;
  readonly #progress: Progress | undefined;
  readonly #writer: RecordWriter = new RecordWriter();
  readonly #tracker: Tracker;
  readonly #records: CaptureRecords;
  readonly #inputs: readonly CaptureInput[];
  /** Whether all of all files was read. */
  isWhole = true;

  /**
   * @param files paths; `-` is standard input
   * @param note told what the operator should know, a line each
   * @param progress shown while it reads
   */
  constructor(files: readonly string[], note: (line: string) => void, progress?: Progress) {
    this.#note = note;
    this.#progress = progress;
    this.#tracker = new Tracker({
      writer: this.#writer,
      seed: randomBytes(4).readUInt32LE(0),
      maxConnections: MAX_CONNECTIONS,
    });
    this.#records = new CaptureRecords(this.#writer, false, this.#tracker);
    this.#inputs = files.map((file) => new CaptureInput(file, CHUNK_BYTES));
  }

  /** Reads everything. */
  async run(): Promise<States> {
    const files = new CaptureFiles(this.#inputs, this);
    try {
      await files.run();
    } finally {
      this.#progress?.clear();
      await files.close();
    }
    while (this.#tracker.stop()) this.#writer.clear();
    const { decoder } = this.#records;
    const { left, transitions, evicted } = this.#tracker.counts();
    const notes = readNotes({
      decoder,
      scans: 0,
      sources_evicted: 0,
      connections_evicted: evicted,
      untold: 0,
      unopened: 0,
      unwritten: 0,
      strange: 0,
      stopped: false,
    });
    for (const line of notes) this.#note(line);
    if (decoder.unknown.size > 0) this.isWhole = false;
    return captureStates(left, transitions);
  }

  packet(bytes: Uint8Array, packet: CapturedPacket): boolean {
    if (this.#records.take(bytes, packet)) this.#writer.clear();
    return false;
  }

  records(): boolean {
    return false; // `ended` tells of it
  }

  pause(): undefined {
    this.#progress?.show(this.#inputs);
  }

  ended({ name, fault, isCapture }: CaptureInput): void {
    if (fault === undefined && isCapture) return;
    this.isWhole = false;
    this.#progress?.clear();
    this.#note(`${name}: ${fault ?? 'it has no packets, whose states could be counted'}`);
  }
}

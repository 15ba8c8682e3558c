import { hash, randomBytes } from 'node:crypto';
import { PACKET_RULES_DEFAULTS, PacketRules } from '../detect/packet-rules.ts';
import type { FlowListener } from '../flow/listener.ts';
import { EventCode, type EventMask } from '../model/events.ts';
import type { CapturedPacket } from '../packet/captured-packet.ts';
import type { Decoder } from '../packet/decoder.ts';
import { Inspector } from '../payload/inspector.ts';
import { PassiveNames } from '../payload/passive-names.ts';
import { CaptureRecords, recordNs } from '../sources/capture-records.ts';
import { Tracker } from '../track/tracker.ts';
import type { RecordBatch } from '../wire/batch.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import type { Rule } from './config.ts';
import { Pipeline } from './pipeline.ts';

export interface CapturePathOptions {
  /** What is told of it: what else costs time isn't done. */
  readonly events: EventMask;
  readonly rule: Rule;
  /** Packets with a wrong checksum are left out. */
  readonly verifyChecksums: boolean;
  readonly listener: FlowListener;
}

/** What packets tell one by one, without being followed. */
const ATTEMPTS: EventMask = 1 << EventCode.attempt;
const SCANS: EventMask = 1 << EventCode.scan;
/** Connections followed at once: half a gigabyte, if there are so many. */
export const MAX_CONNECTIONS = 1_048_576;

/** What captured packets go through, whatever file they are of: decoder, tracker, rules, flow and detectors. */
export class CapturePath {
  readonly #writer: RecordWriter = new RecordWriter();
  readonly #records: CaptureRecords;
  readonly #tracker: Tracker | undefined;
  readonly #inspector: Inspector | undefined;
  readonly #rules: PacketRules | undefined;
  readonly #pipeline: Pipeline;
  /** The latest time of all packets so far, as records have it. */
  #nowNs = 0;

  constructor({ events, rule, verifyChecksums, listener }: CapturePathOptions) {
    const seed = () => randomBytes(4).readUInt32LE(0);
    const writer = this.#writer;
    const windowNs = rule.windowSeconds * 1e9;
    const weighted = rule.name === 'weighted';
    // slow scans are judged by the ends of connections
    const follows = (events & ~ATTEMPTS) !== 0;
    if (follows) {
      const names = new PassiveNames();
      const sha256hex = (text: string) => hash('sha256', text, 'hex');
      this.#inspector = new Inspector({ sha256hex, names });
      this.#tracker = new Tracker({
        writer,
        seed: seed(),
        maxConnections: MAX_CONNECTIONS,
        inspector: this.#inspector,
        names,
      });
    }
    if (weighted || (events & SCANS) !== 0)
      this.#rules = new PacketRules({
        ...PACKET_RULES_DEFAULTS,
        weighted,
        windowNs,
        seed: seed(),
        verdicts: writer,
      });
    this.#records = new CaptureRecords(writer, verifyChecksums, this.#tracker, this.#rules);
    this.#pipeline = new Pipeline({
      listener,
      reference: weighted ? undefined : { ports: rule.ports, windowNs, everywhere: true },
      slow: follows ? { everywhere: true } : undefined,
      scanWindowNs: windowNs,
      watchesAnswers: false,
      followsPackets: follows,
      answered: () => 0,
    });
  }

  get decoder(): Decoder {
    return this.#records.decoder;
  }

  /** Are packets needed that are no attempts? */
  get takesAll(): boolean {
    return this.#tracker !== undefined || this.#rules !== undefined;
  }

  /** Scans found, told or not. */
  get scans(): number {
    const { scans_found } = this.#pipeline.flow.counts();
    return Object.values(scans_found).reduce((sum, count) => sum + count, 0);
  }

  /** Sources that rules forgot while something of theirs still counted. */
  get sourcesEvicted(): number {
    const { reference_evicted, slow_evicted } = this.#pipeline.detectors.counts();
    return reference_evicted + slow_evicted + (this.#rules?.evicted ?? 0);
  }

  /** Connections told as ended before they were. */
  get connectionsEvicted(): number {
    return this.#tracker?.counts().evicted ?? 0;
  }

  /** How often something that a connection said was let go. */
  get untold(): number {
    const { refused, untold } = this.#inspector?.counts() ?? { refused: 0, untold: 0 };
    return refused + untold;
  }

  /**
   * Takes a packet that lies in `bytes`. What it tells is a batch of its own, so that a scan ends before what comes after
   * its silence, and is told right behind the attempt that crossed the threshold.
   */
  take(bytes: Uint8Array, packet: CapturedPacket): void {
    if (!this.#records.take(bytes, packet)) return;
    this.advance(packet);
    this.#handOn();
  }

  /** Takes records of something else than packets, once `advance` was told their time. */
  records(records: RecordBatch): void {
    this.#pipeline.take(records);
  }

  /** Time goes on to that of this packet, or whatever stands for one. */
  advance(packet: CapturedPacket): void {
    const tsNs = recordNs(packet.seconds, packet.nanoseconds);
    if (tsNs <= this.#nowNs) return;
    this.#nowNs = tsNs;
    this.#pipeline.tick(tsNs);
  }

  /** A file has ended with this packet. */
  ended(last: CapturedPacket): void {
    this.#nowNs = Math.max(this.#nowNs, recordNs(last.seconds, last.nanoseconds));
  }

  /** All files have ended: ends some of the connections that are left. False: none is; then `stop`. */
  endSome(): boolean {
    this.#pipeline.tick(this.#nowNs);
    const more = this.#tracker?.stop() === true;
    this.#handOn();
    return more;
  }

  /** Ends the scans that go on. */
  stop(): void {
    this.#pipeline.flow.stop(this.#nowNs);
  }

  #handOn(): void {
    this.#pipeline.take(this.#writer);
    this.#writer.clear();
  }
}

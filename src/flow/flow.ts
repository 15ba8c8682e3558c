import { EventCode } from '../model/events.ts';
import type { RecordBatch } from '../wire/batch.ts';
import { Direction, Flag, Head, Kind } from '../wire/layout.gen.ts';
import { Connections } from './connections.ts';
import { type FlowCounts, Tally } from './counts.ts';
import { Ending } from './ending.ts';
import { ANSWER_NS, Join } from './join.ts';
import { FORWARDED_NS, REFUSAL_NS } from './outcomes.ts';
import type { FlowListener } from './listener.ts';
import { List, Row } from './row.ts';
import { ScanBook } from './scans.ts';
import { sweep } from './sweep.ts';
import type { ConnectionTable } from './table.ts';
import { u64 } from '../wire/words.ts';

export interface FlowOptions {
  /** Connections followed at once; the oldest unanswered one goes when there are more. */
  readonly maxConnections: number;
  /** Window of the scan rule, nanoseconds: a scan silent for longer is over. */
  readonly scanWindowNs: number;
  /** 32 random bits, chosen at start: they seed the hash tables. */
  readonly seed: number;
  /** Whether the source can see if an attempt of others was answered; `proc` can't. */
  readonly watchesAnswers: boolean;
  /**
   * Whether the source sees sockets, which tell how this host's own attempts end; `pcap` can't. Then these wait for an
   * answer like those of others, and an answer to an attempt that was not seen tells nothing: anybody may send one.
   */
  readonly watchesSockets: boolean;
  /** Whether the source tells of sockets of other network namespaces, at the ends of what this one forwards. */
  readonly otherNamespaces: boolean;
  /** Whether the source follows each connection by its packets, and tells its end by an ENDED record. */
  readonly followsPackets: boolean;
  readonly listener: FlowListener;
  /** What left this host in answer to an attempt (Answer), asked once the wait is over. */
  answered(idLo: number, idHi: number): number;
}

export const FLOW_DEFAULTS = {
  maxConnections: 262_144,
  scanWindowNs: 60e9,
  watchesAnswers: true,
  watchesSockets: true,
  otherNamespaces: false,
  followsPackets: false,
} as const;

/** Answers of FlowOptions.answered. */
export const Answer = { none: 0, synAck: 1, synAckThenReset: 2 } as const;

/** A handshake that takes longer won't end: Linux gives up its SYN+ACK after 63 s (tcp_synack_retries 5). */
export const HANDSHAKE_NS = 60e9;

/**
 * Joins records into connections and tells the listener what happened to each, every thing once.
 * Holds no clock: time comes from the records and from tick().
 */
export class Flow {
  readonly #options: FlowOptions;
  readonly #listener: FlowListener;
  readonly #connections: Connections;
  readonly #table: ConnectionTable;
  readonly #scans: ScanBook;
  readonly #join: Join;
  readonly #tally: Tally = new Tally();

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#listener = options.listener;
    const { maxConnections, seed, listener } = options;
    this.#connections = new Connections({ maxConnections, seed, listener, tally: this.#tally });
    this.#table = this.#connections.table;
    this.#join = new Join({
      connections: this.#connections,
      tally: this.#tally,
      watchesAnswers: options.watchesAnswers,
      watchesSockets: options.watchesSockets,
      otherNamespaces: options.otherNamespaces,
      followsPackets: options.followsPackets,
    });
    this.#scans = new ScanBook({
      windowNs: options.scanWindowNs,
      seed,
      tell: (scan) => {
        this.#tally.events[EventCode.scan]!++;
        this.#listener.scan(scan);
      },
    });
  }

  /** The connections that are followed, to look at. */
  get table(): ConnectionTable {
    return this.#table;
  }

  counts(): FlowCounts {
    return this.#tally.counts(this.#table.size, this.#scans);
  }

  take(batch: RecordBatch): void {
    const { words, bytes, at, count } = batch;
    const records = this.#tally.records;
    for (let i = 0; i < count; i++) {
      const offset = at[i]!;
      const kind = bytes[offset + Head.kind]!;
      records[kind]!++;
      if (kind === Kind.ATTEMPT) {
        const tsNs = u64(words, offset >> 2);
        if (this.#scans.size !== 0) this.#scans.attempt(words, bytes, offset, tsNs);
        this.#join.attempt(words, bytes, offset, tsNs);
      } else if (kind > Kind.ATTEMPT && kind < Kind.SUM)
        this.#join.later(kind, words, bytes, offset);
      else if (kind === Kind.ENDED) this.#join.ended(batch, offset);
      else this.#verdict(kind, words, bytes, offset);
    }
  }

  /**
   * Ends what has waited too long. Call it when the source is drained, or answers that wait there come too late.
   * @param nowNs CLOCK_MONOTONIC, nanoseconds
   */
  tick(nowNs: number): void {
    const all = this.#connections;
    for (let row = all.due(List.answer, nowNs); row >= 0; row = all.due(List.answer, nowNs)) {
      const deadline = all.deadline(row);
      const answer = this.#answer(row);
      if (answer === Answer.synAck) {
        all.wait(row, List.handshake, deadline - ANSWER_NS + HANDSHAKE_NS);
      } else if (answer === Answer.synAckThenReset) all.end(row, Ending.halfOpenReset, deadline);
      else if (isAnsweredElsewhere(all.direction(row))) all.end(row, Ending.unanswered, deadline);
      else all.end(row, Ending.dropped, deadline);
    }
    for (let row = all.due(List.handshake, nowNs); row >= 0; row = all.due(List.handshake, nowNs)) {
      const reset = this.#answer(row) === Answer.synAckThenReset;
      all.end(row, reset ? Ending.halfOpenReset : Ending.halfOpen, all.deadline(row));
    }
    this.#openElsewhere(nowNs);
    for (let row = all.due(List.refusal, nowNs); row >= 0; row = all.due(List.refusal, nowNs)) {
      all.end(row, Ending.refused, all.deadline(row) - REFUSAL_NS);
    }
    this.#scans.tick(nowNs);
  }

  /**
   * Notes which sockets there are: the first step of finding connections whose CLOSE records were lost.
   * @param existing EXISTING records
   * @param nowNs CLOCK_MONOTONIC when all was taken that came until then, nanoseconds
   */
  alive(existing: RecordBatch, nowNs: number): void {
    const { words, bytes, at, count } = existing;
    for (let i = 0; i < count; i++) this.#join.alive(words, bytes, at[i]!, nowNs);
  }

  /** Its second step, once all was taken that came while they were looked at. @param aliveNs that of `alive` */
  sweep(aliveNs: number): void {
    sweep(this.#connections, aliveNs);
  }

  /**
   * Tells the totals of scans that go on, and what waits for a socket to speak: nothing comes after this.
   * @param nowNs CLOCK_MONOTONIC, nanoseconds
   */
  stop(nowNs: number): void {
    this.#openElsewhere(nowNs + FORWARDED_NS);
    this.#scans.stop(nowNs);
  }

  /** Forwarded connections of which no socket told in time. */
  #openElsewhere(nowNs: number): void {
    const all = this.#connections;
    for (let row = all.due(List.forwarded, nowNs); row >= 0; row = all.due(List.forwarded, nowNs))
      this.#join.outcomes.openedElsewhere(row, all.deadline(row) - FORWARDED_NS);
  }

  #answer(row: number): number {
    const id = (row * Row.stride + Row.id) >> 2;
    return this.#options.answered(this.#table.words[id]!, this.#table.words[id + 1]!);
  }

  #verdict(kind: number, words: Uint32Array, bytes: Uint8Array, at: number): void {
    const tally = this.#tally;
    if (kind < Kind.SUM || kind > Kind.UNBLOCK) {
      tally.unknown++;
      return;
    }
    tally.applied[kind]!++;
    if (kind === Kind.SUM) {
      tally.summed += words[(at + Head.count) >> 2]!;
      this.#listener.summed(words, bytes, at);
    } else if (kind === Kind.UNBLOCK) {
      tally.events[EventCode.unblock]!++;
      this.#listener.unblock(words, bytes, at);
    } else {
      if (kind === Kind.SCAN) this.#scans.verdict(words, bytes, at, u64(words, at >> 2));
      if (kind === Kind.SCAN && (bytes[at + Head.flags]! & Flag.BLOCKED) === 0) return;
      tally.events[EventCode.block]!++;
      this.#listener.block(words, bytes, at);
    }
  }
}

/** Is it another host's to answer such an attempt? */
function isAnsweredElsewhere(direction: number): boolean {
  return direction === Direction.FORWARDED || direction === Direction.OUTBOUND;
}

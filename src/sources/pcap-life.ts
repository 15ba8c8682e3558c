import type { Segment } from '../packet/tcp.ts';
import { SegmentKind } from '../packet/tcp.ts';
import { Direction, Flag, Head, Kind, SocketPart } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { Answer } from '../flow/flow.ts';
import type { AnswerNotes } from '../flow/answer-notes.ts';
import { Ended, List, PcapConnections, Row } from './pcap-connections.ts';
import { TcpState } from '../model/tcp-state.ts';
import { NO_UID } from './proc-connection.ts';
import { u64 } from '../wire/words.ts';

export interface PcapLifeOptions {
  readonly writer: RecordWriter;
  readonly notes: AnswerNotes;
  readonly seed: number;
  readonly maxConnections: number;
}

/** The same SYN+ACK again sooner is another sighting of it, on another interface. */
const SIGHTING_NS = 200e6;

/**
 * What becomes of a connection once its SYN was answered, as OPEN and CLOSE records. They are those of the socket at
 * one end, as the kernel would tell them: of ours, or of the originator's when both or none are ours.
 *
 * Acknowledgements are not captured: they look like all the data of a connection. So a handshake counts as ended when
 * the SYN+ACK is not repeated in time (PcapConnections), or by a later segment; and as half-open when the originator
 * resets it without ACK, which is how a host answers a SYN+ACK that none of its sockets asked for (RFC 9293 3.10.7.1).
 */
export class PcapLife {
  readonly connections: PcapConnections;
  readonly #writer: RecordWriter;
  readonly #notes: AnswerNotes;

  constructor({ writer, notes, seed, maxConnections }: PcapLifeOptions) {
    this.#writer = writer;
    this.#notes = notes;
    this.connections = new PcapConnections(maxConnections, seed);
  }

  /** A SYN. @param head of the connection that it begins */
  asked(head: Uint32Array, tsNs: number): void {
    if (isAnsweredHere(head)) return;
    const all = this.connections;
    const known = all.find(head);
    if (known >= 0) {
      if (all.list(known) !== List.asked || this.#isSame(known, head)) return;
      all.remove(known);
    }
    all.add(head, List.asked, tsNs);
  }

  /**
   * A SYN+ACK. That of others counts only where something was asked: the rest is backscatter.
   * @param head of the connection that it answers
   */
  answered(head: Uint32Array, segment: Segment, tsNs: number): void {
    const all = this.connections;
    const known = all.find(head);
    if (known < 0) {
      if (!isAnsweredHere(head)) return;
    } else if (all.list(known) === List.asked) {
      if (!this.#isSame(known, head)) return;
      all.remove(known);
    } else if (this.#isSame(known, head)) {
      this.#again(known, tsNs);
      return;
    } else this.#close(known, tsNs, TcpState.ESTABLISHED, ETIMEDOUT); // its ports are used again: its end was not seen
    const direction = directionOf(head);
    const isOwn = direction === Direction.OUTBOUND || direction === Direction.LOCAL;
    const row = all.add(head, isOwn ? List.own : List.answered, tsNs);
    all.words[(row * Row.stride + Row.respIsn) >> 2] = segment.seq;
  }

  /** An RST or ICMP unreachable that answers a SYN. @param head of the connection that it answers */
  refused(head: Uint32Array): void {
    const row = this.connections.find(head);
    if (row >= 0 && this.connections.list(row) === List.asked && this.#isSame(row, head))
      this.connections.remove(row);
  }

  /** A FIN. @param head its ends, the sender as src */
  fin(head: Uint32Array, segment: Segment, tsNs: number): void {
    const all = this.connections;
    const row = all.find(head);
    if (row < 0 || all.list(row) === List.asked) return;
    this.#open(row, tsNs);
    const at = row * Row.stride + Row.ended;
    this.#sent(row, all.fromOriginator, segment.seq + segment.payload);
    all.bytes[at]! |= all.fromOriginator ? Ended.orig : Ended.resp;
    if ((all.bytes[at]! & Ended.both) === Ended.both) this.#close(row, tsNs, TcpState.FIN_WAIT2, 0);
  }

  /** An RST. @param head its ends, the sender as src */
  reset(head: Uint32Array, segment: Segment, tsNs: number): void {
    const all = this.connections;
    const row = all.find(head);
    if (row < 0 || all.list(row) === List.asked) return;
    const base = row * Row.stride;
    const { fromOriginator } = all;
    const withAck = segment.kind === SegmentKind.resetAck;
    const isFirst = segment.seq === (all.words[(base + Head.isn) >> 2]! + 1) >>> 0;
    if (all.list(row) !== List.open && fromOriginator && isFirst && !withAck) {
      this.#note(row, Answer.synAckThenReset);
      all.remove(row);
      return;
    }
    this.#open(row, tsNs);
    this.#sent(row, fromOriginator, segment.seq);
    if (withAck) this.#sent(row, !fromOriginator, segment.ack);
    const byPeer = isPassive(directionOf(all.words, base >> 2)) === fromOriginator;
    this.#close(row, tsNs, TcpState.ESTABLISHED, byPeer ? ECONNRESET : 0);
  }

  /** Tells the handshakes that count as ended by now. */
  confirm(nowNs: number): void {
    const all = this.connections;
    for (let row = all.due(List.asked, nowNs); row >= 0; row = all.due(List.asked, nowNs))
      all.remove(row);
    for (let list: number = List.own; list < List.open; list++)
      for (let row = all.due(list, nowNs); row >= 0; row = all.due(list, nowNs))
        this.#open(row, nowNs);
  }

  /** The SYN+ACK again. */
  #again(row: number, tsNs: number): void {
    const isOpen = this.connections.list(row) === List.open;
    if (isOpen || tsNs - this.#answeredNs(row) < SIGHTING_NS) return;
    this.#note(row, Answer.synAck);
    this.connections.repeated(row, tsNs);
  }

  #note(row: number, note: number): void {
    const { words } = this.connections;
    const id = (row * Row.stride + Head.id) >> 2;
    this.#notes.note(words[id]!, words[id + 1]!, note);
  }

  /** Is the head that of this very connection, not of another one with the same ends? */
  #isSame(row: number, head: Uint32Array): boolean {
    const { words } = this.connections;
    return words[(row * Row.stride + Head.isn) >> 2] === head[Head.isn >> 2];
  }

  /** Tells the opening, with the time of the SYN+ACK, if it has not been told. */
  #open(row: number, nowNs: number): void {
    if (this.connections.list(row) === List.open) return;
    this.connections.move(row, List.open, nowNs);
    this.#append(row, Kind.OPEN);
  }

  /** Tells the end and forgets the connection. @param state TCP state that the socket left, with its error */
  #close(row: number, tsNs: number, state: number, error: number): void {
    const all = this.connections;
    const base = row * Row.stride;
    if (all.list(row) === List.open) {
      const at = this.#append(row, Kind.CLOSE);
      const writer = this.#writer;
      writer.setU64(at + Head.ts_ns, tsNs);
      writer.bytes[at + SocketPart.state] = state;
      writer.halves[(at + SocketPart.error) >> 1] = error;
      const passive = isPassive(directionOf(all.words, base >> 2));
      this.#count(at, base, passive);
    }
    all.remove(row);
  }

  /** An end has sent payload up to this sequence number, as its FIN said or, before it, an RST says. */
  #sent(row: number, byOriginator: boolean, seq: number): void {
    const { words, bytes } = this.connections;
    const base = row * Row.stride;
    if ((bytes[base + Row.ended]! & (byOriginator ? Ended.orig : Ended.resp)) !== 0) return;
    const isn = words[(base + (byOriginator ? Head.isn : Row.respIsn)) >> 2]!;
    words[(base + (byOriginator ? Row.origBytes : Row.respBytes)) >> 2] = seq - isn - 1;
    bytes[base + Row.ended]! |= byOriginator ? Ended.origCounted : Ended.respCounted;
  }

  /** Writes what each end has sent; of a connection that was cut short that may be unknown. */
  #count(at: number, base: number, passive: boolean): void {
    const { words, bytes } = this.connections;
    const writer = this.#writer;
    if ((bytes[base + Row.ended]! & Ended.counted) !== Ended.counted) {
      writer.words.fill(
        0xffff_ffff,
        (at + SocketPart.sent_bytes) >> 2,
        (at + SocketPart.rtt_us) >> 2,
      );
      return;
    }
    const orig = words[(base + Row.origBytes) >> 2]!;
    const resp = words[(base + Row.respBytes) >> 2]!;
    writer.setU64(at + SocketPart.sent_bytes, passive ? resp : orig);
    writer.setU64(at + SocketPart.received_bytes, passive ? orig : resp);
  }

  #append(row: number, kind: number): number {
    const { words } = this.connections;
    const writer = this.#writer;
    const at = writer.append(kind, SocketPart.size);
    const base = (row * Row.stride) >> 2;
    for (let i = 0; i < Head.size / 4; i++) writer.words[(at >> 2) + i] = words[base + i]!;
    const passive = isPassive(directionOf(words, base));
    writer.bytes[at + Head.kind] = kind;
    writer.bytes[at + Head.flags] = passive ? Flag.WHOLE | Flag.PASSIVE : Flag.WHOLE;
    writer.words[(at + SocketPart.uid) >> 2] = NO_UID;
    return at;
  }

  #answeredNs(row: number): number {
    const { words } = this.connections;
    const w = (row * Row.stride) >> 2;
    return u64(words, w);
  }
}

/** The direction in the head that begins at `words[w]`. */
function directionOf(words: Uint32Array, w = 0): number {
  return (words[w + (Head.direction >> 2)]! >>> ((Head.direction & 3) * 8)) & 0xff;
}

/** Is it this host that answers the attempt? */
function isAnsweredHere(head: Uint32Array): boolean {
  const direction = directionOf(head);
  return direction === Direction.INBOUND || direction === Direction.LOCAL;
}

/** Is the socket that the records tell of the responder's? */
function isPassive(direction: number): boolean {
  return direction === Direction.INBOUND;
}

/** asm-generic/errno.h */
const ECONNRESET = 104;
const ETIMEDOUT = 110;

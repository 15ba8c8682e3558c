import { stampId } from '../wire/id.ts';
import { Direction, Flag, Head, Kind, SocketPart } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { Connection, End, isConnection, isOpening, NO_UID } from './proc-connection.ts';
import {
  isMapped,
  isWithinHost,
  localIsFirst,
  type PairKey,
  pairKey,
  portOf,
  writePair,
} from './proc-key.ts';
import { RecentKeys } from './proc-recent.ts';
import type { ProcRow } from './proc-rows.ts';
import { TcpState } from '../model/tcp-state.ts';

/**
 * The connections that /proc showed, and what is new against the last read. A read is: `begin`, `see` for each row,
 * then `settle`, or `discard` when a file could not be read to its end.
 */
export class ProcTable {
  /** Connections that found the table full. */
  untracked = 0;
  readonly #max: number;
  readonly #writer: RecordWriter;
  readonly #connections = new Map<PairKey, Connection>();
  readonly #recent: RecentKeys;
  readonly #listeners = new Map<string, Listener>();
  /** Per port: the read in which it was last among the LISTEN rows. */
  readonly #listening: Uint32Array = new Uint32Array(65536);
  #read = 0;
  #generation = 0;
  #atStart: boolean;
  #nowNs = 0;

  /**
   * @param writer gets the records
   * @param hasBaseline what the first read shows was there before; else it is new
   */
  constructor(writer: RecordWriter, maxConnections: number, hasBaseline = true) {
    this.#atStart = hasBaseline;
    this.#writer = writer;
    this.#max = maxConnections;
    this.#recent = new RecentKeys(REMEMBERED_KEYS);
  }

  /** Connections that are tracked. */
  get size(): number {
    return this.#connections.size;
  }

  begin(nowNs: number): void {
    this.#nowNs = nowNs;
    this.#read++;
  }

  see(row: ProcRow): void {
    if (row.state === TcpState.LISTEN) return this.#seeListener(row);
    if (!isConnection(row.state)) return;
    const localFirst = localIsFirst(row);
    const key = pairKey(row, localFirst);
    const connection = this.#connections.get(key) ?? this.#add(key, row.inode);
    if (connection === undefined) return;
    const end = localFirst ? (connection.a ??= new End()) : (connection.b ??= new End());
    end.note(row.state, row.inode, row.uid);
  }

  /** Is an open connection missing? The kernel's walk may skip a row while others come and go. */
  get misses(): boolean {
    for (const { a, b } of this.#connections.values()) {
      if (a?.isMissed() || b?.isMissed()) return true;
    }
    return false;
  }

  /** Forgets what was seen since `begin`. */
  discard(): void {
    this.#listeners.clear();
    for (const { a, b } of this.#connections.values()) {
      a?.forget();
      b?.forget();
    }
  }

  /** Writes the records of what changed; pauses whenever the writer holds `pauseAt` records. */
  *settle(pauseAt: number): Generator<void, void, void> {
    const atStart = this.#atStart;
    this.#atStart = false;
    if (atStart) for (const listener of this.#listeners.values()) this.#writeListener(listener);
    this.#listeners.clear();
    for (const [key, connection] of this.#connections) {
      this.#settleOne(key, connection, atStart);
      if (this.#writer.count >= pauseAt) yield;
    }
  }

  #add(key: PairKey, inode: number): Connection | undefined {
    const known = this.#recent.add(key);
    if (this.#connections.size >= this.#max) {
      if (!known) this.untracked++;
      return undefined;
    }
    const connection = new Connection(known ? this.#nextIsn(inode) : 0);
    this.#connections.set(key, connection);
    return connection;
  }

  /** What tells a connection from an earlier one with the same addresses and ports: its inode, else a number of ours. */
  #nextIsn(inode: number): number {
    return inode >>> 0 || ++this.#generation;
  }

  #settleOne(key: PairKey, connection: Connection, atStart: boolean): void {
    const { a, b } = connection;
    if (!connection.told) {
      if (!a?.nextState && !b?.nextState) {
        this.#connections.delete(key); // seen only by a read that failed
        return;
      }
      this.#begin(key, connection, atStart);
    } else if (a?.isRenewed() || b?.isRenewed()) {
      this.#renew(key, connection);
    }
    if (a !== undefined) this.#settleEnd(key, connection, a);
    if (b !== undefined) this.#settleEnd(key, connection, b);
    if ((a === undefined || a.gone) && (b === undefined || b.gone)) this.#connections.delete(key);
  }

  #begin(key: PairKey, connection: Connection, atStart: boolean): void {
    connection.told = true;
    connection.aIsOriginator = this.#isOriginatorA(key, connection);
    const { a, b, aIsOriginator } = connection;
    if (!atStart) {
      const originator = aIsOriginator ? a : b;
      this.#write(Kind.ATTEMPT, key, connection, originator?.nextState ? originator : undefined, 0);
      return;
    }
    for (const end of [a, b]) {
      if (!end?.nextState) continue;
      end.opened = !isOpening(end.nextState);
      end.closed = end.nextState === TcpState.TIME_WAIT; // over before the start: nothing to tell
      if (!end.closed) this.#write(Kind.EXISTING, key, connection, end, end.nextState);
    }
  }

  #renew(key: PairKey, connection: Connection): void {
    const { a, b } = connection;
    const inode = (a?.isRenewed() && a.nextInode) || (b?.isRenewed() && b.nextInode) || 0;
    for (const end of [a, b]) {
      if (end === undefined) continue;
      // The other end's row may still be the old connection's: it is looked at again in the next read.
      if (!end.isRenewed()) end.forget();
      this.#close(key, connection, end);
      end.renew();
    }
    connection.isn = this.#nextIsn(inode);
    this.#begin(key, connection, false);
  }

  #settleEnd(key: PairKey, connection: Connection, end: End): void {
    const state = end.nextState;
    const here = state !== 0;
    if (here && !end.opened && !isOpening(state)) {
      end.opened = true;
      this.#write(Kind.OPEN, key, connection, end, end.state);
    }
    end.settle();
    end.gone = !here;
    if (!here || state === TcpState.TIME_WAIT) this.#close(key, connection, end);
  }

  #close(key: PairKey, connection: Connection, end: End): void {
    if (end.closed || end.state === 0) return;
    end.closed = true;
    this.#write(Kind.CLOSE, key, connection, end, end.stateLeft());
  }

  /** The end that listens is the responder. With both rows and no single listener the states or the ports decide. */
  #isOriginatorA(key: PairKey, { a, b }: Connection): boolean {
    const listensA = this.#listens(portOf(key, true));
    const listensB = this.#listens(portOf(key, false));
    if (!b?.nextState) return !listensA;
    if (!a?.nextState) return listensB;
    if (listensA !== listensB) return listensB;
    if (a.nextState === TcpState.SYN_SENT || b.nextState === TcpState.SYN_RECV) return true;
    if (b.nextState === TcpState.SYN_SENT || a.nextState === TcpState.SYN_RECV) return false;
    return portOf(key, true) >= portOf(key, false);
  }

  #listens(port: number): boolean {
    return this.#listening[port] === this.#read;
  }

  #seeListener(row: ProcRow): void {
    this.#listening[row.localPort] = this.#read;
    if (!this.#atStart) return;
    this.#listeners.set(`${row.local.join()},${row.localPort},${row.inode}`, {
      address: row.local.slice(),
      port: row.localPort,
      uid: row.uid,
    });
  }

  /** Its record is as of every socket from before the start: src is the local end. */
  #writeListener({ address, port, uid }: Listener): void {
    const writer = this.#writer;
    const at = writer.append(Kind.EXISTING, SocketPart.size);
    writer.words.set(address, (at + Head.src) >> 2);
    writer.halves[(at + Head.src_port) >> 1] = port;
    writer.bytes[at + Head.family] = isMapped(address) ? 4 : 6;
    if (isMapped(address)) writer.words[((at + Head.dst) >> 2) + 2] = address[2]!;
    this.#fillSocket(at, Flag.BEFORE | Flag.PASSIVE, uid, TcpState.LISTEN);
  }

  /**
   * @param end whose record it is; without one it is a head alone, as of an attempt of others
   * @param state as of struct pw_socket_part
   */
  #write(
    kind: number,
    key: PairKey,
    connection: Connection,
    end: End | undefined,
    state: number,
  ): void {
    const { a, b, aIsOriginator } = connection;
    const writer = this.#writer;
    const at = writer.append(kind, end === undefined ? Head.size : SocketPart.size);
    const passive = (aIsOriginator ? a : b) !== end || end === undefined;
    writePair(writer, at, key, aIsOriginator);
    writer.words[(at + Head.isn) >> 2] = connection.isn;
    if ((a && b) || isWithinHost(key)) writer.bytes[at + Head.direction] = Direction.LOCAL;
    else writer.bytes[at + Head.direction] = passive ? Direction.INBOUND : Direction.OUTBOUND;
    if (end === undefined) return this.#finish(at);
    this.#fillSocket(
      at,
      passive ? Flag.PASSIVE : 0,
      end.nextUid === NO_UID ? end.uid : end.nextUid,
      state,
    );
  }

  #fillSocket(at: number, flags: number, uid: number, state: number): void {
    const writer = this.#writer;
    writer.bytes[at + Head.flags] = flags | Flag.WHOLE;
    writer.words[(at + SocketPart.uid) >> 2] = uid;
    writer.bytes[at + SocketPart.state] = state;
    this.#finish(at);
  }

  #finish(at: number): void {
    this.#writer.setU64(at + Head.ts_ns, this.#nowNs);
    stampId(this.#writer.words, this.#writer.bytes, at);
  }
}

interface Listener {
  readonly address: Uint32Array;
  readonly port: number;
  readonly uid: number;
}

/** A busy client reuses a pair of addresses and ports after some 28,000 connections to one service. */
const REMEMBERED_KEYS = 131_072;

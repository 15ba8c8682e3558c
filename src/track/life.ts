import { FlowEnd } from '../model/events.ts';
import { type Layers, NO_VLAN } from '../packet/layers.ts';
import { TcpFlag } from '../packet/tcp.ts';
import { IpProto } from '../wire/ip-proto.ts';
import { Arrival } from './arrival.ts';
import { addLetter, Letter } from './history.ts';
import type { PacketKey } from './key.ts';
import type { Payload } from './payload.ts';
import { Phase, phaseOf } from './phase.ts';
import { goOn } from './phases.ts';
import { Records, type RecordsOptions, type Why } from './records.ts';
import { End, EndMark, Mark, Path, Row } from './row.ts';
import { takeSeq } from './sent.ts';
import type { States } from './states.ts';
import type { TrackTable } from './table.ts';
import { CLOSE_NS, dueOf, isAttempt } from './timeouts.ts';
import { Wheel } from './wheel.ts';

/** So many connections at most end before one packet, so that a reader who is slow can hold up what comes next. */
const AT_ONCE = 64;
/** Attempts may have this part of the table: a flood of them leaves room for the rest. */
const ATTEMPTS_SHARE = 4;

export interface LifeOptions extends RecordsOptions {
  readonly table: TrackTable;
  readonly payload: Payload;
  readonly states: States;
}

/** The life of a row: begun, looked at, ended, let go. */
export class Life {
  readonly records: Records;
  begun = 0;
  evicted = 0;
  readonly #table: TrackTable;
  readonly #payload: Payload;
  readonly #states: States;
  readonly #wheel: Wheel;
  readonly #maxAttempts: number;
  readonly #last: Arrival = new Arrival();

  constructor(options: LifeOptions) {
    const { table, payload, states } = options;
    this.#table = table;
    this.#payload = payload;
    this.#states = states;
    this.records = new Records(table, options);
    this.#wheel = new Wheel(table);
    this.#maxAttempts = Math.ceil(table.maxRows / ATTEMPTS_SHARE);
  }

  /** Sets the time, also back. */
  start(nowNs: number): void {
    this.#wheel.start(nowNs);
  }

  /** Ends connections that are over by now; some of them, if there are many. */
  advance(nowNs: number): void {
    for (let n = 0; n < AT_ONCE; n++) {
      const row = this.#wheel.due(nowNs);
      if (row < 0) return;
      const dueNs = dueOf(this.#table, row);
      if (dueNs <= nowNs) this.#end(row, this.#isClosed(row) ? FlowEnd.end : FlowEnd.idle);
      else this.#place(row, dueNs);
    }
  }

  /** Begins a row for the packet at hand. @param flips its source is the responder */
  begin(key: PacketKey, layers: Layers, tsNs: number, flips: boolean): number {
    this.#makeRoom();
    const table = this.#table;
    const row = table.add(key);
    const base = row * Row.size;
    const { numbers, bytes } = table;
    numbers[(base + Row.start_ns) >> 1] = Math.max(1, tsNs); // zero would be unknown
    numbers[(base + Row.last_ns) >> 1] = tsNs;
    const path = (base + Row.path) << 2;
    const vlan = layers.vlan === NO_VLAN ? 0 : layers.vlan;
    bytes[path + Path.vlan] = vlan;
    bytes[path + Path.vlan + 1] = vlan >> 8;
    bytes[path + Path.tunnels] = layers.tunnels;
    bytes[path + Path.tunnel] = layers.tunnel;
    table.reversed = flips && !key.isBroadcast;
    if (table.reversed) {
      table.flip(row);
      addLetter(table, base, Letter.flipped);
    }
    if (table.proto(row) === IpProto.tcp) this.#states.begin(base);
    this.begun++;
    return row;
  }

  /** Puts a row where it is looked at in time: a new one, after its first packet. */
  settle(row: number): void {
    this.#place(row, dueOf(this.#table, row));
  }

  /** The same of one whose time is another now. */
  resettle(row: number): void {
    this.#wheel.remove(row);
    this.settle(row);
  }

  /** Only late segments can come still. */
  close(row: number): void {
    const { numbers } = this.#table;
    const base = row * Row.size;
    this.#table.mark(row, Mark.closing);
    numbers[(base + Row.due_ns) >> 1] = numbers[(base + Row.last_ns) >> 1]! + CLOSE_NS;
  }

  /** Does a row wait as an unanswered attempt, and is answered? */
  isAnswered(row: number): boolean {
    return this.#wheel.isAwaited(row) && !isAttempt(this.#table, row);
  }

  /** Ends a row that was over by the time of a packet. False: it goes on. */
  endIfDue(row: number, tsNs: number): boolean {
    const { numbers } = this.#table;
    const at = (row * Row.size + Row.due_ns) >> 1;
    if (numbers[at]! > tsNs) return false;
    const dueNs = dueOf(this.#table, row);
    if (dueNs > tsNs) {
      numbers[at] = dueNs;
      return false;
    }
    this.end(row, this.#isClosed(row) ? FlowEnd.end : FlowEnd.idle);
    return true;
  }

  /** Ends a row. */
  end(row: number, why: Why): void {
    this.#wheel.remove(row);
    this.#end(row, why);
  }

  /** The capture is over: ends some of the connections that are left. False: none is. */
  stop(): boolean {
    for (let n = 0; n < AT_ONCE; n++) {
      const row = this.#wheel.oldestAttempt() ?? this.#wheel.soonest();
      if (row === undefined) return false;
      this.end(row, this.#isClosed(row) ? FlowEnd.end : FlowEnd.forced);
    }
    return true;
  }

  /** Ends what is likeliest to be over, when there is too much. */
  #makeRoom(): void {
    const wheel = this.#wheel;
    const attempt = wheel.oldestAttempt();
    const isFull = this.#table.size === this.#table.maxRows;
    if (wheel.waiting < this.#maxAttempts && !isFull) return;
    const row = attempt ?? wheel.soonest();
    if (row === undefined) return;
    this.evicted++;
    this.end(row, FlowEnd.resources);
  }

  #place(row: number, dueNs: number): void {
    this.#table.numbers[(row * Row.size + Row.due_ns) >> 1] = dueNs;
    if (isAttempt(this.#table, row)) this.#wheel.await(row);
    else this.#wheel.place(row);
  }

  /** Did a FIN or RST end it? */
  #isClosed(row: number): boolean {
    const base = row * Row.size;
    const { words } = this.#table;
    const orig = phaseOf(this.#table, base + Row.orig);
    const resp = phaseOf(this.#table, base + Row.resp);
    const doubted = words[base + Row.orig + End.marks]! | words[base + Row.resp + End.marks]!;
    return (
      (this.#table.marks(row) & Mark.closing) !== 0 ||
      (doubted & EndMark.doubted) !== 0 ||
      orig === Phase.reset ||
      resp === Phase.reset ||
      (orig === Phase.closed && resp === Phase.closed)
    );
  }

  /** Tells the end of a row that has left the wheel, and forgets it. */
  #end(row: number, why: Why): void {
    const base = row * Row.size;
    if (this.#table.proto(row) === IpProto.tcp) {
      this.#believe(row, true);
      this.#believe(row, false);
      this.#states.end(base);
      this.#payload.drop(base + Row.orig);
      this.#payload.drop(base + Row.resp);
    }
    this.records.ended(row, why);
    this.#table.remove(row);
  }

  /** A reset that should have been ignored, and was the last that its end sent, was meant. */
  #believe(row: number, isOrig: boolean): void {
    const at = this.#last;
    at.on(row, isOrig, 0);
    const { words } = this.#table;
    if ((words[at.from + End.marks]! & EndMark.doubted) === 0) return;
    at.flags = TcpFlag.rst;
    at.length = 0;
    at.after = (words[at.from + End.start]! + words[at.from + End.rst_told]!) >>> 0;
    at.resets = true;
    takeSeq(this.#table, at);
    goOn(this.#table, at);
    this.#states.take(at);
  }
}

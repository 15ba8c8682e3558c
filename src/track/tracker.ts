import { FlowEnd } from '../model/events.ts';
import type { Layers } from '../packet/layers.ts';
import { type Segment, TcpFlag } from '../packet/tcp.ts';
import { Form } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { Arrival } from './arrival.ts';
import { Closing } from './close.ts';
import { Records } from './ended-record.ts';
import { addLetter, Letter } from './history.ts';
import { PacketKey } from './key.ts';
import { isTcpServer } from './likely-servers.ts';
import { Payload } from './payload.ts';
import { Ranges } from './ranges.ts';
import { Mark, Path, Row, Text } from './row.ts';
import { TrackTable } from './table.ts';
import { TcpFlow } from './tcp.ts';
import { CLOSE_NS, dueOf, isAttempt } from './timeouts.ts';
import { Wheel } from './wheel.ts';

/** So many connections at most end before one packet, so that a reader who is slow can hold up what comes next. */
const AT_ONCE = 64;
/** Segments that may change how long is waited for more. */
const CONTROL = TcpFlag.syn | TcpFlag.fin | TcpFlag.rst;

export interface TrackerOptions {
  /** Gets an ENDED record for each connection, and OPEN records. */
  readonly writer: RecordWriter;
  /** 32 random bits, chosen at start: they seed the hash table. */
  readonly seed: number;
  /** Connections followed at once; the likeliest to be over goes when there are more. */
  readonly maxConnections: number;
}

export interface TrackerCounts {
  /** Connections followed now. */
  readonly live: number;
  /** Connections told as ended early, because there were more than `maxConnections`, or too many unanswered. */
  readonly evicted: number;
}

/** Follows connections by their packets. Holds no clock: time is that of the packets. */
export class Tracker {
  readonly #maxAttempts: number;
  readonly #key: PacketKey;
  readonly #table: TrackTable;
  readonly #wheel: Wheel;
  readonly #payload: Payload;
  readonly #records: Records;
  readonly #tcp: TcpFlow;
  readonly #arrival: Arrival = new Arrival();
  #nowNs = 0;
  #evicted = 0;

  constructor({ writer, seed, maxConnections }: TrackerOptions) {
    this.#maxAttempts = Math.ceil(maxConnections / 4);
    this.#key = new PacketKey(seed);
    this.#table = new TrackTable(maxConnections);
    this.#wheel = new Wheel(this.#table);
    this.#payload = new Payload(this.#table, new Ranges(262_144));
    this.#records = new Records(this.#table, writer);
    this.#tcp = new TcpFlow(this.#table, this.#payload, new Closing(this.#table, this.#payload));
  }

  counts(): TrackerCounts {
    return { live: this.#table.size, evicted: this.#evicted };
  }

  /** Takes the time of the next packet: connections that are over by then end. */
  advance(tsNs: number): void {
    if (this.#nowNs === 0) this.#wheel.start(tsNs);
    if (tsNs <= this.#nowNs) return;
    this.#nowNs = tsNs;
    for (let n = 0; n < AT_ONCE; n++) {
      const row = this.#wheel.due(tsNs);
      if (row < 0) return;
      const dueNs = dueOf(this.#table, row);
      if (dueNs <= tsNs) this.#end(row, this.#isClosing(row) ? FlowEnd.end : FlowEnd.idle);
      else this.#place(row, dueNs);
    }
  }

  /** Takes a TCP segment. */
  segment(layers: Layers, segment: Segment, tsNs: number): void {
    this.#key.fill(layers, 6, segment.srcPort, segment.dstPort, false);
    let row = this.#table.find(this.#key);
    if (row >= 0 && this.#isOver(row, segment, tsNs)) row = -1;
    const at = this.#arrival;
    const isNew = row < 0;
    if (isNew) row = this.#begin(layers, segment, tsNs);
    at.on(row, !this.#table.reversed);
    at.tsNs = tsNs;
    const over = this.#tcp.take(at, layers, segment);
    if (over) {
      this.#table.mark(row, Mark.closing);
      const lastNs = this.#table.numbers[(at.base + Row.last_ns) >> 1]!;
      this.#table.numbers[(at.base + Row.due_ns) >> 1] = lastNs + CLOSE_NS;
    } else if (!isNew && (segment.flags & CONTROL) === 0 && !this.#wheel.isAwaited(row)) return;
    if (!isNew) this.#wheel.remove(row);
    this.#place(row, dueOf(this.#table, row));
  }

  /** The capture is over: ends some of the connections that are left. False: none is. */
  stop(): boolean {
    for (let n = 0; n < AT_ONCE; n++) {
      const attempt = this.#wheel.oldestAttempt();
      const row = attempt < 0 ? this.#wheel.soonest() : attempt;
      if (row < 0) return false;
      this.#wheel.remove(row);
      this.#end(row, this.#isClosing(row) ? FlowEnd.end : FlowEnd.forced);
    }
    return true;
  }

  /** Ends the connection that was known, if the segment comes too late for it or begins another one. */
  #isOver(row: number, segment: Segment, tsNs: number): boolean {
    const { reversed } = this.#table;
    const isLate = this.#isDue(row, tsNs);
    if (!isLate && !this.#tcp.isReuse(row, segment, reversed)) return false;
    this.#wheel.remove(row);
    this.#end(row, isLate && !this.#isClosing(row) ? FlowEnd.idle : FlowEnd.end);
    return true;
  }

  /** Was a row over by then? */
  #isDue(row: number, tsNs: number): boolean {
    const { numbers } = this.#table;
    const at = (row * Row.size + Row.due_ns) >> 1;
    if (numbers[at]! > tsNs) return false;
    const dueNs = dueOf(this.#table, row);
    if (dueNs <= tsNs) return true;
    numbers[at] = dueNs;
    return false;
  }

  #begin(layers: Layers, segment: Segment, tsNs: number): number {
    const { flags, srcPort, dstPort } = segment;
    const isSyn = (flags & (TcpFlag.syn | TcpFlag.ack)) === TcpFlag.syn;
    const row = this.#add(layers, tsNs);
    const table = this.#table;
    const base = row * Row.size;
    table.reversed = false;
    if (isSyn) table.mark(row, Mark.asked);
    else if (isTcpServer(srcPort)) {
      const flips = isTcpServer(dstPort) ? (flags & TcpFlag.syn) === 0 && srcPort < dstPort : true;
      if (flips) {
        table.flip(row);
        table.reversed = true;
        addLetter(table, base, Letter.flipped);
        table.bytes[((base + Row.text) << 2) + Text.forms]! |= Form.FLIPPED;
      }
    }
    return row;
  }

  #add(layers: Layers, tsNs: number): number {
    this.#makeRoom();
    const row = this.#table.add(this.#key);
    const base = row * Row.size;
    const { numbers, bytes } = this.#table;
    numbers[(base + Row.start_ns) >> 1] = tsNs;
    numbers[(base + Row.last_ns) >> 1] = tsNs;
    const path = (base + Row.path) << 2;
    const vlan = Math.max(0, layers.vlan);
    bytes[path + Path.vlan] = vlan;
    bytes[path + Path.vlan + 1] = vlan >> 8;
    return row;
  }

  /** Ends what is likeliest to be over, when there is too much. */
  #makeRoom(): void {
    const wheel = this.#wheel;
    if (wheel.waiting >= this.#maxAttempts) this.#evict(wheel.oldestAttempt());
    if (this.#table.size < this.#table.maxRows) return;
    const attempt = wheel.oldestAttempt();
    this.#evict(attempt < 0 ? wheel.soonest() : attempt);
  }

  #evict(row: number): void {
    this.#evicted++;
    this.#wheel.remove(row);
    this.#end(row, FlowEnd.resources);
  }

  /** Puts a row where it is looked at in time. */
  #place(row: number, dueNs: number): void {
    this.#table.numbers[(row * Row.size + Row.due_ns) >> 1] = dueNs;
    if (isAttempt(this.#table, row)) this.#wheel.await(row);
    else this.#wheel.place(row);
  }

  #isClosing(row: number): boolean {
    return (this.#table.marks(row) & Mark.closing) !== 0;
  }

  /** Tells the end of a row that has left the wheel, and forgets it. */
  #end(row: number, why: (typeof FlowEnd)[keyof typeof FlowEnd]): void {
    this.#records.ended(row, why);
    this.#payload.drop(row * Row.size + Row.orig);
    this.#payload.drop(row * Row.size + Row.resp);
    this.#table.remove(row);
  }
}

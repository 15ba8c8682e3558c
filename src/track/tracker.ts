import { FlowEnd } from '../model/events.ts';
import { type IcmpMessage, parseQuoted, Unreachable } from '../packet/icmp.ts';
import { type Layers, Parsed, u16 } from '../packet/layers.ts';
import { type Segment, TcpFlag } from '../packet/tcp.ts';
import type { Datagram } from '../packet/udp.ts';
import { IpProto } from '../wire/ip-proto.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { Arrival } from './arrival.ts';
import { Clock } from './clock.ts';
import { Closing } from './close.ts';
import { tellDatagram } from './history.ts';
import { counterpart } from './icmp-pairs.ts';
import { PacketKey } from './key.ts';
import { Life } from './life.ts';
import { isTcpServer, isUdpServer } from './likely-servers.ts';
import { Payload } from './payload.ts';
import { Ranges } from './ranges.ts';
import { isReuse } from './reuse.ts';
import { End, Mark, Row } from './row.ts';
import { isSynchronized, stateOf, States } from './states.ts';
import { TrackTable } from './table.ts';
import { TcpFlow } from './tcp.ts';

/** Holes in what was captured, of all connections. */
const MAX_HOLES = 262_144;
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

/** What a Tracker counts: `begun = ended + live`. */
export interface TrackerCounts {
  /** Connections and conversations so far. */
  readonly begun: number;
  /** Those followed now. */
  readonly live: number;
  /** Those told as ended early, because there were more than `maxConnections`, or too many unanswered attempts. */
  readonly evicted: number;
  /** Packets that belong to one of them. */
  readonly packets: number;
  /** ICMP errors: they explain what became of others. */
  readonly errors: number;
  /** Ends of TCP connections by their state (TcpState): now, and when their connection was over. */
  readonly states: Float64Array;
  readonly left: Float64Array;
  /** How often an end went from one state to another: `12 * from + to`. */
  readonly transitions: Float64Array;
}

/** Follows connections by their packets. Holds no clock: time is that of the packets. */
export class Tracker {
  readonly #key: PacketKey;
  readonly #table: TrackTable;
  readonly #states: States;
  readonly #life: Life;
  readonly #tcp: TcpFlow;
  readonly #clock: Clock = new Clock();
  readonly #arrival: Arrival = new Arrival();
  #packets = 0;
  #errors = 0;

  constructor({ writer, seed, maxConnections }: TrackerOptions) {
    const table = new TrackTable(maxConnections);
    const payload = new Payload(table, new Ranges(MAX_HOLES));
    const states = new States(table);
    this.#key = new PacketKey(seed);
    this.#table = table;
    this.#states = states;
    this.#life = new Life({ table, payload, states, writer });
    this.#tcp = new TcpFlow(table, payload, new Closing(table, payload), states);
  }

  counts(): TrackerCounts {
    const { begun, evicted } = this.#life;
    const { now, left, transitions } = this.#states;
    return {
      begun,
      live: this.#table.size,
      evicted,
      packets: this.#packets,
      errors: this.#errors,
      states: now,
      left,
      transitions,
    };
  }

  /** Takes the time of the next packet: connections that are over by then end. */
  advance(tsNs: number): void {
    const before = this.#clock.nowNs;
    if (!this.#clock.take(tsNs)) return;
    if (this.#clock.nowNs < before || before === 0) this.#life.start(tsNs);
    else this.#life.advance(tsNs);
  }

  /** Takes a TCP segment. */
  segment(layers: Layers, segment: Segment, tsNs: number): void {
    const { flags, srcPort, dstPort } = segment;
    const table = this.#table;
    this.#packets++;
    this.#key.fill(layers, IpProto.tcp, srcPort, dstPort, false);
    let row = this.#find(tsNs);
    if (row >= 0 && isReuse(table, row, segment, !table.reversed)) {
      this.#life.end(row, FlowEnd.end);
      row = -1;
    }
    const isNew = row < 0;
    if (isNew) {
      const isSyn = (flags & (TcpFlag.syn | TcpFlag.ack)) === TcpFlag.syn;
      row = this.#life.begin(this.#key, layers, tsNs, !isSyn && flips(segment));
      if (isSyn) table.mark(row, Mark.asked);
    }
    const at = this.#arrival;
    at.on(row, !table.reversed);
    at.tsNs = tsNs;
    const isOver = this.#tcp.take(at, layers, segment);
    if ((table.marks(row) & (Mark.asked | Mark.opened)) === Mark.asked) this.#openIfDone(row, tsNs);
    if (isOver) this.#life.close(row);
    if (isNew) this.#life.settle(row);
    else if (isOver || (flags & CONTROL) !== 0 || this.#life.isAnswered(row))
      this.#life.resettle(row);
  }

  /** Takes a UDP datagram. */
  datagram(layers: Layers, { srcPort, dstPort, payload }: Datagram, tsNs: number): void {
    this.#key.fill(layers, IpProto.udp, srcPort, dstPort, false);
    const isFlipped = isUdpServer(srcPort) && !isUdpServer(dstPort);
    const row = this.#converse(layers, payload, tsNs, isFlipped);
    tellDatagram(this.#table, row * Row.size, !this.#table.reversed);
  }

  /** Takes an ICMP message. An error explains what became of what it quotes, and is nothing of its own. */
  message(layers: Layers, message: IcmpMessage, tsNs: number): void {
    const { type, code, isError, payload } = message;
    if (isError) {
      this.#errors++;
      this.#quoted(layers, message);
      return;
    }
    const { protocol } = layers;
    const reply = counterpart(protocol, type);
    this.#key.fill(layers, protocol, type, reply < 0 ? code : reply, reply < 0);
    this.#converse(layers, payload, tsNs, false);
  }

  /** The capture is over: ends some of the connections that are left. False: none is. */
  stop(): boolean {
    return this.#life.stop();
  }

  /** The row of the key, if it goes on. */
  #find(tsNs: number): number {
    const row = this.#table.find(this.#key);
    return row >= 0 && this.#life.endIfDue(row, tsNs) ? -1 : row;
  }

  /** Takes a packet of the key's conversation. @returns its row */
  #converse(layers: Layers, payload: number, tsNs: number, isFlipped: boolean): number {
    const table = this.#table;
    this.#packets++;
    let row = this.#find(tsNs);
    const isNew = row < 0;
    if (isNew) row = this.#life.begin(this.#key, layers, tsNs, isFlipped);
    const { numbers, reversed } = table;
    const base = row * Row.size;
    const end = base + (reversed ? Row.resp : Row.orig);
    numbers[(end + End.packets) >> 1]!++;
    numbers[(end + End.ip_bytes) >> 1]! += layers.ipLength;
    numbers[(end + End.payload) >> 1]! += payload;
    if (tsNs > numbers[(base + Row.last_ns) >> 1]!) numbers[(base + Row.last_ns) >> 1] = tsNs;
    table.mark(row, reversed ? Mark.seenResp : Mark.seenOrig);
    if (isNew) this.#life.settle(row);
    return row;
  }

  /** Marks the connection of a packet that can't be delivered. */
  #quoted(layers: Layers, message: IcmpMessage): void {
    const isV4 = layers.protocol === IpProto.icmp;
    const { code } = message;
    if (message.type !== (isV4 ? Unreachable.icmp : Unreachable.icmp6)) return;
    if (isV4 && code === NEEDS_FRAGMENTS) return;
    if (parseQuoted(layers, message) !== Parsed.ok) return;
    const { bytes, transport, protocol } = layers;
    const hasPorts = protocol === IpProto.tcp || protocol === IpProto.udp;
    if (!hasPorts || transport + 4 > layers.end) return;
    this.#key.fill(layers, protocol, u16(bytes, transport), u16(bytes, transport + 2), false);
    const row = this.#table.find(this.#key);
    if (row >= 0) this.#table.mark(row, Mark.unreachable);
  }

  /** Tells that the handshake is done, once both ends are connected. */
  #openIfDone(row: number, tsNs: number): void {
    const base = row * Row.size;
    if (!isSynchronized(stateOf(this.#table, base + Row.orig))) return;
    if (!isSynchronized(stateOf(this.#table, base + Row.resp))) return;
    this.#table.mark(row, Mark.opened);
    this.#life.records.opened(row, tsNs);
  }
}

/** Is the source of a connection's first segment, which is no SYN, the responder? As Zeek guesses. */
function flips({ flags, srcPort, dstPort }: Segment): boolean {
  if (!isTcpServer(srcPort)) return false;
  return !isTcpServer(dstPort) || ((flags & TcpFlag.syn) === 0 && srcPort < dstPort);
}

/** Code of a destination unreachable that is about the path's MTU (RFC 1191). */
const NEEDS_FRAGMENTS = 4;

import { FlowEnd } from '../model/events.ts';
import { type IcmpMessage, parseQuoted, Unreachable } from '../packet/icmp.ts';
import { type Layers, Parsed, u16 } from '../packet/layers.ts';
import { type Segment, TcpFlag } from '../packet/tcp.ts';
import type { Datagram } from '../packet/udp.ts';
import type { Inspector } from '../payload/inspector.ts';
import { IpProto } from '../wire/ip-proto.ts';
import { Arrival } from './arrival.ts';
import { Clock } from './clock.ts';
import { Closing } from './close.ts';
import { Letter, tellDatagram, tellScaled } from './history.ts';
import { counterpart } from './icmp-pairs.ts';
import { PacketKey } from './key.ts';
import { Life } from './life.ts';
import { isTcpServer, isUdpServer } from './likely-servers.ts';
import { Parents } from './parents.ts';
import { Payload } from './payload.ts';
import { Phase, phaseOf } from './phase.ts';
import { Ranges } from './ranges.ts';
import type { RecordsOptions } from './records.ts';
import { isReuse } from './reuse.ts';
import { End, Mark, Row } from './row.ts';
import { ahead } from './sequence.ts';
import { isSeenTwice } from './sighting.ts';
import { isSynchronized, stateOf, States } from './states.ts';
import { takeSteady } from './steady.ts';
import { TrackTable } from './table.ts';
import { TcpFlow } from './tcp.ts';

/** Holes in what was captured, of all connections. */
const MAX_HOLES = 262_144;
/** Segments that may change how long is waited for more. */
const CONTROL = TcpFlag.syn | TcpFlag.fin | TcpFlag.rst;

/** Its writer gets an ENDED record for each connection, and OPEN records. */
export interface TrackerOptions extends RecordsOptions {
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
  /** Segments that were captured again, on another interface: they count once. */
  readonly twice: number;
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
  readonly #parents: Parents;
  readonly #inspector: Inspector | undefined;
  readonly #clock: Clock = new Clock();
  readonly #arrival: Arrival = new Arrival();
  /** Whether the packet at hand began its row. */
  #isNew = false;
  #packets = 0;
  #twice = 0;
  #errors = 0;

  constructor(options: TrackerOptions) {
    const { seed, maxConnections, inspector } = options;
    const table = new TrackTable(maxConnections);
    const payload = new Payload(table, new Ranges(MAX_HOLES));
    const states = new States(table);
    this.#key = new PacketKey(seed);
    this.#table = table;
    this.#states = states;
    this.#inspector = inspector;
    this.#life = new Life({ ...options, table, payload, states });
    this.#parents = new Parents(table, this.#life.records);
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
      twice: this.#twice,
      errors: this.#errors,
      states: now,
      left,
      transitions,
    };
  }

  /** Takes the time of the next packet: connections that are over by then end. */
  advance(tsNs: number): void {
    this.#parents.forget();
    const before = this.#clock.nowNs;
    if (!this.#clock.take(tsNs)) return;
    if (this.#clock.nowNs < before || before === 0) this.#life.start(tsNs);
    else this.#life.advance(tsNs);
  }

  /** Takes a TCP segment. */
  segment(layers: Layers, segment: Segment, tsNs: number): void {
    const table = this.#table;
    const row = this.#rowOf(layers, segment, tsNs);
    const isNew = this.#isNew;
    this.#parents.link(row);
    const at = this.#arrival;
    at.on(row, !table.reversed, tsNs);
    if (isSeenTwice(table, at, layers, segment)) {
      this.#twice++;
      return;
    }
    this.#packets++;
    if (takeSteady(table, at, segment, layers.ipLength)) {
      if (segment.captured > 0) this.#inspect(at, layers, segment);
      return;
    }
    if (isAttempt(segment) && at.fromOrig && phaseOf(table, at.from) === Phase.inactive)
      table.mark(row, Mark.asked);
    const isOver = this.#tcp.take(at, layers, segment);
    if (segment.captured > 0) this.#inspect(at, layers, segment);
    if ((table.marks(row) & (Mark.asked | Mark.opened)) === Mark.asked) this.#openIfDone(row, tsNs);
    if (isOver) this.#life.close(row);
    if (isNew) this.#life.settle(row);
    else if (isOver || (segment.flags & CONTROL) !== 0 || this.#life.isAnswered(row))
      this.#life.resettle(row);
  }

  /** Takes a TCP segment with a wrong checksum: only that it came is noted, as Zeek does. */
  corruptSegment(layers: Layers, segment: Segment, tsNs: number): void {
    const row = this.#rowOf(layers, segment, tsNs);
    this.#noteCorrupt(row);
    if (this.#isNew) this.#life.settle(row);
  }

  /** The row of a segment's connection, which may begin with it. */
  #rowOf(layers: Layers, segment: Segment, tsNs: number): number {
    const table = this.#table;
    this.#key.fill(layers, IpProto.tcp, segment.srcPort, segment.dstPort, false);
    const row = this.#find(tsNs);
    this.#isNew = row < 0;
    if (row >= 0) {
      if (!isReuse(table, row, segment, !table.reversed)) return row;
      this.#life.end(row, FlowEnd.end);
      this.#isNew = true;
    }
    return this.#life.begin(this.#key, layers, tsNs, !isAttempt(segment) && flips(segment));
  }

  #noteCorrupt(row: number): void {
    const base = row * Row.size;
    const end = base + (this.#table.reversed ? Row.resp : Row.orig);
    tellScaled(this.#table, base, end, End.bad_checksums, Letter.badChecksum);
  }

  /** Takes a UDP datagram. */
  datagram(layers: Layers, datagram: Datagram, tsNs: number): void {
    const { data, captured } = datagram;
    const row = this.#takeDatagram(layers, datagram, tsNs);
    if (captured > 0) this.#inspector?.datagram(row, layers.bytes, data, data + captured);
  }

  /** Takes a UDP datagram that carries a packet, which comes next. @param tunnel of Tunnel */
  carrier(layers: Layers, datagram: Datagram, tsNs: number, tunnel: number): void {
    this.#parents.add(this.#takeDatagram(layers, datagram, tsNs), tunnel);
  }

  #takeDatagram(layers: Layers, datagram: Datagram, tsNs: number): number {
    const row = this.#datagramRow(layers, datagram, tsNs);
    this.#count(row, layers);
    this.#converse(row, datagram.payload, tsNs);
    tellDatagram(this.#table, row * Row.size, !this.#table.reversed);
    return row;
  }

  /** Takes a UDP datagram with a wrong checksum: it counts as a packet, as Zeek has it. */
  corruptDatagram(layers: Layers, datagram: Datagram, tsNs: number): void {
    const row = this.#datagramRow(layers, datagram, tsNs);
    this.#count(row, layers);
    this.#noteCorrupt(row);
    if (this.#isNew) this.#life.settle(row);
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
    const row = this.#conversation(layers, tsNs, false);
    this.#count(row, layers);
    this.#converse(row, payload, tsNs);
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

  #datagramRow(layers: Layers, { srcPort, dstPort }: Datagram, tsNs: number): number {
    this.#key.fill(layers, IpProto.udp, srcPort, dstPort, false);
    return this.#conversation(layers, tsNs, isUdpServer(srcPort) && !isUdpServer(dstPort));
  }

  /** The row of the key's conversation, which may begin. */
  #conversation(layers: Layers, tsNs: number, isFlipped: boolean): number {
    const row = this.#find(tsNs);
    this.#isNew = row < 0;
    return row < 0 ? this.#life.begin(this.#key, layers, tsNs, isFlipped) : row;
  }

  /** Counts the packet at hand. */
  #count(row: number, { ipLength }: Layers): void {
    const { numbers, reversed } = this.#table;
    const end = row * Row.size + (reversed ? Row.resp : Row.orig);
    this.#packets++;
    this.#parents.link(row);
    numbers[(end + End.packets) >> 1]!++;
    numbers[(end + End.ip_bytes) >> 1]! += ipLength;
  }

  /** Adds a packet to a conversation. */
  #converse(row: number, payload: number, tsNs: number): void {
    const { numbers, reversed } = this.#table;
    const base = row * Row.size;
    numbers[(base + (reversed ? Row.resp : Row.orig) + End.payload) >> 1]! += payload;
    if (tsNs > numbers[(base + Row.last_ns) >> 1]!) numbers[(base + Row.last_ns) >> 1] = tsNs;
    this.#table.mark(row, reversed ? Mark.seenResp : Mark.seenOrig);
    if (this.#isNew) this.#life.settle(row);
  }

  /** Looks at payload, while there is any use in it. */
  #inspect(at: Arrival, layers: Layers, segment: Segment): void {
    const { data, captured, flags, seq } = segment;
    const { row, isOrig } = at;
    const inspector = this.#inspector;
    if (!inspector?.wants(row, isOrig) || (flags & TcpFlag.rst) !== 0) return;
    const first = this.#table.words[at.from + End.start]! + 1;
    const offset = (flags & TcpFlag.syn) === 0 ? ahead(seq, first) : 0;
    inspector.segment(row, isOrig, offset, layers.bytes, data, data + captured);
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

function isAttempt({ flags }: Segment): boolean {
  return (flags & (TcpFlag.syn | TcpFlag.ack)) === TcpFlag.syn;
}

/** Is the source of a connection's first segment, which is no SYN, the responder? As Zeek guesses. */
function flips({ flags, srcPort, dstPort }: Segment): boolean {
  if (!isTcpServer(srcPort)) return false;
  return !isTcpServer(dstPort) || ((flags & TcpFlag.syn) === 0 && srcPort < dstPort);
}

/** Code of a destination unreachable that is about the path's MTU (RFC 1191). */
const NEEDS_FRAGMENTS = 4;

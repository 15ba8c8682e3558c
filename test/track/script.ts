/**
 * Connections written as scripts, a line a packet: which end sends (`>` the client, `<` the server), flags by their
 * first letters, then what differs from what a peer that works would send: the sequence number, the acknowledgement,
 * `+N` bytes of payload, `w=N` the window, `u=N` the urgent pointer, `o=HEX` options, `cut=N` bytes captured of the
 * payload. `@S` before it is the second; lines without one come a millisecond after the one before.
 *
 *   '> S 100', '< SA 300', '> A', '@2 > PA +10', '< A'
 */
import { CONN_STATES, EVENT_NAMES, OUTCOMES } from '../../src/model/events.ts';
import { IcmpMessage } from '../../src/packet/icmp.ts';
import { parseRaw } from '../../src/packet/ip.ts';
import { Layers, Parsed } from '../../src/packet/layers.ts';
import { Segment } from '../../src/packet/tcp.ts';
import { Datagram } from '../../src/packet/udp.ts';
import { Tracker, type TrackerOptions } from '../../src/track/tracker.ts';
import { formatAddress } from '../../src/wire/address.ts';
import { Head, Kind, PacketsEnd, PacketsPart } from '../../src/wire/layout.gen.ts';
import { RecordWriter } from '../../src/wire/record-writer.ts';
import { u64 } from '../../src/wire/words.ts';
import { ip, Protocol, tcp } from '../support/frames.ts';

/** One end, of an ENDED record. */
export type EndSeen = Record<Exclude<keyof typeof PacketsEnd, 'size'>, number>;

/** What a record told. */
export interface Told {
  kind: 'open' | 'ended';
  /** Seconds after the start of the script. */
  at: number;
  id: string;
  conn: string;
  start: number;
  duration: number;
  event: string;
  outcome: string;
  state: string;
  history: string;
  reason: number;
  forms: number;
  /** Payload bytes of both ends. */
  bytes: [number, number];
  missed: [number, number];
  packets: [number, number];
  orig: EndSeen;
  resp: EndSeen;
}

export interface Ends {
  readonly client: string;
  readonly server: string;
  readonly clientPort: number;
  readonly serverPort: number;
}

const ENDS: Ends = { client: '192.0.2.1', server: '192.0.2.2', clientPort: 40_000, serverPort: 80 };
const FLAGS: Readonly<Record<string, number>> = {
  F: 1,
  S: 2,
  R: 4,
  P: 8,
  A: 16,
  U: 32,
  E: 64,
  C: 128,
};
/** Time of the first packet. */
const START_NS = 1_700_000_000e9;
const STEP_NS = 1e6;

const NO_PACKET = 'a script made a packet that is none';

/** Follows connections as scripts tell them. */
export class Play {
  readonly writer = new RecordWriter();
  readonly tracker: Tracker;
  readonly #ends: Ends;
  readonly #layers = new Layers();
  readonly #segment = new Segment();
  readonly #datagram = new Datagram();
  readonly #message = new IcmpMessage();
  /** The next sequence number of each end, and what the other one has of it. */
  readonly #next = { '>': 1000, '<': 5000 };
  #nowNs = START_NS - STEP_NS;

  constructor(options: Partial<TrackerOptions> & { ends?: Partial<Ends> } = {}) {
    const { ends, ...rest } = options;
    this.#ends = { ...ENDS, ...ends };
    this.tracker = new Tracker({ writer: this.writer, seed: 42, maxConnections: 1024, ...rest });
  }

  /** Sends the packets of some lines. */
  send(...lines: readonly string[]): this {
    for (const line of lines) this.#send(line.split(' '));
    return this;
  }

  /** Sends any IP packet, at a second after the start. */
  packet(second: number, packet: Buffer): this {
    this.#nowNs = START_NS + second * 1e9;
    this.#take(packet, packet.length);
    return this;
  }

  /** Lets time pass, by a packet of somebody else. @param seconds after the start */
  until(seconds: number): this {
    this.#nowNs = START_NS + seconds * 1e9;
    for (let n = 0; n < 100; n++) this.tracker.advance(this.#nowNs + n);
    return this;
  }

  /** Ends the capture, and takes what was told. */
  end(): Told[] {
    while (this.tracker.stop());
    return this.take();
  }

  /** Takes what was told so far. */
  take(): Told[] {
    const { writer } = this;
    const told = [...writer.at.subarray(0, writer.count)].map((at) => toldAt(writer, at));
    writer.clear();
    return told;
  }

  #send(words: string[]): void {
    this.#nowNs += STEP_NS;
    if (words[0]!.startsWith('@')) this.#nowNs = START_NS + Number(words.shift()!.slice(1)) * 1e9;
    const who = words.shift() as '>' | '<';
    const flags = words
      .shift()!
      .split('')
      .reduce((sum, letter) => sum | (FLAGS[letter] ?? 0), 0);
    const numbers = words.filter((word) => /^\d+$/.test(word)).map(Number);
    const named = (name: string): string | undefined =>
      words.find((word) => word.startsWith(name))?.slice(name.length);
    const length = Number(named('+') ?? 0);
    const other = who === '>' ? '<' : '>';
    const seq = numbers[0] ?? this.#next[who];
    const ack = numbers[1] ?? this.#next[other];
    const segment = tcp({
      srcPort: who === '>' ? this.#ends.clientPort : this.#ends.serverPort,
      dstPort: who === '>' ? this.#ends.serverPort : this.#ends.clientPort,
      flags,
      seq,
      ack: (flags & FLAGS['A']!) === 0 ? 0 : ack,
      window: Number(named('w=') ?? 8192),
      urgent: Number(named('u=') ?? 0),
      tcpOptions: Buffer.from(named('o=') ?? '', 'hex'),
      payload: Buffer.alloc(length),
    });
    const { client, server } = this.#ends;
    const packet = ip(
      who === '>' ? { src: client, dst: server } : { src: server, dst: client },
      segment,
    );
    const missing = length - Number(named('cut=') ?? length);
    this.#take(packet, packet.length - missing);
    if ((flags & FLAGS['R']!) !== 0) return; // it may have any number
    const after = (seq + length + (flags & 1) + ((flags >> 1) & 1)) >>> 0;
    if (((after - this.#next[who]) | 0) > 0 || (flags & FLAGS['S']!) !== 0) this.#next[who] = after;
  }

  #take(packet: Buffer, captured: number): void {
    const layers = this.#layers;
    this.tracker.advance(this.#nowNs);
    layers.begin(packet, 0, captured, packet.length);
    if (parseRaw(layers, 0) !== Parsed.ok) throw new Error(NO_PACKET);
    if (layers.protocol === Protocol.TCP) {
      if (this.#segment.read(layers) !== Parsed.ok) throw new Error(NO_PACKET);
      this.tracker.segment(layers, this.#segment, this.#nowNs);
    } else if (layers.protocol === Protocol.UDP) {
      if (this.#datagram.read(layers) !== Parsed.ok) throw new Error(NO_PACKET);
      this.tracker.datagram(layers, this.#datagram, this.#nowNs);
    } else {
      if (this.#message.read(layers) !== Parsed.ok) throw new Error(NO_PACKET);
      this.tracker.message(layers, this.#message, this.#nowNs);
    }
  }
}

/** What a script tells to its end. */
export function play(...lines: readonly string[]): Told[] {
  return new Play().send(...lines).end();
}

/** The one connection that a script is. */
export function playOne(...lines: readonly string[]): Told {
  const ended = play(...lines).filter(({ kind }) => kind === 'ended');
  if (ended.length !== 1) throw new Error(`the script made ${ended.length} connections`);
  return ended[0]!;
}

function toldAt(writer: RecordWriter, at: number): Told {
  const { words, bytes, halves } = writer;
  const seconds = (offset: number): number =>
    Math.round((u64(words, (at + offset) >> 2) - START_NS) / 1e3) / 1e6;
  const name = (port: number, address: number): string =>
    `${formatAddress(bytes, at + address)}:${halves[(at + port) >> 1]}`;
  const head = {
    kind: bytes[at + Head.kind] === Kind.ENDED ? ('ended' as const) : ('open' as const),
    at: seconds(0),
    id: `${words[(at + Head.id) >> 2]} ${words[(at + Head.id + 4) >> 2]}`,
    conn: `${name(Head.src_port, Head.src)} > ${name(Head.dst_port, Head.dst)}`,
  };
  const rest = head.kind === 'ended' ? at : endedAt(EMPTY);
  const from = head.kind === 'ended' ? writer : EMPTY;
  return { ...head, ...partAt(from, rest) };
}

/** Stands in for what an OPEN record hasn't. */
const EMPTY = new RecordWriter();

function endedAt(writer: RecordWriter): number {
  writer.clear();
  return writer.append(Kind.ENDED, PacketsPart.size);
}

function partAt(
  { words, bytes, halves }: RecordWriter,
  at: number,
): Omit<Told, 'kind' | 'at' | 'id' | 'conn'> {
  const ns = (offset: number): number => u64(words, (at + offset) >> 2);
  const startNs = ns(PacketsPart.start_ns);
  const letters = bytes.subarray(at + PacketsPart.history, at + PacketsPart.history + 40);
  const end = (offset: number): EndSeen => endAt(words, bytes, halves, at + offset);
  const [orig, resp] = [end(PacketsPart.orig), end(PacketsPart.resp)];
  return {
    start: Math.round((startNs - START_NS) / 1e3) / 1e6,
    duration: Math.round((ns(0) - startNs) / 1e3) / 1e6,
    event: EVENT_NAMES[bytes[at + PacketsPart.event]!]!.replace('connection.', ''),
    outcome: OUTCOMES[bytes[at + PacketsPart.outcome]!]!,
    state: CONN_STATES[bytes[at + PacketsPart.conn_state]!]!,
    history: Buffer.from(letters.subarray(0, letters.indexOf(0))).toString('latin1'),
    reason: bytes[at + PacketsPart.end_reason]!,
    forms: bytes[at + PacketsPart.forms]!,
    bytes: [orig.bytes, resp.bytes],
    missed: [orig.missed_bytes, resp.missed_bytes],
    packets: [orig.packets, resp.packets],
    orig,
    resp,
  };
}

const LONG: ReadonlySet<string> = new Set(['bytes', 'missed_bytes', 'ip_bytes', 'packets']);
const SHORT: ReadonlySet<string> = new Set(['window_scale', 'state', 'options']);

function endAt(words: Uint32Array, bytes: Uint8Array, halves: Uint16Array, at: number): EndSeen {
  const fields = Object.entries(PacketsEnd).filter(([name]) => name !== 'size');
  const value = (name: string, offset: number): number => {
    if (LONG.has(name)) return u64(words, (at + offset) >> 2);
    if (name === 'mss') return halves[(at + offset) >> 1]!;
    return SHORT.has(name) ? bytes[at + offset]! : words[(at + offset) >> 2]!;
  };
  return Object.fromEntries(fields.map(([name, offset]) => [name, value(name, offset)])) as EndSeen;
}

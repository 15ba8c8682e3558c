/**
 * Connections written as scripts, a line a packet: which end sends (`>` the client, `<` the server), flags by their
 * first letters, then what differs from what a peer that works would send: the sequence number, the acknowledgement,
 * `+N` bytes of payload, `w=N` the window, `u=N` the urgent pointer, `o=HEX` options, `cut=N` bytes captured of the
 * payload, `bad` a wrong checksum. `@S` before it is the second; lines without one come a millisecond after the one before.
 *
 *   '> S 100', '< SA 300', '> A', '@2 > PA +10', '< A'
 */
import { IcmpMessage } from '../../src/packet/icmp.ts';
import { parseRaw } from '../../src/packet/ip.ts';
import { Layers, Parsed } from '../../src/packet/layers.ts';
import { Segment } from '../../src/packet/tcp.ts';
import { Datagram } from '../../src/packet/udp.ts';
import { recordNs } from '../../src/sources/capture-records.ts';
import { Tracker, type TrackerOptions } from '../../src/track/tracker.ts';
import { RecordWriter } from '../../src/wire/record-writer.ts';
import { ip, Protocol, tcp } from '../support/frames.ts';
import { takeTold, type Told } from './told.ts';

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
const START_S = 1_700_000_000;
const START_NS = START_S * 1e9;
const STEP_S = 0.001;

/** A second after the start, as records have it. */
function timeOf(second: number): number {
  const us = Math.round(second * 1e6);
  const whole = Math.floor(us / 1e6);
  return recordNs(START_S + whole, (us - whole * 1e6) * 1000);
}

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
  #second = -STEP_S;
  #last: Buffer = Buffer.alloc(0);

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

  /** Sends any IP packet, at a second after the start. @param isBad its checksum is wrong */
  packet(second: number, packet: Buffer, isBad = false): this {
    this.#second = second;
    this.#take(packet, packet.length, isBad);
    return this;
  }

  /** The last packet, as another interface has it at a second after the start. */
  again(second: number): this {
    return this.packet(second, this.#last);
  }

  /** Lets time pass, by a packet of somebody else. @param seconds after the start */
  until(seconds: number): this {
    this.#second = seconds;
    for (let n = 0; n < 100; n++) this.tracker.advance(timeOf(seconds) + 512 * n);
    return this;
  }

  /** Ends the capture, and takes what was told. */
  end(): Told[] {
    while (this.tracker.stop());
    return this.take();
  }

  /** Takes what was told so far. */
  take(): Told[] {
    return takeTold(this.writer, START_NS);
  }

  #send(words: string[]): void {
    this.#second += STEP_S;
    if (words[0]!.startsWith('@')) this.#second = Number(words.shift()!.slice(1));
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
    this.#take(packet, packet.length - missing, words.includes('bad'));
    if (words.includes('bad')) return;
    if ((flags & FLAGS['R']!) !== 0) return; // it may have any number
    const after = (seq + length + (flags & 1) + ((flags >> 1) & 1)) >>> 0;
    if (((after - this.#next[who]) | 0) > 0 || (flags & FLAGS['S']!) !== 0) this.#next[who] = after;
  }

  #take(packet: Buffer, captured: number, isBad: boolean): void {
    const layers = this.#layers;
    const tsNs = timeOf(this.#second);
    this.#last = packet;
    this.tracker.advance(tsNs);
    layers.begin(packet, 0, captured, packet.length);
    if (parseRaw(layers, 0) !== Parsed.ok) throw new Error(NO_PACKET);
    if (layers.protocol === Protocol.TCP) {
      if (this.#segment.read(layers) !== Parsed.ok) throw new Error(NO_PACKET);
      if (isBad) this.tracker.corruptSegment(layers, this.#segment, tsNs);
      else this.tracker.segment(layers, this.#segment, tsNs);
    } else if (layers.protocol === Protocol.UDP) {
      if (this.#datagram.read(layers) !== Parsed.ok) throw new Error(NO_PACKET);
      if (isBad) this.tracker.corruptDatagram(layers, this.#datagram, tsNs);
      else this.tracker.datagram(layers, this.#datagram, tsNs);
    } else {
      if (this.#message.read(layers) !== Parsed.ok) throw new Error(NO_PACKET);
      this.tracker.message(layers, this.#message, tsNs);
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

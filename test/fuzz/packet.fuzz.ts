/**
 * Mutated packets into every decoder, and mutated capture files into every reader. Nothing throws but what a reader is
 * to throw; everything is counted; positions lie where there are bytes. Each input is given twice, with other bytes
 * around it: whoever reads beyond its end says something else.
 */
import { ByteWindow } from '../../src/packet/byte-window.ts';
import { captureReader, MAGIC_BYTES } from '../../src/packet/capture.ts';
import { CapturedPacket } from '../../src/packet/captured-packet.ts';
import { CaptureFault, MOST_CAPTURED } from '../../src/packet/capture-fault.ts';
import { Decoder } from '../../src/packet/decoder.ts';
import { IcmpMessage, parseQuoted } from '../../src/packet/icmp.ts';
import { Protocol } from '../../src/packet/ip.ts';
import { type Layers, Parsed } from '../../src/packet/layers.ts';
import { Segment } from '../../src/packet/tcp.ts';
import { TcpOptions } from '../../src/packet/tcp-options.ts';
import { Datagram } from '../../src/packet/udp.ts';
import { Magic, pcap, Pcapng } from '../support/captures.ts';
import { ethernet, fragmentHeader, ip, ipv4, ipv6, SYN_OPTIONS, tcp } from '../support/frames.ts';
import { ENDS4, ENDS6, LINKS } from '../support/links.ts';
import { TUNNELS } from '../support/tunnels.ts';
import { changed, CORPUS, pick, randomOf } from './mutate.ts';

export interface PacketFuzzReport {
  readonly packets: number;
  readonly captures: number;
  /** What the packets were. */
  readonly told: number;
  readonly tunnelled: number;
  readonly joined: number;
  readonly malformed: number;
  readonly cut: number;
  readonly corrupt: number;
  readonly passed: number;
  /** Of the captures: packets in them, and those that a reader refused. */
  readonly read: number;
  readonly refused: number;
  /** What went wrong, a sentence each, the input in hex. */
  readonly faults: string[];
}

const MOST_FAULTS = 10;
/** One of so many inputs is a capture file. */
const CAPTURES = 20;
/** Changes at most, of packets and of captures. */
const CHANGES = 5;
/** Headers end here in most packets; what lies behind changes little. */
const HEADERS = 200;

/** With their link types. */
const PACKETS: readonly (readonly [linkType: number, packet: Buffer])[] = [
  ...CORPUS.map((frame) => [1, frame] as const),
  ...LINKS.map(([, linkType, frame]) => [linkType, frame] as const),
  ...TUNNELS.flatMap(([, , outer]) => [
    [1, ethernet(ip(ENDS4, outer))] as const,
    [101, ip(ENDS6, outer)] as const,
  ]),
  ...[0, 8, 24, 40].flatMap((offset) => {
    const part = { offset, length: 24 };
    const syn = tcp({ tcpOptions: SYN_OPTIONS, payload: Buffer.alloc(40) });
    return [
      [228, ipv4({ ...ENDS4, fragment: part }, syn)] as const,
      [229, ipv6({ ...ENDS6, extensions: [fragmentHeader(part)] }, syn)] as const,
    ];
  }),
];
const ALL_PACKETS = PACKETS.map(([, packet]) => packet);

const little = new Pcapng();
const big = new Pcapng(false);
const FRAMES = [{ frame: CORPUS[0]! }, { frame: Buffer.alloc(300, 1), fraction: 7 }];
const FILES: readonly Buffer[] = [
  pcap(FRAMES),
  pcap(FRAMES, { little: false, magic: Magic.nano, linkType: 113 }),
  pcap(FRAMES, { magic: Magic.patched, linkType: 0x2400_0001, swapped: true, version: [2, 2] }),
  Buffer.concat([
    little.section(),
    little.interface(1, [
      { code: 9, value: Buffer.from([0x89]) },
      { code: 13, value: Buffer.from([4]) },
      { code: 14, value: Buffer.alloc(8, 1) },
    ]),
    little.packet(CORPUS[0]!, 1_700_000_000_000_000_000n),
    little.block(4, Buffer.alloc(80)),
    little.simple(CORPUS[1]!),
    big.section(),
    big.interface(101),
    big.oldPacket(CORPUS[2]!.subarray(14)),
  ]),
];

/** @param seed the same seed makes the same inputs */
export function fuzzPackets(inputs: number, seed: number): PacketFuzzReport {
  const random = randomOf(seed);
  const faults: string[] = [];
  const decoding = new Decoding(0);
  const twin = new Decoding(0xff);
  const reading = new Reading(0);
  const readingTwin = new Reading(0xff);
  let packets = 0;
  for (let n = 0; n < inputs && faults.length < MOST_FAULTS; n++) {
    const isCapture = random(CAPTURES) === 0;
    const [linkType, seedPacket] = pick(PACKETS, random);
    let input: Buffer = Buffer.from(isCapture ? pick(FILES, random) : seedPacket);
    for (let changes = random(CHANGES); changes > 0; changes--)
      input = changed(input, random, isCapture ? FILES : ALL_PACKETS, isCapture ? 2000 : HEADERS);
    const cutAt = random(8) === 0 ? random(input.length + 1) : input.length;
    const others = random(64) === 0 ? pick(PACKETS, random)[0] : linkType;
    try {
      if (isCapture) {
        const pieces = 1 + random(400);
        reading.take(input, pieces);
        readingTwin.take(input, pieces);
        if (reading.seen !== readingTwin.seen) throw new Error('it was read beyond a chunk');
      } else {
        packets++;
        decoding.take(input, others, cutAt);
        twin.take(input, others, cutAt);
        decoding.compare(twin);
      }
    } catch (error) {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      faults.push(`${what}: link type ${others}, ${cutAt} captured: ${input.toString('hex')}`);
    }
  }
  const { malformed, cut, corrupt, tunnelled, fragments } = decoding.decoder;
  return {
    packets,
    captures: inputs - packets,
    told: decoding.told,
    tunnelled,
    joined: fragments.whole,
    malformed,
    cut,
    corrupt,
    passed: decoding.passed,
    read: reading.packets,
    refused: reading.refused,
    faults,
  };
}

/** Longer inputs are cut. */
const ROOM = 8192;
const BEFORE = 16;

/** One of two decoders that are given the same packets among other bytes. */
class Decoding {
  readonly decoder: Decoder = new Decoder(true);
  told = 0;
  passed = 0;
  readonly #plain: Decoder = new Decoder(false);
  readonly #bytes: Uint8Array;
  readonly #filler: number;
  readonly #packet: CapturedPacket = new CapturedPacket();
  readonly #segment: Segment = new Segment();
  readonly #options: TcpOptions = new TcpOptions();
  readonly #datagram: Datagram = new Datagram();
  readonly #message: IcmpMessage = new IcmpMessage();
  /** A hash of all that was said of the last packet. */
  #said = 0;

  constructor(filler: number) {
    this.#filler = filler;
    this.#bytes = new Uint8Array(ROOM).fill(filler);
  }

  take(input: Buffer, linkType: number, cutAt: number): void {
    const bytes = this.#bytes;
    const captured = Math.min(cutAt, ROOM - 2 * BEFORE);
    bytes.set(input.subarray(0, captured), BEFORE);
    bytes.fill(this.#filler, BEFORE + captured, Math.min(ROOM, BEFORE + captured + 256));
    const packet = this.#packet;
    packet.at = BEFORE;
    packet.captured = captured;
    packet.length = input.length;
    packet.linkType = linkType;
    this.#packet.seconds += this.told & 1;
    this.#said = 0;
    if (this.#plain.passes(bytes, this.#packet)) {
      this.passed++;
      this.#say(1);
    }
    this.#decode(this.#plain);
    this.#decode(this.decoder);
  }

  compare(other: Decoding): void {
    must(this.#said === other.#said, 'what is said depends on the packet alone');
  }

  #say(value: number): void {
    this.#said = mixed(this.#said, value);
  }

  #decode(decoder: Decoder): void {
    const { layers } = decoder;
    const isTold = decoder.take(this.#bytes, this.#packet);
    this.#say(isTold ? 1 : 0);
    if (!isTold) return;
    this.told++;
    this.#places(layers);
    if (layers.protocol === Protocol.tcp) this.#tcp(layers);
    else if (layers.protocol === Protocol.udp) this.#udp(layers);
    else if (layers.protocol === Protocol.icmp || layers.protocol === Protocol.icmp6)
      this.#icmp(layers);
  }

  #places(layers: Layers): void {
    const { ip: at, transport, end, wireEnd, tunnels, family, transportLength, bytes } = layers;
    const header = family === 4 ? 20 : 40;
    must(family === 4 || family === 6, 'a family of IP');
    must(at >= 0 && at + header <= end && end <= bytes.length, 'the IP header was captured');
    must(transport >= at + header, 'the transport header lies behind that of IP');
    must(end <= wireEnd && transportLength >= 0 && tunnels <= 8, 'what is there was on the wire');
    this.#say(at);
    this.#say(transport);
    this.#say(end);
    this.#say(wireEnd);
    this.#say(tunnels);
    this.#say(family);
    this.#say(transportLength);
    this.#say(layers.protocol);
    this.#say(layers.ttl);
    this.#say(layers.ipLength);
    this.#say(layers.vlan);
    this.#say(layers.tunnel);
    this.#say(layers.fragmented ? 1 : 0);
    this.#say(layers.etherType);
    for (let i = at; i < at + header; i++) this.#say(bytes[i]!);
  }

  #tcp(layers: Layers): void {
    const segment = this.#segment;
    const parsed = segment.read(layers);
    this.#say(parsed);
    if (parsed !== Parsed.ok) return;
    const { data, payload, captured, header, seq, ack, window, urgent, flags } = segment;
    must(header >= 20 && header <= 60 && payload >= 0, 'a header of 20 to 60 bytes');
    this.#payload(layers, data, payload, captured);
    this.#say(seq);
    this.#say(ack);
    this.#say(window);
    this.#say(urgent);
    this.#say(flags);
    this.#say(segment.srcPort);
    this.#say(segment.dstPort);
    const options = this.#options;
    this.#say(options.read(layers, segment));
    this.#say(options.mss);
    this.#say(options.windowScale);
    must(options.sackCount <= 4, 'at most four SACK blocks');
    this.#say(options.sackCount);
    for (let i = 0; i < 2 * options.sackCount; i++) this.#say(options.sacks[i]!);
    this.#say(options.timestamp);
    this.#say(options.timestampEcho);
    this.#say(options.fastOpen);
  }

  #udp(layers: Layers): void {
    const datagram = this.#datagram;
    const parsed = datagram.read(layers);
    this.#say(parsed);
    if (parsed !== Parsed.ok) return;
    const { srcPort, dstPort, data, payload, captured } = datagram;
    this.#say(srcPort);
    this.#say(dstPort);
    this.#payload(layers, data, payload, captured);
  }

  #icmp(layers: Layers): void {
    const message = this.#message;
    const parsed = message.read(layers);
    this.#say(parsed);
    if (parsed !== Parsed.ok) return;
    const { type, code, id, seq, data, payload, captured } = message;
    this.#say(type);
    this.#say(code);
    this.#say(id);
    this.#say(seq);
    this.#payload(layers, data, payload, captured);
    const quoted = parseQuoted(layers, message);
    this.#say(quoted);
    if (quoted !== Parsed.ok) return;
    this.#places(layers);
    const isTcp = layers.protocol === Protocol.tcp;
    this.#say(isTcp ? this.#segment.readQuoted(layers) : this.#datagram.readQuoted(layers));
  }

  #payload({ end }: Layers, data: number, payload: number, captured: number): void {
    must(captured >= 0 && captured <= payload, 'no more payload was captured than there was');
    must(captured === 0 || data + captured <= end, 'the payload was captured');
    this.#say(data);
    this.#say(payload);
    this.#say(captured);
  }
}

/** One of two readers that are given the same files in pieces that lie among other bytes. */
class Reading {
  packets = 0;
  refused = 0;
  /** A hash of all that was read. */
  seen = 0;
  readonly #filler: number;

  constructor(filler: number) {
    this.#filler = filler;
  }

  take(file: Buffer, pieces: number): void {
    const window = new ByteWindow();
    let at = 0;
    const more = (): boolean => {
      if (at >= file.length) return false;
      const chunk = new Uint8Array(pieces + 2 * BEFORE).fill(this.#filler);
      const size = Math.min(pieces, file.length - at);
      chunk.set(file.subarray(at, at + size), BEFORE);
      window.take(chunk, BEFORE, BEFORE + size);
      at += size;
      return true;
    };
    while (window.left < MAGIC_BYTES) if (!more()) return;
    const reader = captureReader(window);
    if (!reader) return;
    const { packet } = reader;
    let found = 0;
    try {
      do {
        while (reader.next(window)) {
          must(++found <= file.length / 12, 'no more packets than there is room for');
          const last = packet.at + packet.captured;
          must(packet.captured <= packet.length && last <= window.end, 'a packet that is there');
          must(packet.captured <= MOST_CAPTURED && packet.at >= 0, 'a packet of a possible length');
          must(packet.nanoseconds >= 0 && packet.nanoseconds < 1e9, 'less than a second');
          this.#see(packet.length);
          this.#see(packet.seconds);
          this.#see(packet.nanoseconds);
          this.#see(packet.linkType);
          for (let i = packet.at; i < last; i++) this.#see(window.bytes[i]!);
        }
        must(window.left <= MOST_CAPTURED + 100_000, 'bounded memory');
      } while (more());
    } catch (error) {
      if (!(error instanceof CaptureFault)) throw error;
      must(error.offset <= file.length, 'a fault within the file');
      this.refused++;
    }
    this.packets += found;
    this.#see(found);
    this.#see(window.left);
    this.#see(window.debt);
  }

  #see(value: number): void {
    this.seen = mixed(this.seen, value);
  }
}

function mixed(hash: number, value: number): number {
  return (Math.imul(hash ^ (hash >>> 15), 0x85ebca77) + (value % 0x7fff_ffff)) | 0;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}

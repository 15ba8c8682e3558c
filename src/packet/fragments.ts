import { Protocol } from './ip.ts';
import { type Layers, Parsed, u16 } from './layers.ts';
import { TCP_HEADER } from './tcp.ts';

/** Datagrams whose headers wait for their parts at once, in sets of WAYS. */
const SETS = 256;
const WAYS = 4;
/** As Linux (net.ipv4.ipfrag_time); RFC 8200 4.5 gives twice as long. */
const LIFE_S = 30;

/** Bytes of a datagram that are kept: the longest TCP header is 60. Parts begin at multiples of 8. */
const KEPT = 64;
const BLOCK = 8;
/** A row: an IP header, then the kept bytes. */
const IP_ROOM = 40;
const ROW = IP_ROOM + KEPT;

/** What a row is. */
const State = { free: 0, waiting: 1, refused: 2 } as const;

/**
 * Puts the headers together that are spread over several fragments. A first fragment with the whole transport header
 * is told at once, and nothing is kept of it; so only parts within the first 64 bytes of a datagram count, and
 * memory is small however many there are. Of bytes that come twice the first ones count in IPv4; in IPv6 nothing of
 * such a datagram does (RFC 5722), unless they are the same.
 */
export class Fragments {
  /**
   * Datagrams whose first part hasn't all of the header, and those of them of which it was put together. What comes
   * behind a header that was told waits as well, since nothing is kept of that, but is none.
   */
  begun = 0;
  whole = 0;
  /** Those whose parts overlap: with IPv6 they are given up. */
  overlapping = 0;
  readonly #bytes: Uint8Array = new Uint8Array(SETS * WAYS * ROW);
  readonly #state: Uint8Array = new Uint8Array(SETS * WAYS);
  /** Identification, when the first part came, and how many rows had been taken by then, by row. */
  readonly #ids: Uint32Array = new Uint32Array(SETS * WAYS);
  readonly #seconds: Float64Array = new Float64Array(SETS * WAYS);
  readonly #order: Float64Array = new Float64Array(SETS * WAYS);
  #taken = 0;
  /** Bits of the blocks that are there. */
  readonly #blocks: Uint8Array = new Uint8Array(SETS * WAYS);
  /** Bytes of the datagram, once its last part is there; before that more than are kept. */
  readonly #totals: Uint32Array = new Uint32Array(SETS * WAYS);

  /**
   * Takes a fragment, which `layers` tells of. `ok`: it has the transport header, or with it that is whole; then
   * `layers` tells of the datagram as far as it is known. `fragment`: it hasn't.
   * @param seconds when it came, by the packets' clock
   */
  take(layers: Layers, seconds: number): Parsed {
    const { fragmentOffset: offset } = layers;
    const there = Math.min(layers.transportLength, layers.wireEnd - layers.transport);
    if (there <= 0) return Parsed.malformed;
    if (offset === 0 && (there >= headerOf(layers, there) || !isKnown(layers))) return Parsed.ok;
    if (layers.moreFragments && (there & (BLOCK - 1)) !== 0 && there === layers.transportLength)
      return Parsed.malformed;
    if (offset >= KEPT || !isKnown(layers)) return Parsed.fragment;
    const captured = Math.min(there, layers.end - layers.transport);
    if (captured < Math.min(there, KEPT - offset)) return Parsed.cut;
    return this.#add(layers, this.#rowOf(layers, seconds), captured);
  }

  #add(layers: Layers, row: number, length: number): Parsed {
    if (this.#state[row] === State.refused) return Parsed.fragment;
    const { bytes, fragmentOffset: offset, transport } = layers;
    if (offset === 0 && (this.#blocks[row]! & 1) === 0) this.begun++;
    const to = row * ROW + IP_ROOM;
    const end = Math.min(KEPT, offset + length);
    let overlaps = false;
    let differs = false;
    for (let at = offset; at < end; at += BLOCK) {
      const bit = 1 << (at / BLOCK);
      const isThere = (this.#blocks[row]! & bit) !== 0;
      for (let i = at; i < Math.min(end, at + BLOCK); i++) {
        const byte = bytes[transport + i - offset]!;
        if (isThere) differs ||= this.#bytes[to + i] !== byte;
        else this.#bytes[to + i] = byte;
      }
      overlaps ||= isThere;
      this.#blocks[row]! |= bit;
    }
    if (overlaps) this.overlapping++;
    if (differs && layers.family === 6) {
      this.#state[row] = State.refused;
      return Parsed.fragment;
    }
    if (!layers.moreFragments) this.#totals[row] = Math.min(this.#totals[row]!, offset + length);
    return this.#show(layers, row);
  }

  /** Puts the header into `layers`, if it is whole. */
  #show(layers: Layers, row: number): Parsed {
    let blocks = 0;
    while (((this.#blocks[row]! >> blocks) & 1) !== 0) blocks++;
    const total = this.#totals[row]!;
    const length = Math.min(blocks * BLOCK, total);
    layers.bytes = this.#bytes;
    layers.ip = row * ROW + (layers.family === 4 ? 20 : 0);
    layers.transport = row * ROW + IP_ROOM;
    layers.transportLength = length;
    layers.end = layers.transport + length;
    layers.wireEnd = layers.end;
    if (length < headerOf(layers, length)) {
      if (length < total) return Parsed.fragment;
      this.#state[row] = State.refused; // it has no whole header
      return Parsed.malformed;
    }
    this.#state[row] = State.free;
    this.whole++;
    return Parsed.ok;
  }

  /** The row of a fragment's datagram: the one that it has, or another that is free or came first. */
  #rowOf(layers: Layers, seconds: number): number {
    const id = idOf(layers);
    const first = setOf(layers, id) * WAYS;
    let row = first;
    for (let way = first; way < first + WAYS; way++) {
      if (this.#state[way] !== State.free && seconds - this.#seconds[way]! > LIFE_S)
        this.#state[way] = State.free;
      if (this.#state[way] === State.free) row = way;
      else if (this.#ids[way] === id && this.#isOf(layers, way)) return way;
      else if (this.#state[row] !== State.free && this.#order[way]! < this.#order[row]!) row = way;
    }
    this.#order[row] = this.#taken++;
    this.#state[row] = State.waiting;
    this.#ids[row] = id;
    this.#seconds[row] = seconds;
    this.#blocks[row] = 0;
    this.#totals[row] = 0xffff_ffff;
    this.#writeHead(layers, row * ROW);
    return row;
  }

  /** An IP header with what identifies the datagram, and lies where one of that version would. */
  #writeHead({ bytes, ip, family, protocol }: Layers, at: number): void {
    const head = this.#bytes;
    for (let i = 0; i < IP_ROOM; i++) head[at + i] = 0;
    if (family === 6) {
      head[at] = 0x60;
      head[at + 6] = protocol;
      for (let i = 8; i < 40; i++) head[at + i] = bytes[ip + i]!;
    } else {
      head[at + 20] = 0x45;
      head[at + 29] = protocol;
      for (let i = 12; i < 20; i++) head[at + 20 + i] = bytes[ip + i]!;
    }
  }

  /** Do addresses and protocol agree? */
  #isOf({ bytes, ip, family, protocol }: Layers, row: number): boolean {
    const head = this.#bytes;
    const at = row * ROW + (family === 6 ? 0 : 20);
    const [from, to, number] = family === 6 ? [8, 40, 6] : [12, 20, 9];
    if (head[at]! >> 4 !== family || head[at + number] !== protocol) return false;
    for (let i = from; i < to; i++) if (head[at + i] !== bytes[ip + i]) return false;
    return true;
  }
}

/** Is it a protocol whose header is looked at, and one that stands right behind the fragment header? */
function isKnown({ family, protocol, transport, fragmentHeader }: Layers): boolean {
  if (family === 6 && transport !== fragmentHeader + 8) return false;
  return (
    protocol === Protocol.tcp ||
    protocol === Protocol.udp ||
    protocol === Protocol.icmp ||
    protocol === Protocol.icmp6
  );
}

/** Bytes that the transport header has, as far as that can be told of the first `length` bytes. */
function headerOf({ bytes, transport, protocol, end }: Layers, length: number): number {
  if (protocol !== Protocol.tcp) return OTHER_HEADER;
  if (length < TCP_HEADER || transport + TCP_HEADER > end) return TCP_HEADER;
  return Math.max(TCP_HEADER, (bytes[transport + 12]! >> 4) * 4);
}

/** UDP, and ICMP without what it is about. */
const OTHER_HEADER = 8;

/** RFC 791, RFC 8200 4.5. */
function idOf({ bytes, ip, family, fragmentHeader }: Layers): number {
  if (family === 4) return u16(bytes, ip + 4);
  return ((u16(bytes, fragmentHeader + 4) << 16) | u16(bytes, fragmentHeader + 6)) >>> 0;
}

/** Whoever aims at one set pushes out nothing but waiting headers of that set. */
function setOf({ bytes, ip, family }: Layers, id: number): number {
  let hash = Math.imul(id + 1, 0x9e3779b1);
  const [from, to] = family === 6 ? [8, 40] : [12, 20];
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[ip + i]!, 0x01000193);
  return (hash ^ (hash >>> 16)) & (SETS - 1);
}

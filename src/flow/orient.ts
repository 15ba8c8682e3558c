import { stampId } from '../wire/id.ts';
import { Direction, Flag, Head, SocketPart } from '../wire/layout.gen.ts';
import type { ConnectionTable } from './table.ts';

/**
 * Turns a record about a socket older than the program (flag BEFORE: src is the local end, isn 0) into one like all
 * others: src the originator, PASSIVE and direction set, id of that orientation. So the two ends of a local
 * connection meet in one row.
 */
export class Orienter {
  /** The oriented record; valid until the next orient(). */
  readonly words: Uint32Array = new Uint32Array(SocketPart.size / 4);
  readonly bytes: Uint8Array = new Uint8Array(this.words.buffer);
  readonly #listening: Uint8Array = new Uint8Array(65536);
  readonly #table: ConnectionTable;

  constructor(table: ConnectionTable) {
    this.#table = table;
  }

  /** Notes a port that a local socket listens on. Ports are only ever added: a closed listener's connections live on. */
  listens(port: number): void {
    this.#listening[port] = 1;
  }

  /** The local end is the responder's if its port is listened on, unless the connection is known already. */
  orient(words: Uint32Array, bytes: Uint8Array, at: number): void {
    const size = (bytes[at + Head.flags]! & Flag.WHOLE) === 0 ? Head.size : SocketPart.size;
    this.bytes.fill(0);
    for (let i = 0; i < size >> 2; i++) this.words[i] = words[(at >> 2) + i]!;
    const localPort = this.bytes[Head.src_port]! | (this.bytes[Head.src_port + 1]! << 8);
    const passive = (this.bytes[Head.flags]! & Flag.PASSIVE) !== 0;
    this.#set(Direction.OUTBOUND, 0);
    if (this.#known()) return;
    this.#swap();
    this.#set(Direction.INBOUND, Flag.PASSIVE);
    if (passive || this.#listening[localPort] === 1 || this.#known()) return;
    this.#swap();
    this.#set(Direction.OUTBOUND, 0);
  }

  #known(): boolean {
    return this.#table.find(this.words[Head.id >> 2]!, this.words[(Head.id >> 2) + 1]!) >= 0;
  }

  #set(direction: number, passive: number): void {
    this.bytes[Head.direction] = direction;
    this.bytes[Head.flags] = (this.bytes[Head.flags]! & ~Flag.PASSIVE) | passive;
    stampId(this.words, this.bytes, 0);
  }

  #swap(): void {
    const words = this.words;
    for (let i = Head.src >> 2; i < Head.dst >> 2; i++) {
      const src = words[i]!;
      words[i] = words[i + 4]!;
      words[i + 4] = src;
    }
    const ports = words[Head.src_port >> 2]!;
    words[Head.src_port >> 2] = (ports << 16) | (ports >>> 16);
  }
}

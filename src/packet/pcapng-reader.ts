import type { ByteWindow } from './byte-window.ts';
import type { CaptureReader } from './capture.ts';
import { CapturedPacket } from './captured-packet.ts';
import { CaptureFault, MOST_CAPTURED } from './capture-fault.ts';
import { type PcapngInterface, readInterface } from './pcapng-interface.ts';

/** Block types (draft-ietf-opsawg-pcapng); all others are skipped by their length. */
const Block = { section: 0x0a0d0d0a, interface: 1, oldPacket: 2, simple: 3, packet: 6 } as const;

const BYTE_ORDER = 0x1a2b3c4d;
/** Type, length, and the length again at the end. */
const FRAME = 12;
const SECTION = 28;
/** Type to lengths of a packet; a simple one has only its length. */
const PACKET_HEADER = 28;
const SIMPLE_HEADER = 12;
/** A block that is looked into is no longer: a packet, and room for options. */
const LONGEST = MOST_CAPTURED + 65_536;
/** Interfaces of one section: more than any host has, and 10 MB of them. */
const MOST_INTERFACES = 65_536;

/** Do files of this kind begin with this number? It reads the same in both byte orders. */
export function isPcapng(magic: number): boolean {
  return magic === Block.section;
}

/** pcapng: blocks, in sections of either byte order, each with its own interfaces. */
export class PcapngReader implements CaptureReader {
  readonly packet: CapturedPacket = new CapturedPacket();
  #little = true;
  #interfaces: PcapngInterface[] = [];

  next(window: ByteWindow): boolean {
    for (;;) {
      if (window.left < FRAME) return false;
      const { view, pos } = window;
      if (view.getUint32(pos) === Block.section) this.#byteOrder(window);
      const type = view.getUint32(pos, this.#little);
      const length = view.getUint32(pos + 4, this.#little);
      if (length < FRAME || (length & 3) !== 0)
        throw new CaptureFault(`a block of ${length} bytes, which none can have`, window.offset);
      if (!isRead(type)) {
        window.skip(length);
        continue;
      }
      if (length > LONGEST)
        throw new CaptureFault(
          `a block of ${length} bytes, where ${LONGEST} are the most`,
          window.offset,
        );
      if (window.left < length) return false;
      if (view.getUint32(pos + length - 4, this.#little) !== length)
        throw new CaptureFault('a block whose two lengths differ', window.offset);
      const isPacket = this.#read(window, type, length);
      window.pos += length;
      if (isPacket) return true;
    }
  }

  /** A section says its byte order after its length. */
  #byteOrder(window: ByteWindow): void {
    const order = window.view.getUint32(window.pos + 8, true);
    if (order !== BYTE_ORDER && window.view.getUint32(window.pos + 8) !== BYTE_ORDER)
      throw new CaptureFault('a section whose byte order is neither of the two', window.offset);
    this.#little = order === BYTE_ORDER;
  }

  /** Reads the block at the window's position, which is there as a whole; true: it is a packet. */
  #read(window: ByteWindow, type: number, length: number): boolean {
    const { view, pos } = window;
    switch (type) {
      case Block.section:
        if (length < SECTION) throw new CaptureFault('a section without its header', window.offset);
        if (view.getUint16(pos + 12, this.#little) !== 1)
          throw new CaptureFault(
            `version ${view.getUint16(pos + 12, this.#little)} of pcapng, where 1 is known`,
            window.offset,
          );
        this.#interfaces = [];
        return false;
      case Block.interface:
        if (this.#interfaces.length === MOST_INTERFACES)
          throw new CaptureFault(`more than ${MOST_INTERFACES} interfaces`, window.offset);
        this.#interfaces.push(readInterface(window, length, this.#little));
        return false;
      case Block.simple:
        this.#simple(window, length);
        return true;
      default:
        this.#packet(window, type, length);
        return true;
    }
  }

  /** Enhanced packet blocks, and the packet blocks before them. */
  #packet(window: ByteWindow, type: number, length: number): void {
    const { view, pos } = window;
    const little = this.#little;
    if (length < PACKET_HEADER + 4)
      throw new CaptureFault('a packet without its header', window.offset);
    const index =
      type === Block.packet ? view.getUint32(pos + 8, little) : view.getUint16(pos + 8, little);
    const where = this.#interface(index, window);
    const captured = view.getUint32(pos + 20, little);
    if (captured > length - PACKET_HEADER - 4)
      throw new CaptureFault('a packet that is longer than its block', window.offset);
    const { packet } = this;
    where.clock.read(view.getUint32(pos + 12, little), view.getUint32(pos + 16, little), packet);
    this.#place(where, pos + PACKET_HEADER, captured, view.getUint32(pos + 24, little));
  }

  /** A simple packet is of the first interface; it has no time, so that of the packet before it is kept. */
  #simple(window: ByteWindow, length: number): void {
    const { view, pos } = window;
    if (length < SIMPLE_HEADER + 4)
      throw new CaptureFault('a packet without its header', window.offset);
    const where = this.#interface(0, window);
    const original = view.getUint32(pos + 8, this.#little);
    const captured = Math.min(original, where.snapLength, length - SIMPLE_HEADER - 4);
    this.#place(where, pos + SIMPLE_HEADER, captured, original);
  }

  #interface(index: number, window: ByteWindow): PcapngInterface {
    const found = this.#interfaces[index];
    if (found) return found;
    throw new CaptureFault(
      `a packet of interface ${index}, which was not described before`,
      window.offset,
    );
  }

  #place(where: PcapngInterface, at: number, captured: number, original: number): void {
    const { packet } = this;
    packet.number++;
    packet.at = at;
    packet.length = Math.max(0, original - where.fcsBytes);
    packet.captured = Math.min(captured, packet.length);
    packet.linkType = where.linkType;
    packet.snapLength = where.snapLength;
  }
}

function isRead(type: number): boolean {
  return (
    type === Block.packet ||
    type === Block.interface ||
    type === Block.simple ||
    type === Block.oldPacket ||
    type === Block.section
  );
}

import type { ByteWindow } from './byte-window.ts';
import type { CaptureReader } from './capture.ts';
import { CapturedPacket } from './captured-packet.ts';
import { CaptureFault, MOST_CAPTURED } from './capture-fault.ts';

/** What the first four bytes say, read in network order, of files of either byte order. */
interface Format {
  readonly little: boolean;
  /** Nanoseconds that a unit of a packet's fraction of a second has. */
  readonly unitNs: number;
  /** Bytes before each packet. */
  readonly header: number;
}

const PACKET_HEADER = 16;
/** Kuznetsov's patch of libpcap adds interface, protocol and packet type. */
const PATCHED_HEADER = 24;

const FORMATS: ReadonlyMap<number, Format> = new Map([
  [0xa1b2c3d4, { little: false, unitNs: 1000, header: PACKET_HEADER }],
  [0xd4c3b2a1, { little: true, unitNs: 1000, header: PACKET_HEADER }],
  [0xa1b23c4d, { little: false, unitNs: 1, header: PACKET_HEADER }],
  [0x4d3cb2a1, { little: true, unitNs: 1, header: PACKET_HEADER }],
  [0xa1b2cd34, { little: false, unitNs: 1000, header: PATCHED_HEADER }],
  [0x34cdb2a1, { little: true, unitNs: 1000, header: PATCHED_HEADER }],
]);

const FILE_HEADER = 24;
/** The link type is in the lower bits; these say how many 16-bit words of check sequence follow each frame. */
const LINK_TYPE = 0x03ff_ffff;
const HAS_FCS = 0x0400_0000;

/** Do files of this kind begin with this number, in network order? */
export function isPcap(magic: number): boolean {
  return FORMATS.has(magic);
}

/**
 * The format of tcpdump and libpcap (draft-ietf-opsawg-pcap): a header of 24 bytes, then packets with 16 bytes each in
 * front. The snapshot length in the header is not believed: files with longer packets are common.
 */
export class PcapReader implements CaptureReader {
  readonly packet: CapturedPacket = new CapturedPacket();
  #begun = false;
  #little = true;
  #unitNs = 1000;
  #header = PACKET_HEADER;
  #fcs = 0;
  #swaps: Swaps = 'never';

  next(window: ByteWindow): boolean {
    if (!this.#begun && !this.#begin(window)) return false;
    const { view, pos, end } = window;
    const little = this.#little;
    const at = pos + this.#header;
    if (at > end) return false;
    let captured = view.getUint32(pos + 8, little);
    let length = view.getUint32(pos + 12, little);
    if (this.#swaps === 'always' || (this.#swaps === 'by size' && captured > length))
      [captured, length] = [length, captured];
    if (captured > MOST_CAPTURED)
      throw new CaptureFault(
        `a packet claims ${captured} captured bytes, where ${MOST_CAPTURED} are the most`,
        window.offset,
      );
    if (at + captured > end) return false;
    const packet = this.packet;
    packet.number++;
    packet.at = at;
    packet.length = Math.max(0, length - this.#fcs);
    packet.captured = Math.min(captured, packet.length);
    packet.seconds = view.getUint32(pos, little);
    packet.nanoseconds = view.getUint32(pos + 4, little) * this.#unitNs;
    if (packet.nanoseconds >= 1e9) this.#carry();
    window.pos = at + captured;
    return true;
  }

  #begin(window: ByteWindow): boolean {
    if (window.left < FILE_HEADER) return false;
    const { view, pos } = window;
    const { little, unitNs, header } = FORMATS.get(view.getUint32(pos))!;
    const linkType = view.getUint32(pos + 20, little);
    this.#little = little;
    this.#unitNs = unitNs;
    this.#header = header;
    this.#swaps = swapsOf(view.getUint16(pos + 4, little), view.getUint16(pos + 6, little));
    this.#fcs = (linkType & HAS_FCS) === 0 ? 0 : 2 * (linkType >>> 28);
    this.packet.linkType = linkType & LINK_TYPE;
    this.packet.snapLength = view.getUint32(pos + 16, little);
    window.pos += FILE_HEADER;
    this.#begun = true;
    return true;
  }

  /** A fraction of a second that is more than one: some programs write them. */
  #carry(): void {
    const { packet } = this;
    packet.seconds += Math.floor(packet.nanoseconds / 1e9);
    packet.nanoseconds %= 1e9;
  }
}

type Swaps = 'never' | 'by size' | 'always';

/** Early versions, and that of DEC's programs, have a packet's two lengths the other way round. */
function swapsOf(major: number, minor: number): Swaps {
  if (major === 543 || (major === 2 && minor < 3)) return 'always';
  return major === 2 && minor === 3 ? 'by size' : 'never';
}

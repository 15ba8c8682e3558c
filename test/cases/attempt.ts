import { EtherType, Protocol, Tcp } from '../support/frames.ts';

const { ACK, FIN, RST, SYN } = Tcp;

/** A SYN as a rule sees it in a frame without VLAN tags. */
export interface Attempt {
  readonly family: 4 | 6;
  /** As in the header: 4 or 16 bytes. */
  readonly src: Uint8Array;
  readonly dst: Uint8Array;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly seq: number;
  /** Bytes of the TCP header and what follows, in this frame. */
  readonly length: number;
}

/** The SYN without ACK, FIN and RST in a frame, also in a first fragment that holds the flags. */
export function attemptOf(frame: Uint8Array): Attempt | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const type = view.getUint16(12);
  const at = type === EtherType.IPV4 ? over4(view) : type === EtherType.IPV6 ? over6(view) : 0;
  if (at === 0 || at + 14 > frame.length || (frame[at + 13]! & FLAGS) !== SYN) return undefined;
  const v6 = type === EtherType.IPV6;
  return {
    family: v6 ? 6 : 4,
    src: v6 ? frame.subarray(22, 38) : frame.subarray(26, 30),
    dst: v6 ? frame.subarray(38, 54) : frame.subarray(30, 34),
    srcPort: view.getUint16(at),
    dstPort: view.getUint16(at + 2),
    seq: view.getUint32(at + 4),
    length: frame.length - at,
  };
}

const FLAGS = SYN | ACK | FIN | RST;

/** Where TCP begins; 0 when it is something else or a later fragment. */
function over4(view: DataView): number {
  if (view.getUint8(23) !== Protocol.TCP || (view.getUint16(20) & 0x1fff) !== 0) return 0;
  return 14 + (view.getUint8(14) & 15) * 4;
}

/** The cases have no other extension header than that of fragments. */
function over6(view: DataView): number {
  const first = view.getUint8(20);
  if (first === Protocol.TCP) return 54;
  const fragment = first === Protocol.FRAGMENT && view.getUint8(54) === Protocol.TCP;
  return fragment && (view.getUint16(56) & 0xfff8) === 0 ? 62 : 0;
}

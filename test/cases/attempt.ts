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
  /** The TCP header lies in this frame with all of its options. */
  readonly whole: boolean;
}

/** The SYN without ACK, FIN and RST in a frame, also in a first fragment that holds the flags. */
export function attemptOf(frame: Uint8Array): Attempt | undefined {
  const at = tcpOffset(frame);
  if (at === 0 || at + 14 > frame.length || (frame[at + 13]! & FLAGS) !== SYN) return undefined;
  const v6 = frame[12] === EtherType.IPV6 >> 8;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  return {
    family: v6 ? 6 : 4,
    src: v6 ? frame.subarray(22, 38) : frame.subarray(26, 30),
    dst: v6 ? frame.subarray(38, 54) : frame.subarray(30, 34),
    srcPort: view.getUint16(at),
    dstPort: view.getUint16(at + 2),
    seq: view.getUint32(at + 4),
    whole: at + (frame[at + 12]! >> 4) * 4 <= frame.length,
  };
}

const FLAGS = SYN | ACK | FIN | RST;

/** Where the TCP header begins; 0 when there is none: another protocol, or a later fragment. */
export function tcpOffset(frame: Uint8Array): number {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const type = view.getUint16(12);
  if (type === EtherType.IPV4) return over4(view);
  return type === EtherType.IPV6 ? over6(view) : 0;
}

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

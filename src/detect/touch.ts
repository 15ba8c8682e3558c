import { TcpFlag } from '../packet/tcp.ts';
import { ScanKind } from '../wire/layout.gen.ts';

/** What a segment is to its receiver beside a probe: one of these, or ScanKind, or 0 for what touches no port. */
export const Touch = { synAck: 16, reset: 17 } as const;

/**
 * By FIN, SYN, RST, PSH, ACK and URG (those of RFC 3168 don't count): ScanKind.VERTICAL for a SYN, another ScanKind for
 * flag sets that no RFC 9293 peer sends (none at all, SYN with FIN or RST, FIN or URG or PSH without ACK), or one of
 * Touch. The same as pw_touch_of in bpf/guard.h.
 */
const TOUCHES: Uint8Array = Uint8Array.from({ length: 64 }, (_, flags) => touchBy(flags));

export function touchOf(flags: number): number {
  return TOUCHES[flags & 0x3f]!;
}

function touchBy(flags: number): number {
  const { fin, syn, rst, psh, ack, urg } = TcpFlag;
  const has = (bits: number): boolean => (flags & bits) !== 0;
  if (has(syn)) {
    if (has(fin | rst)) return ScanKind.ODD;
    return has(ack) ? Touch.synAck : ScanKind.VERTICAL;
  }
  if (has(ack)) return 0;
  if (has(rst)) return has(fin) ? 0 : Touch.reset;
  if (flags === 0) return ScanKind.NULL;
  if (flags === fin) return ScanKind.FIN;
  return flags === (fin | psh | urg) ? ScanKind.XMAS : ScanKind.ODD;
}

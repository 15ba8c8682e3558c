import type { EndedRecord } from '../flow/table.ts';
import { STATE_NAMES } from '../model/tcp-transitions.ts';
import { PacketsEnd, PacketsPart } from '../wire/layout.gen.ts';
import { hasControlBlock, isShown, VARIABLES } from './control-block.ts';
import { ascii, decimal, put } from './write.ts';

/**
 * The control blocks of both ends, an indented line each, below the line of the connection's end:
 * `originator TIME-WAIT ISS 1000 SND.UNA +39 ... IRS 5000 RCV.NXT +502 ...`. Sequence numbers are told from ISS or IRS
 * on, `-` is what no packet showed.
 */
export function controlBlocksText(out: Uint8Array, pos: number, ended: EndedRecord): number {
  if (!hasControlBlock(ended)) return pos;
  const orig = ended.at + PacketsPart.orig;
  const resp = ended.at + PacketsPart.resp;
  const p = oneEnd(out, put(out, pos, ORIGINATOR), ended, orig, resp);
  return oneEnd(out, put(out, p, RESPONDER), ended, resp, orig);
}

function oneEnd(
  out: Uint8Array,
  pos: number,
  { words, bytes }: EndedRecord,
  end: number,
  peer: number,
): number {
  let p = put(out, pos, STATES[bytes[end + PacketsEnd.state]!] ?? STATES[0]!);
  for (const { name, variable } of NAMED) {
    p = put(out, p, name);
    const value = words[(end + variable.offset) >> 2]!;
    const isUnknown = !isShown(words, variable, end, peer) || (variable.isUrgent && value === 0);
    if (isUnknown) out[p++] = DASH;
    else if (variable.from === undefined) p = decimal(out, p, value);
    else {
      out[p++] = PLUS;
      p = decimal(out, p, (value - words[(end + variable.from) >> 2]!) >>> 0);
    }
  }
  for (const [name, offset, unit] of MEASURED) {
    const value = words[(end + offset) >> 2]!;
    if (value !== 0) p = put(out, decimal(out, put(out, p, name), value), unit);
  }
  return p;
}

const DASH = 0x2d;
const PLUS = 0x2b;
const ORIGINATOR = ascii('\n    originator ');
const RESPONDER = ascii('\n    responder ');
const STATES = STATE_NAMES.map((name) => ascii(name === '' ? 'CLOSED' : name));
const NAMED = VARIABLES.map((variable) => ({
  name: ascii(` ${variable.name} `),
  variable,
}));
/** Left out when not known. */
const MEASURED: readonly (readonly [name: Uint8Array, offset: number, unit: Uint8Array])[] = [
  [ascii(' initial window '), PacketsEnd.initial_window, ascii('')],
  [ascii(' cwnd '), PacketsEnd.cwnd, ascii('')],
  [ascii(' RTT '), PacketsEnd.rtt_us, ascii('us')],
];

import type { EndedRecord } from '../flow/table.ts';
import { STATE_NAMES } from '../model/tcp-transitions.ts';
import { PacketsEnd, PacketsPart, TcpOption } from '../wire/layout.gen.ts';
import { hasControlBlock, isShown, VARIABLES } from './control-block.ts';
import { ascii, decimal, put } from './write.ts';

/** `,"tcb":{"orig":{...},"resp":{...}}`: the control blocks of both ends, with the comma before it; nothing without. */
export function writeControlBlocks(out: Uint8Array, pos: number, ended: EndedRecord): number {
  if (!hasControlBlock(ended)) return pos;
  const orig = ended.at + PacketsPart.orig;
  const resp = ended.at + PacketsPart.resp;
  let p = oneEnd(out, put(out, pos, ORIG), ended, orig, resp);
  p = oneEnd(out, put(out, p, RESP), ended, resp, orig);
  return put(out, p, CLOSE);
}

function oneEnd(
  out: Uint8Array,
  pos: number,
  { words, bytes }: EndedRecord,
  end: number,
  peer: number,
): number {
  let p = put(out, pos, STATES[bytes[end + PacketsEnd.state]!] ?? STATES[0]!);
  for (const { field, variable } of FIELDS) {
    if (!isShown(words, variable, end, peer)) continue;
    p = decimal(out, put(out, p, field), words[(end + variable.offset) >> 2]!);
  }
  const mss = bytes[end + PacketsEnd.mss]! | (bytes[end + PacketsEnd.mss + 1]! << 8);
  if (mss !== 0) p = decimal(out, put(out, p, MSS), mss);
  const scale = bytes[end + PacketsEnd.window_scale]!;
  if (scale !== NO_SCALE) p = decimal(out, put(out, p, WINDOW_SCALE), scale);
  p = put(out, p, OPTIONS[bytes[end + PacketsEnd.options]!] ?? OPTIONS[0]!);
  for (const [field, offset] of MEASURED) {
    const value = words[(end + offset) >> 2]!;
    if (value !== 0) p = decimal(out, put(out, p, field), value);
  }
  return p;
}

/** Of an end that offered none. */
const NO_SCALE = 255;
const ORIG = ascii(',"tcb":{"orig":{');
const RESP = ascii('},"resp":{');
const CLOSE = ascii('}}');
const STATES = STATE_NAMES.map((name) => ascii(`"state":"${name === '' ? 'CLOSED' : name}"`));
const FIELDS = VARIABLES.map((variable) => ({
  variable,
  field: ascii(`,"${variable.name.toLowerCase().replace('.', '_')}":`),
}));
const MSS = ascii(',"mss":');
const WINDOW_SCALE = ascii(',"window_scale":');
/** 0: not known. */
const MEASURED: readonly (readonly [field: Uint8Array, offset: number])[] = [
  [ascii(',"initial_window":'), PacketsEnd.initial_window],
  [ascii(',"cwnd":'), PacketsEnd.cwnd],
  [ascii(',"rtt_us":'), PacketsEnd.rtt_us],
];

const OPTION_NAMES = [
  [TcpOption.SACK, 'sack'],
  [TcpOption.TIMESTAMPS, 'timestamps'],
  [TcpOption.FAST_OPEN, 'fast open'],
] as const;

/** By all values of enum pw_tcp_option together. */
const OPTIONS = Array.from({ length: 1 << OPTION_NAMES.length }, (_, bits) => {
  const names = OPTION_NAMES.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
  return ascii(names.length === 0 ? '' : `,"options":${JSON.stringify(names)}`);
});

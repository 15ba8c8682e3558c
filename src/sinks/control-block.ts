import type { EndedRecord } from '../flow/table.ts';
import { IpProto } from '../wire/ip-proto.ts';
import { PacketsEnd, PacketsPart } from '../wire/layout.gen.ts';

/** A variable of the transmission control block (RFC 9293 3.3.1). */
export interface Variable {
  /** As the RFC writes it. */
  readonly name: string;
  /** In struct pw_packets_end. */
  readonly offset: number;
  /** What shows it: the numbers or the window that an end sent, its own or its peer's. */
  readonly shownBy: 'own numbers' | 'peer numbers' | 'own window' | 'peer window';
  /** Where a sequence number counts from: ISS or IRS; undefined: it is one of these, or a size. */
  readonly from?: number;
  /** 0 stands for nothing that was urgent. */
  readonly isUrgent?: true;
}

const { iss: ISS, irs: IRS } = PacketsEnd;

/** In the RFC's order. */
export const VARIABLES: readonly Variable[] = [
  { name: 'ISS', offset: ISS, shownBy: 'own numbers' },
  { name: 'SND.UNA', offset: PacketsEnd.snd_una, shownBy: 'own numbers', from: ISS },
  { name: 'SND.NXT', offset: PacketsEnd.snd_nxt, shownBy: 'own numbers', from: ISS },
  { name: 'SND.WND', offset: PacketsEnd.snd_wnd, shownBy: 'peer window' },
  { name: 'SND.UP', offset: PacketsEnd.snd_up, shownBy: 'own numbers', from: ISS, isUrgent: true },
  { name: 'SND.WL1', offset: PacketsEnd.snd_wl1, shownBy: 'peer window', from: IRS },
  { name: 'SND.WL2', offset: PacketsEnd.snd_wl2, shownBy: 'peer window', from: ISS },
  { name: 'IRS', offset: IRS, shownBy: 'peer numbers' },
  { name: 'RCV.NXT', offset: PacketsEnd.rcv_nxt, shownBy: 'peer numbers', from: IRS },
  { name: 'RCV.WND', offset: PacketsEnd.rcv_wnd, shownBy: 'own window' },
  { name: 'RCV.UP', offset: PacketsEnd.rcv_up, shownBy: 'peer numbers', from: IRS, isUrgent: true },
];

/** Does the record have control blocks? One that a line of a log made has none. */
export function hasControlBlock({ bytes, at }: EndedRecord): boolean {
  const isTcp = bytes[at + PacketsPart.proto] === IpProto.tcp;
  return isTcp && bytes[at + PacketsPart.orig + PacketsEnd.state] !== 0;
}

/** Did a packet show the variable? @param end byte offset of struct pw_packets_end @param peer of the other one */
export function isShown(
  words: Uint32Array,
  { shownBy }: Variable,
  end: number,
  peer: number,
): boolean {
  switch (shownBy) {
    case 'own numbers':
      return hasNumbers(words, end);
    case 'peer numbers':
      return hasNumbers(words, peer);
    case 'own window':
      return hasWindow(words, peer);
    default:
      return hasWindow(words, end);
  }
}

/** Numbers begin at an end's first segment, or at the first that acknowledges one. */
function hasNumbers(words: Uint32Array, end: number): boolean {
  const w = end >> 2;
  return (words[w + ISS / 4]! | words[w + SND_UNA]! | words[w + SND_NXT]!) !== 0;
}

/** The window that an end was offered: it comes with the numbers of a segment. */
function hasWindow(words: Uint32Array, end: number): boolean {
  const w = end >> 2;
  return (words[w + SND_WND]! | words[w + SND_WL1]! | words[w + SND_WL2]!) !== 0;
}

const SND_UNA = PacketsEnd.snd_una / 4;
const SND_NXT = PacketsEnd.snd_nxt / 4;
const SND_WND = PacketsEnd.snd_wnd / 4;
const SND_WL1 = PacketsEnd.snd_wl1 / 4;
const SND_WL2 = PacketsEnd.snd_wl2 / 4;

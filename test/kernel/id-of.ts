import { stampId } from '../../src/wire/id.ts';
import { Head } from '../../src/wire/layout.gen.ts';
import { bytesOf } from './rig.ts';

/** The id that user space gives an attempt; `src` and `dst` as `a.b.c.d:port` or `[address]:port`. */
export function idOf(attempt: { src: string; dst: string; isn: number }): string {
  const memory = new ArrayBuffer(Head.size);
  const [words, halves, bytes] = [
    new Uint32Array(memory),
    new Uint16Array(memory),
    new Uint8Array(memory),
  ];
  for (const [text, address, port] of [
    [attempt.src, Head.src, Head.src_port],
    [attempt.dst, Head.dst, Head.dst_port],
  ] as const) {
    const colon = text.lastIndexOf(':');
    bytes.set(bytesOf(text.slice(0, colon).replace(/^\[|\]$/g, '')), address);
    halves[port >> 1] = Number(text.slice(colon + 1));
  }
  words[Head.isn >> 2] = attempt.isn;
  bytes[Head.family] = attempt.src.startsWith('[') ? 6 : 4;
  stampId(words, bytes, 0);
  return new DataView(memory).getBigUint64(Head.id, true).toString(16).padStart(16, '0');
}

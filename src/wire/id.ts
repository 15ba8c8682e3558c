import { Head } from './layout.gen.ts';

/**
 * The stable id of a connection: two 32-bit lanes over the originator's 5-tuple and initial sequence
 * number, the same function as `pw_id()` in bpf/id.h (test/kernel holds them together).
 * It reads the record at byte offset `at` and writes `id` in place.
 */
export function stampId(words: Uint32Array, bytes: Uint8Array, at: number): void {
  const w = at >> 2;
  const src = w + (Head.src >> 2);
  const dst = w + (Head.dst >> 2);
  lane1 = 0x9e3779b9;
  lane2 = 0x85ebca6b;
  if (bytes[at + Head.family] === 6) {
    for (let i = 0; i < 3; i++) mix(words[src + i]!);
    for (let i = 0; i < 3; i++) mix(words[dst + i]!);
  }
  mix(words[src + 3]!);
  mix(words[dst + 3]!);
  mix(words[w + (Head.src_port >> 2)]!); // both ports: they are neighbours
  mix(words[w + (Head.isn >> 2)]!);
  words[w + (Head.id >> 2)] = finish(lane1);
  words[w + (Head.id >> 2) + 1] = finish(lane2 ^ lane1);
}

let lane1 = 0;
let lane2 = 0;

function mix(word: number): void {
  lane1 = Math.imul(lane1 ^ word, 0xcc9e2d51);
  lane1 = (lane1 << 15) | (lane1 >>> 17);
  lane2 = Math.imul(lane2 + word, 0x1b873593);
  lane2 ^= lane2 >>> 13;
}

function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

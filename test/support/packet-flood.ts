/** Captures of any length, made as they are read: each packet begins a connection or conversation of its own. */
import { pcap } from './captures.ts';
import { icmp, ip, type Segment, tcp, Tcp, udp } from './frames.ts';
import { START } from './read-command.ts';

/** The first bytes of a TLS client hello of 512 bytes, of which no more come. */
const HALF_HELLO = Buffer.concat([
  Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
  Buffer.alloc(32, 7),
]);

/** By what a flood is of. */
const PACKETS = {
  syn: tcp(),
  tls: tcp({ dstPort: 443, flags: Tcp.ACK | Tcp.PSH, payload: HALF_HELLO }),
  udp: udp({ dstPort: 9999, payload: Buffer.alloc(8) }),
  icmp: icmp(8, 0),
} satisfies Record<string, Segment>;

export type FloodKind = keyof typeof PACKETS;

const HEADER = 16;
const SOURCE = HEADER + 12;
const AT_ONCE = 4096;
const RAW_IP = 101;

/** @param perSecond by the packets' times */
export function* packetFlood(
  kind: FloodKind,
  count: number,
  perSecond: number,
): Generator<Uint8Array> {
  const packet = ip({ src: '10.0.0.0', dst: '192.0.2.2' }, PACKETS[kind]);
  const size = HEADER + packet.length;
  const block = Buffer.alloc(AT_ONCE * size);
  const first = block.subarray(0, size);
  first.writeUInt32LE(packet.length, 8);
  first.writeUInt32LE(packet.length, 12);
  packet.copy(first, HEADER);
  for (let at = size; at < block.length; at += size) first.copy(block, at);
  yield pcap([], { linkType: RAW_IP });
  for (let n = 0; n < count; n += AT_ONCE) {
    const here = Math.min(AT_ONCE, count - n);
    const made = Buffer.from(block.subarray(0, here * size));
    for (let i = 0; i < here; i++) {
      const at = i * size;
      const us = Math.floor(((n + i) * 1e6) / perSecond);
      made.writeUInt32LE(START + Math.floor(us / 1e6), at);
      made.writeUInt32LE(us % 1e6, at + 4);
      made.writeUInt32BE(0x0a00_0000 + n + i, at + SOURCE);
    }
    yield made;
  }
}

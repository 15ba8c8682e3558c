/** Captures of any length, made as they are read: each packet begins a connection or conversation of its own. */
import { pcap } from './captures.ts';
import { icmp, ip, type Segment, tcp, Tcp, udp } from './frames.ts';
import { dnsMessage, RESPONSE } from '../payload/dns-message.ts';
import { START } from './read-command.ts';

/** The first bytes of a TLS client hello of 512 bytes, of which no more come. */
const HALF_HELLO = Buffer.concat([
  Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
  Buffer.alloc(32, 7),
]);

const QUESTION = { name: 'flood.example.org' };
const DNS_PORT = { srcPort: 53, dstPort: 40_000 };

/** What each client sends and gets, by what a flood is of. */
const PACKETS = {
  syn: [{ segment: tcp() }],
  tls: [{ segment: tcp({ dstPort: 443, flags: Tcp.ACK | Tcp.PSH, payload: HALF_HELLO }) }],
  udp: [{ segment: udp({ dstPort: 9999, payload: Buffer.alloc(8) }) }],
  icmp: [{ segment: icmp(8, 0) }],
  dns: [
    { segment: udp({ dstPort: 53, payload: dnsMessage({ questions: [QUESTION] }) }) },
    {
      back: true,
      // its last four bytes, the address, become the client's
      segment: udp({
        ...DNS_PORT,
        payload: dnsMessage({
          flags: RESPONSE,
          questions: [QUESTION],
          answers: [{ ...QUESTION, type: 1, data: Buffer.alloc(4) }],
        }),
      }),
    },
  ],
} satisfies Record<string, readonly FloodPacket[]>;

interface FloodPacket {
  readonly segment: Segment;
  /** To the client. */
  readonly back?: boolean;
}

export type FloodKind = keyof typeof PACKETS;

const AT_ONCE = 4096;
const RAW_IP = 101;
const CLIENT = '10.0.0.0';
const SERVER = '192.0.2.2';
/** Of a record: behind its header, source and destination of IPv4. */
const SOURCE = 16 + 12;
const DESTINATION = 16 + 16;

/** @param perSecond clients, by the packets' times */
export function* packetFlood(
  kind: FloodKind,
  count: number,
  perSecond: number,
): Generator<Uint8Array> {
  const packets: readonly FloodPacket[] = PACKETS[kind];
  const records = packets.map(({ segment, back }) => {
    const ends = back === true ? { src: SERVER, dst: CLIENT } : { src: CLIENT, dst: SERVER };
    return pcap([{ frame: ip(ends, segment) }]).subarray(24);
  });
  const one = Buffer.concat(records);
  yield pcap([], { linkType: RAW_IP });
  for (let n = 0; n < count; n += AT_ONCE) {
    const made = Buffer.alloc(Math.min(AT_ONCE, count - n) * one.length, one);
    for (let at = 0, client = n; at < made.length; client++) {
      const us = Math.floor((client * 1e6) / perSecond);
      for (const [i, { length }] of records.entries()) {
        made.writeUInt32LE(START + Math.floor(us / 1e6), at);
        made.writeUInt32LE(us % 1e6, at + 4);
        const isBack = packets[i]!.back === true;
        made.writeUInt32BE(0x0a00_0000 + client, at + (isBack ? DESTINATION : SOURCE));
        at += length;
        if (isBack) made.writeUInt32BE(0x0a00_0000 + client, at - 4);
      }
    }
    yield made;
  }
}

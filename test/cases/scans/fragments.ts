/** Scans whose segments are cut before the IP layer sends them. */
import { ethernet, fragmentHeader, ipv4, ipv6, tcp, Tcp } from '../../support/frames.ts';
import type { Case } from '../case.ts';
import { Client, MSS } from '../client.ts';
import { both, type Family, IPV6 } from '../families.ts';
import { scanCase } from '../scene.ts';
import { PORTS, TIMINGS, serve } from './nmap.ts';

/** nmap -f cuts what follows the IP header into pieces of 8 bytes. */
const fragments = (bytes: 8 | 16 | 24, family: Family): Case => {
  const scanner = family.remote(669);
  return scanCase(
    `nmap -sS ${OPTIONS[bytes]}${family.suffix}`,
    `A SYN scan whose segments come in fragments of ${bytes} bytes${bytes === 24 ? ', the first of which holds the whole header' : ''}.`,
    { expects: ['vertical', 'stealth'], scanner, hours: 1 },
    (scene) => {
      serve(scene);
      const client = new Client(scene, scanner);
      scene.inTurn(scene.random.shuffled(PORTS), TIMINGS.T3, (dstPort) => {
        const segment = {
          src: scanner,
          dst: family.host,
          srcPort: 40_000,
          dstPort,
          flags: Tcp.SYN,
          seq: scene.random.word(),
          ack: 0,
        };
        const whole = tcp({ ...segment, tcpOptions: MSS, payload: PAYLOAD[bytes] });
        for (let offset = 0; offset < whole.bytes.length; offset += bytes) {
          const fragment = { offset, length: bytes, id: dstPort };
          const extensions = [fragmentHeader(fragment)];
          const packet =
            family === IPV6
              ? ipv6({ ...segment, extensions }, whole)
              : ipv4({ ...segment, fragment }, whole);
          scene.arrive(ethernet(packet));
        }
        const answer = scene.host.answer(segment);
        if (answer?.flags === (Tcp.SYN | Tcp.ACK))
          client.later({ ...segment, flags: Tcp.RST, seq: answer.ack });
      });
    },
  );
};

/** A SYN of nmap has 24 bytes, so fragments of 24 need something more to carry. */
const OPTIONS = { 8: '-f', 16: '--mtu 16', 24: '--mtu 24 --data-length 16' } as const;
const PAYLOAD = { 8: Buffer.alloc(0), 16: Buffer.alloc(0), 24: Buffer.alloc(16, 'd') } as const;

export const FRAGMENTS: readonly Case[] = ([8, 16, 24] as const).flatMap((bytes) =>
  both((family) => fragments(bytes, family)),
);

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
    `nmap -sS ${bytes === 8 ? '-f' : `--mtu ${bytes}`}${family.suffix}`,
    `A SYN scan whose segments come in fragments of ${bytes} bytes${bytes === 24 ? ', which hold a whole header' : ''}.`,
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
        const whole = tcp({ ...segment, tcpOptions: SYN_PADDED });
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

/** As nmap's, and longer than 24 bytes with the header, so that it is cut at each of the sizes. */
const SYN_PADDED = Buffer.concat([MSS, Buffer.from('01010402', 'hex')]);

export const FRAGMENTS: readonly Case[] = ([8, 16, 24] as const).flatMap((bytes) =>
  both((family) => fragments(bytes, family)),
);

/** Floods are no scans: nobody learns anything of our ports from them, and their sources are forged or are victims. */
import { ethernet, ip, tcp, Tcp, unreachable } from '../../support/frames.ts';
import type { Case } from '../case.ts';
import { Client } from '../client.ts';
import { both, type Family, IPV4 } from '../families.ts';
import { honestCase, type Scene } from '../scene.ts';

/** At its full rate for so long, then so slowly for the rest of the hour that the case stays small. */
function flood(scene: Scene, perSecond: number, seconds: number, rest: number, action: () => void) {
  const started = scene.nowMs;
  scene.every(1000 / perSecond, () => {
    action();
    return scene.nowMs - started < seconds * 1000;
  });
  scene.every(1000 / rest, action, seconds * 1000);
}

const onePort = (port: 80 | 81, family: Family): Case =>
  honestCase(
    `one-port flood, ${port === 80 ? 'open' : 'closed'}${family.suffix}`,
    `One source sends 200 SYN/s for five minutes, then 5/s, to one ${port === 80 ? 'open' : 'closed'} port.`,
    (scene) => {
      scene.host.set('open', 22, 80);
      flood(scene, 200, 300, 5, () => {
        scene.host.receive({
          ...random(scene, family, port),
          src: family.remote(1),
        });
      });
    },
  );

const spoofed = (
  ports: 'one open port' | 'one closed port' | 'random ports',
  family: Family,
): Case =>
  honestCase(
    `spoofed flood, ${ports}${family.suffix}`,
    `2,000 SYN/s for 40 s, then 10/s, each from a random source, to ${ports}.`,
    (scene) => {
      scene.host.set('open', 22, 80);
      const port = { 'one open port': 80, 'one closed port': 81, 'random ports': 0 }[ports];
      flood(scene, 2000, 40, 10, () => {
        const dstPort = port === 0 ? scene.random.between(1, 65535) : port;
        scene.host.receive(random(scene, family, dstPort));
      });
    },
  );

/** A SYN from anywhere. */
function random({ random: numbers }: Scene, family: Family, dstPort: number) {
  return {
    src: family.anywhere(numbers.word()),
    srcPort: numbers.between(1024, 65535),
    dst: family.host,
    dstPort,
    flags: Tcp.SYN,
    seq: numbers.word(),
    ack: 0,
  };
}

const backscatter = (family: Family): Case =>
  honestCase(
    `backscatter${family.suffix}`,
    'A web server that is flooded in our name sends 20 SYN+ACK/s, and when it is overrun RSTs, to random ports of ours.',
    (scene) => {
      scene.host.set('open', 22, 80);
      scene.every(50, () => {
        const overrun = scene.random.share() < 0.2;
        const flags = overrun ? Tcp.RST | Tcp.ACK : Tcp.SYN | Tcp.ACK;
        scene.host.receive({
          ...answerToForged(scene, family),
          flags,
          seq: overrun ? 0 : scene.random.word(),
          ack: scene.random.word(),
        });
      });
    },
  );

const backscatterIcmp = (family: Family): Case =>
  honestCase(
    `backscatter by ICMP${family.suffix}`,
    'A router before a server that is flooded in our name sends 5 ICMP unreachables/s with SYNs that we never sent.',
    (scene) => {
      scene.every(200, () => {
        const { dst, dstPort, src, srcPort } = answerToForged(scene, family);
        const syn = tcp({ srcPort: dstPort, dstPort: srcPort, seq: scene.random.word() });
        const quoted = ip({ src: dst, dst: src }, syn);
        const error = unreachable(quoted, scene.random.pick([1, 3]));
        scene.arrive(ethernet(ip({ src: family.remote(9), dst }, error)));
      });
    },
  );

/** The ends of what a flooded server sends back. */
function answerToForged(scene: Scene, family: Family) {
  return {
    src: family.remote(80),
    srcPort: 80,
    dst: family.host,
    dstPort: scene.random.between(1024, 65535),
  };
}

const forgedPartner = (family: Family): Case =>
  honestCase(
    `forged SYNs in a partner's name${family.suffix}`,
    "Somebody sends 5 SYN/s with a partner's address to closed ports, while the partner itself connects every 3 s.",
    (scene) => {
      scene.host.set('open', 22, 80, 443);
      const partner = new Client(scene, family.remote(20));
      scene.every(3000, () => partner.connect(443));
      scene.every(
        200,
        () => {
          const dstPort = scene.random.between(1024, 65535);
          scene.host.receive({ ...random(scene, family, dstPort), src: partner.address });
        },
        60_000,
      );
    },
  );

export const FLOODS: readonly Case[] = [
  ...both((family) => onePort(80, family)),
  onePort(81, IPV4),
  ...both((family) => spoofed('one open port', family)),
  spoofed('one closed port', IPV4),
  spoofed('random ports', IPV4),
  ...both(backscatter),
  ...both(backscatterIcmp),
  ...both(forgedPartner),
];

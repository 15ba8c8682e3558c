/** Scans that hide: slowly, in fragments, among decoys, behind many addresses or behind real connections. */
import { ethernet, fragmentHeader, ipv4, ipv6, tcp, Tcp } from '../../support/frames.ts';
import type { Case } from '../case.ts';
import { Client, MSS } from '../client.ts';
import { both, type Family, IPV6 } from '../families.ts';
import { type Scene, scanCase } from '../scene.ts';
import { OPEN, PORTS, TIMINGS } from './nmap.ts';

const slow = (minutes: 1 | 5 | 10, host: 'refusing' | 'dropping', family: Family): Case => {
  const scanner = family.remote(667);
  return scanCase(
    `one port per ${minutes === 1 ? 'minute' : `${minutes} minutes`}${host === 'dropping' ? ', filtered' : ''}${family.suffix}`,
    `A scanner tries one port every ${minutes} min for a day; the host ${host === 'dropping' ? 'drops' : 'refuses'} all but three.`,
    { expects: ['slow', 'vertical'], scanner, hours: 24 },
    (scene) => {
      start(scene, host);
      const client = new Client(scene, scanner);
      const ports = Array.from({ length: 1440 / minutes }, (_, i) => i + 1);
      scene.inTurn(scene.random.shuffled(ports), minutes * 60_000, (port) => client.halfOpen(port));
    },
  );
};

const horizontal = (state: 'open' | 'closed' | 'filtered', family: Family): Case => {
  const scanner = family.remote(668);
  return scanCase(
    `horizontal, ${state} port${family.suffix}`,
    `A scanner tries port 22 of 20 of our addresses, where it is ${state}; ${state === 'open' ? 'it ends no handshake' : 'ten a second'}.`,
    { expects: ['horizontal'], scanner, hours: 1 },
    (scene) => {
      scene.host.set(state, 22);
      const client = new Client(scene, scanner);
      scene.inTurn(family.locals, 100, (dst) => client.halfOpen(22, { dst }));
    },
  );
};

/** nmap -f cuts what follows the IP header into pieces of 8 bytes. */
const fragments = (bytes: 8 | 16 | 24, family: Family): Case => {
  const scanner = family.remote(669);
  return scanCase(
    `nmap -sS ${bytes === 8 ? '-f' : `--mtu ${bytes}`}${family.suffix}`,
    `A SYN scan whose segments come in fragments of ${bytes} bytes${bytes === 24 ? ', which hold a whole header' : ''}.`,
    { expects: ['vertical', 'stealth'], scanner, hours: 1 },
    (scene) => {
      start(scene);
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
          tcpOptions: SYN_PADDED,
        };
        const whole = tcp(segment);
        for (let offset = 0; offset < whole.bytes.length; offset += bytes) {
          const fragment = { offset, length: bytes };
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

const walk = (): Case => {
  const at = (n: number) => `2001:db8:bad::${n.toString(16)}`;
  return scanCase(
    'SYN scan from all of a /64, IPv6',
    'A scanner takes a new source address of its /64 for each probe.',
    { expects: ['vertical'], scanner: at(1), hours: 1 },
    (scene) => {
      start(scene);
      let n = 0;
      scene.inTurn(scene.random.shuffled(PORTS), TIMINGS.T3, (port) =>
        new Client(scene, at(++n)).halfOpen(port),
      );
    },
  );
};

const decoys = (family: Family): Case => {
  const scanner = family.remote(670);
  return scanCase(
    `nmap -sS -D, five decoys${family.suffix}`,
    'Each probe comes from the scanner and in the names of five others, in random order.',
    { expects: ['vertical'], scanner, hours: 1 },
    (scene) => {
      start(scene);
      const clients = [670, 10, 20, 30, 40, 50].map((n) => new Client(scene, family.remote(n)));
      scene.inTurn(scene.random.shuffled(PORTS), TIMINGS.T3, (port) => {
        for (const client of scene.random.shuffled(clients)) client.halfOpen(port);
      });
    },
  );
};

const afterOneConnection = (family: Family): Case => {
  const scanner = family.remote(671);
  return scanCase(
    `SYN scan after one real connection${family.suffix}`,
    'A scanner fetches a page, and a second later scans 1,000 ports.',
    { expects: ['vertical'], scanner, hours: 1 },
    (scene) => {
      start(scene);
      const client = new Client(scene, scanner);
      client.connect(443);
      scene.after(1000, () =>
        scene.inTurn(scene.random.shuffled(PORTS), TIMINGS.T3, (port) => client.halfOpen(port)),
      );
    },
  );
};

const connectionBeforeEach = (family: Family): Case => {
  const scanner = family.remote(672);
  return scanCase(
    `a real connection before each probe${family.suffix}`,
    'An evasion: a scanner fetches a page before each of 1,000 probes; what it finds costs it twice, and by outcomes it may look like an honest client.',
    { expects: [], scanner, hours: 1 },
    (scene) => {
      start(scene);
      const client = new Client(scene, scanner);
      scene.inTurn(scene.random.shuffled(PORTS), 500, (port) => {
        client.connect(443, { holdMs: 50 });
        scene.after(300, () => client.halfOpen(port));
      });
    },
  );
};

const udpFromPort53 = (family: Family): Case => {
  const scanner = family.remote(673);
  return scanCase(
    `nmap -sU -g 53${family.suffix}`,
    'An evasion: a UDP scan from source port 53, which looks like late DNS answers but that we asked nothing.',
    { expects: [], scanner, hours: 1 },
    (scene) => {
      start(scene);
      const client = new Client(scene, scanner);
      scene.inTurn(scene.random.shuffled(PORTS), 1000, (port) => client.udp(port, { srcPort: 53 }));
    },
  );
};

function start(scene: Scene, host: 'refusing' | 'dropping' = 'refusing'): void {
  scene.host.set('open', ...OPEN);
  if (host === 'dropping') scene.host.otherwise = 'filtered';
}

export const HIDDEN: readonly Case[] = [
  ...([1, 5, 10] as const).flatMap((minutes) =>
    both((family) => slow(minutes, 'refusing', family)),
  ),
  ...both((family) => slow(10, 'dropping', family)),
  ...(['open', 'closed', 'filtered'] as const).flatMap((state) =>
    both((family) => horizontal(state, family)),
  ),
  ...([8, 16, 24] as const).flatMap((bytes) => both((family) => fragments(bytes, family))),
  walk(),
  ...both(decoys),
  ...both(afterOneConnection),
  ...both(connectionBeforeEach),
  ...both(udpFromPort53),
];

/** nmap's scans of 1,000 ports, by type, timing and IP version. */
import { Tcp } from '../../support/frames.ts';
import type { Case, Kind } from '../case.ts';
import { Client } from '../client.ts';
import { both, type Family } from '../families.ts';
import { type Scene, scanCase } from '../scene.ts';

/** 1,000 ports, of which 22, 80 and 443 are open. */
export const PORTS: readonly number[] = Array.from({ length: 1000 }, (_, i) => i + 1);
const OPEN = [22, 80, 443];

/** The host that is scanned, and what it does with what is for a closed port. */
export function serve({ host }: Scene, otherwise: 'refusing' | 'dropping' = 'refusing'): void {
  host.set('open', ...OPEN);
  host.setUdp('open', 53, 123);
  if (otherwise === 'dropping') host.otherwise = 'filtered';
}

/** Milliseconds between probes; what T3 to T5 come to on a fast network. */
export const TIMINGS = { T1: 15_000, T2: 400, T3: 5, T4: 2, T5: 1 } as const;
type Timing = keyof typeof TIMINGS;

/** All types but SYN, connect and UDP, with the flags of their probes. */
const STEALTH: Readonly<Record<string, number>> = {
  sN: 0,
  sF: Tcp.FIN,
  sX: Tcp.FIN | Tcp.PSH | Tcp.URG,
  sM: Tcp.FIN | Tcp.ACK,
  sA: Tcp.ACK,
  sW: Tcp.ACK,
  'sS --scanflags SYNFIN': Tcp.SYN | Tcp.FIN,
};

interface Scan {
  readonly options: string;
  readonly expects: readonly Kind[];
  readonly gapMs: number;
  /** What the host does with other ports than OPEN. */
  readonly host?: 'refusing' | 'dropping';
}

/** A case of one scanner that sends one probe after the other. */
function scan(
  { options, expects, gapMs, host = 'refusing' }: Scan,
  family: Family,
  probe: (client: Client, port: number, scene: Scene, srcPort: number) => unknown,
): Case {
  const scanner = family.remote(666);
  const dropping = host === 'dropping';
  const hours = Math.ceil((PORTS.length * gapMs + 120_000) / 3_600_000);
  return scanCase(
    `nmap -${options}${dropping ? ', filtered' : ''}${family.suffix}`,
    `1,000 ports of a host that ${dropping ? 'drops what is not for an open one' : 'refuses'}, one probe per ${gapMs} ms.`,
    { expects, scanner, hours },
    (scene) => {
      serve(scene, host);
      const client = new Client(scene, scanner, 1);
      const srcPort = client.nextPort();
      scene.inTurn(scene.random.shuffled(PORTS), gapMs, (port) => {
        probe(client, port, scene, srcPort);
      });
    },
  );
}

/** nmap asks a silent port a second time, from the next source port. */
const syn = (timing: Timing, host: 'refusing' | 'dropping', family: Family): Case =>
  scan(
    { options: `sS -${timing}`, expects: VERTICAL, gapMs: TIMINGS[timing], host },
    family,
    (client, port, scene, srcPort) => {
      if (client.halfOpen(port, { srcPort }) === 'silent')
        scene.after(1000, () => client.halfOpen(port, { srcPort: srcPort + 1 }));
    },
  );

const connect = (timing: Timing, host: 'refusing' | 'dropping', family: Family): Case =>
  scan(
    { options: `sT -${timing}`, expects: VERTICAL, gapMs: TIMINGS[timing], host },
    family,
    (client, port) => client.connect(port, { tries: 2, holdMs: 0, end: 'rst' }),
  );

const stealth = (type: string, timing: Timing, family: Family): Case =>
  scan(
    { options: `${type} -${timing}`, expects: ['stealth'], gapMs: TIMINGS[timing] },
    family,
    (client, port, _, srcPort) => client.probe(port, STEALTH[type]!, { srcPort }),
  );

/** From T3 on nmap goes as fast as the port unreachables do: one per second, over IPv6 sixteen. */
const udp = (timing: Timing, family: Family): Case => {
  const answerMs = family.suffix === '' ? 1000 : 62;
  const gapMs = timing === 'T5' ? 50 : Math.max(answerMs, TIMINGS[timing]);
  return scan(
    { options: `sU -${timing}`, expects: ['udp'], gapMs },
    family,
    (client, port, _, srcPort) => client.udp(port, { srcPort, payload: Buffer.alloc(0) }),
  );
};

const VERTICAL: readonly Kind[] = ['vertical', 'slow'];
const HOSTS = ['refusing', 'dropping'] as const;

const timings = Object.keys(TIMINGS) as Timing[];
const types = Object.keys(STEALTH);

export const NMAP: readonly Case[] = [
  HOSTS.flatMap((host) => timings.flatMap((timing) => both((family) => syn(timing, host, family)))),
  HOSTS.flatMap((host) =>
    timings.flatMap((timing) => both((family) => connect(timing, host, family))),
  ),
  types.flatMap((type) =>
    timings.flatMap((timing) => both((family) => stealth(type, timing, family))),
  ),
  timings.flatMap((timing) => both((family) => udp(timing, family))),
].flat();

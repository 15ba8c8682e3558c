/** Scans among decoys, behind many addresses, or behind what honest clients do. */
import type { Case } from '../case.ts';
import { Client } from '../client.ts';
import { both, type Family } from '../families.ts';
import { scanCase } from '../scene.ts';
import { PORTS, TIMINGS, serve } from './nmap.ts';

const walk = (): Case => {
  const at = (n: number) => `2001:db8:bad::${n.toString(16)}`;
  return scanCase(
    'SYN scan from all of a /64, IPv6',
    'A scanner takes a new source address of its /64 for each probe.',
    { expects: ['vertical'], scanner: at(1), hours: 1 },
    (scene) => {
      serve(scene);
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
      serve(scene);
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
      serve(scene);
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
    'An evasion: a scanner fetches a page before each of 1,000 probes.',
    {
      expects: [],
      unfound:
        'by its outcomes it looks like an honest client, and each probe costs it a connection',
      scanner,
      hours: 1,
    },
    (scene) => {
      serve(scene);
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
    'An evasion: a UDP scan from source port 53.',
    {
      expects: [],
      unfound: 'what comes from a port below 1024 may be a late answer to what this host asked',
      scanner,
      hours: 1,
    },
    (scene) => {
      serve(scene);
      const client = new Client(scene, scanner);
      scene.inTurn(scene.random.shuffled(PORTS), 1000, (port) => client.udp(port, { srcPort: 53 }));
    },
  );
};

export const DISGUISED: readonly Case[] = [
  walk(),
  ...both(decoys),
  ...both(afterOneConnection),
  ...both(connectionBeforeEach),
  ...both(udpFromPort53),
];

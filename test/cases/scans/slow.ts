/** Scans of few packets: one port in minutes, one port of each address. */
import type { Case } from '../case.ts';
import { Client } from '../client.ts';
import { both, type Family } from '../families.ts';
import { scanCase } from '../scene.ts';
import { serve } from './nmap.ts';

const slow = (minutes: 1 | 5 | 10, host: 'refusing' | 'dropping', family: Family): Case => {
  const scanner = family.remote(667);
  return scanCase(
    `one port per ${minutes === 1 ? 'minute' : `${minutes} minutes`}${host === 'dropping' ? ', filtered' : ''}${family.suffix}`,
    `A scanner tries one port every ${minutes} min for a day; the host ${host === 'dropping' ? 'drops' : 'refuses'} all but three.`,
    { expects: ['slow', 'vertical'], scanner, hours: 24 },
    (scene) => {
      serve(scene, host);
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

export const SLOW: readonly Case[] = [
  ...([1, 5, 10] as const).flatMap((minutes) =>
    both((family) => slow(minutes, 'refusing', family)),
  ),
  ...both((family) => slow(10, 'dropping', family)),
];

export const HORIZONTAL: readonly Case[] = (['open', 'closed', 'filtered'] as const).flatMap(
  (state) => both((family) => horizontal(state, family)),
);

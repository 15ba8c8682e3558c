import type { Case } from './case.ts';
import { CROWDS } from './honest/crowds.ts';
import { FLOODS } from './honest/floods.ts';
import { LEFTOVERS } from './honest/leftovers.ts';
import { PROTOCOLS } from './honest/protocols.ts';
import { SERVICES } from './honest/services.ts';
import { DISGUISED } from './scans/disguised.ts';
import { FRAGMENTS } from './scans/fragments.ts';
import { NMAP } from './scans/nmap.ts';
import { HORIZONTAL, SLOW } from './scans/slow.ts';

/** Honest clients, who must never be blocked. */
export const HONEST: readonly Case[] = [
  ...FLOODS,
  ...SERVICES,
  ...PROTOCOLS,
  ...CROWDS,
  ...LEFTOVERS,
];

/** Scanners, who must be found. */
export const SCANS: readonly Case[] = [...NMAP, ...HORIZONTAL, ...SLOW, ...FRAGMENTS, ...DISGUISED];

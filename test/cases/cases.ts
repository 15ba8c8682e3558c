import type { Case } from './case.ts';
import { CROWDS } from './honest/crowds.ts';
import { FLOODS } from './honest/floods.ts';
import { LEFTOVERS } from './honest/leftovers.ts';
import { PROTOCOLS } from './honest/protocols.ts';
import { SERVICES } from './honest/services.ts';
import { HIDDEN } from './scans/hidden.ts';
import { NMAP } from './scans/nmap.ts';

/** Honest clients, who must never be blocked. */
export const HONEST: readonly Case[] = [
  ...FLOODS,
  ...SERVICES,
  ...PROTOCOLS,
  ...CROWDS,
  ...LEFTOVERS,
];

/** Scanners, who must be found. */
export const SCANS: readonly Case[] = [...NMAP, ...HIDDEN];

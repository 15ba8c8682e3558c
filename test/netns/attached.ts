/** What packetwatch leaves in the kernel. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PYTHON } from '../support/peer.ts';
import type { Namespace } from '../support/rig.ts';
import type { Hook } from '../support/suite.ts';

const ATTACHED = fileURLToPath(new URL('../support/attached.py', import.meta.url));

export interface Attached {
  readonly ingress: number;
  readonly egress: number;
  readonly xdp: number;
}

export const NOTHING: Attached = { ingress: 0, egress: 0, xdp: 0 };

/** What blocks, as a program leaves it that ends by itself. */
export function guardAlone(hook: Hook): Attached {
  return hook === 'tcx' ? { ...NOTHING, ingress: 1 } : { ...NOTHING, xdp: 1 };
}

/** With the program on replies, while somebody listens. */
export function guardAt(hook: Hook): Attached {
  return { ...guardAlone(hook), egress: 1 };
}

/** Programs on an interface. */
export async function attached(namespace: Namespace, iface: string): Promise<Attached> {
  return JSON.parse(await namespace.must([PYTHON, ATTACHED, iface])) as Attached;
}

export const isPinned = (directory: string): boolean => existsSync(directory);

import { networkInterfaces } from 'node:os';
import { parseAddress } from '../wire/address.ts';

export interface HostInterface {
  readonly name: string;
  /** All of its addresses, 16 bytes each. */
  readonly addresses: Uint8Array[];
  /** It has an address that is not link-local, or is the loopback. */
  readonly watched: boolean;
}

/** The interfaces of our network namespace that are up and have addresses. */
export function hostInterfaces(): HostInterface[] {
  return Object.entries(networkInterfaces()).map(([name, infos]) => {
    const texts = (infos ?? []).map((info) => info.address.split('%')[0] ?? '');
    return {
      name,
      addresses: texts.map((text) => parseAddress(text)).filter((a) => a !== undefined),
      watched: name === 'lo' || texts.some((text) => !isLinkLocal(text)),
    };
  });
}

function isLinkLocal(text: string): boolean {
  return /^fe[89ab]/i.test(text) || text.startsWith('169.254.');
}

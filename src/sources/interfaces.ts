import { interfaceAddresses } from '../kernel/addresses.ts';

export interface HostInterface {
  readonly name: string;
  /** All of its addresses, 16 bytes each. */
  readonly addresses: Uint8Array[];
  /** It has an address that is not link-local, or is the loopback. */
  readonly watched: boolean;
}

/** The interfaces of our network namespace that are up and have addresses. */
export function hostInterfaces(): HostInterface[] {
  return [...interfaceAddresses()].map(([name, addresses]) => ({
    name,
    addresses,
    watched: name === 'lo' || addresses.some((address) => !isLinkLocal(address)),
  }));
}

/** fe80::/10, or 169.254/16 as ::ffff:a.b.c.d. */
function isLinkLocal(address: Uint8Array): boolean {
  if (address[0] === 0xfe) return (address[1]! & 0xc0) === 0x80;
  return address[10] === 0xff && address[12] === 169 && address[13] === 254;
}

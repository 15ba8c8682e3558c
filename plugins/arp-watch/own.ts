import type { NetworkInterfaceInfo } from 'node:os';

/** An address of this host. */
export interface Own {
  /** Of its interface. */
  readonly mac: string;
  /** Of all our interfaces: Linux answers by any of them. */
  readonly macs: ReadonlySet<string>;
}

/** This host's own addresses, of os.networkInterfaces(). */
export function ownAddresses(
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
): ReadonlyMap<string, Own> {
  const all = Object.values(interfaces).flatMap((list) => list ?? []);
  const macs = new Set(all.map(({ mac }) => mac));
  return new Map(all.map(({ address, mac }) => [address, { mac, macs }]));
}

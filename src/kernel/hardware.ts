/** Kinds of links with an Ethernet header: ARPHRD_* (linux/if_arp.h). All others begin with the network header. */
export const Hardware = { ethernet: 1, loopback: 772 } as const;

/** @param type ARPHRD_* */
export function hasEthernet(type: number): boolean {
  return type === Hardware.ethernet || type === Hardware.loopback;
}

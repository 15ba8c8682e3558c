import type { Address, Case } from './case.ts';
import { HOST, HOST6, LOCAL4, LOCAL6 } from './host.ts';

/** The addresses of a case, by IP version. */
export interface Family {
  /** Ends the names of the IPv6 cases. */
  readonly suffix: '' | ', IPv6';
  /** This host. */
  readonly host: Address;
  readonly locals: readonly Address[];
  /** Remote host `n`, from 0 to 65535; each has its own /64. */
  remote(n: number): Address;
  /** Any address, by 32 random bits. */
  anywhere(bits: number): Address;
}

export const IPV4: Family = {
  suffix: '',
  host: HOST,
  locals: LOCAL4,
  remote: (n) => `198.18.${n >> 8}.${n & 255}`,
  anywhere: (bits) =>
    `${1 + ((bits >>> 24) % 223)}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`,
};

export const IPV6: Family = {
  suffix: ', IPv6',
  host: HOST6,
  locals: LOCAL6,
  remote: (n) => `2001:db8:100:${n.toString(16)}::1`,
  anywhere: (bits) => `2a00:${(bits >>> 16).toString(16)}:${(bits & 0xffff).toString(16)}::1`,
};

/** The same case for each IP version. */
export function both(make: (family: Family) => Case): Case[] {
  return [make(IPV4), make(IPV6)];
}

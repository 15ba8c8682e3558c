import { Origin } from '../kernel/never.ts';
import { parseAddress } from '../wire/address.ts';

/** A range of addresses and why it is known. */
export interface KnownPrefix {
  /** 16 bytes, network order, IPv4 as ::ffff:a.b.c.d. */
  readonly address: Uint8Array;
  /** Bits of `address`, 0 to 128; IPv4 counts from 96, so one IPv4 address is 128, too. */
  readonly prefixLength: number;
  /** For the operator: `default gateway on eth0`. */
  readonly reason: string;
  /** The same as bits of Origin. */
  readonly origin: number;
}

/**
 * The gateways in /proc/net/route, proc_pid_net(5) (net/ipv4/fib_trie.c, fib_route_seq_show): of each route that is up
 * and has one. Addresses are printed as words in the host's byte order. Malformed lines are passed over.
 */
export function gatewaysOfRoute(text: string): KnownPrefix[] {
  return text.split('\n').flatMap((line) => {
    const [iface, destination, gateway, flags] = line.trim().split(/\s+/);
    if (!isHex(destination, 8) || !isHex(gateway, 8) || !isHex(flags, 4)) return [];
    if (!hasGateway(Number.parseInt(flags, 16))) return [];
    const address = new Uint8Array(16);
    address[10] = 0xff;
    address[11] = 0xff;
    address.set(new Uint8Array(Uint32Array.of(Number.parseInt(gateway, 16)).buffer), 12);
    return isUnspecified(address)
      ? []
      : [host(address, gatewayReason(/^0+$/.test(destination), iface!), Origin.gateway)];
  });
}

/** The gateways in /proc/net/ipv6_route (net/ipv6/route.c, rt6_info_route); addresses are in network order. */
export function gatewaysOfIpv6Route(text: string): KnownPrefix[] {
  return text.split('\n').flatMap((line) => {
    const [destination, length, , , gateway, , , , flags, iface] = line.trim().split(/\s+/);
    if (!isHex(destination, 32) || !isHex(length, 2) || !isHex(gateway, 32) || !isHex(flags, 8))
      return [];
    if (iface === undefined || !hasGateway(Number.parseInt(flags, 16))) return [];
    const bytes = gateway.match(/../g)!.map((byte) => Number.parseInt(byte, 16));
    const address = Uint8Array.from(bytes);
    return isUnspecified(address)
      ? []
      : [host(address, gatewayReason(length === '00', iface), Origin.gateway)];
  });
}

/** The name servers of resolv.conf(5), all of them: which ones are asked may change. Zones (`%eth0`) are left off. */
export function resolversOf(text: string): KnownPrefix[] {
  return text.split('\n').flatMap((line) => {
    const [keyword, server] = line.trim().split(/\s+/);
    if (keyword !== 'nameserver' || server === undefined) return [];
    const address = parseAddress(withoutZone(server));
    return address === undefined || isUnspecified(address)
      ? []
      : [host(address, 'resolver', Origin.resolver)];
  });
}

/**
 * The client in SSH_CONNECTION, ssh(1): `client port server port`.
 * @returns undefined when the value is none
 */
export function peerOfSsh(value: string): KnownPrefix | undefined {
  const fields = value.trim().split(/\s+/);
  if (fields.length !== 4) return undefined;
  const address = parseAddress(withoutZone(fields[0]!));
  return address === undefined || isUnspecified(address)
    ? undefined
    : host(address, 'our SSH connection', Origin.ssh);
}

/** This host's own addresses, and all that is loopback. */
export function ownAddresses(interfaces: readonly OwnInterface[]): KnownPrefix[] {
  const known = [
    {
      address: parseAddress('127.0.0.0')!,
      prefixLength: 96 + 8,
      reason: 'loopback',
      origin: Origin.own,
    },
    host(parseAddress('::1')!, 'loopback', Origin.own),
  ];
  for (const { name, addresses } of interfaces)
    for (const address of addresses)
      known.push(host(address, `own address on ${name}`, Origin.own));
  return known;
}

/** One of our interfaces, as far as it is needed. */
export interface OwnInterface {
  readonly name: string;
  /** 16 bytes each. */
  readonly addresses: readonly Uint8Array[];
}

/** One entry for each range, with all its reasons. */
export function mergePrefixes(lists: readonly (readonly KnownPrefix[])[]): KnownPrefix[] {
  const merged = new Map<string, KnownPrefix>();
  for (const prefix of lists.flat()) {
    const key = `${prefix.address.join()}/${prefix.prefixLength}`;
    const known = merged.get(key);
    if (known === undefined) merged.set(key, prefix);
    else if (!known.reason.split(', ').includes(prefix.reason)) {
      const origin = known.origin | prefix.origin;
      merged.set(key, { ...known, reason: `${known.reason}, ${prefix.reason}`, origin });
    }
  }
  return [...merged.values()];
}

/** The parent in /proc/PID/stat, proc_pid_stat(5); a command may contain anything, `)` as well. */
export function parentOf(stat: string): number | undefined {
  const fields = /^ \S (\d+) /.exec(stat.slice(stat.lastIndexOf(')') + 1));
  return fields === null ? undefined : Number(fields[1]);
}

/** When the process of /proc/PID/stat began, in clock ticks since the boot; '' when the text is none. */
export function startOf(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD] ?? '';
}

/** The value of a variable in /proc/PID/environ, proc_pid_environ(5). */
export function variableOf(environ: string, name: string): string | undefined {
  const entry = environ.split('\0').find((text) => text.startsWith(`${name}=`));
  return entry?.slice(name.length + 1);
}

/** One address. @param reason for the operator */
export function host(address: Uint8Array, reason: string, origin: number): KnownPrefix {
  return { address, prefixLength: 128, reason, origin };
}

function gatewayReason(isDefault: boolean, iface: string): string {
  return `${isDefault ? 'default gateway' : 'gateway'} on ${iface}`;
}

/** RTF_UP and RTF_GATEWAY, not RTF_REJECT (include/uapi/linux/route.h). */
function hasGateway(flags: number): boolean {
  return (flags & 0x203) === 3;
}

function isHex(text: string | undefined, digits: number): text is string {
  return text?.length === digits && /^[\da-f]+$/i.test(text);
}

/** 0.0.0.0 and ::, which stand for no address. */
function isUnspecified(address: Uint8Array): boolean {
  return address.every((byte, i) => byte === 0 || ((i === 10 || i === 11) && address[10] === 0xff));
}

function withoutZone(text: string): string {
  const zone = text.indexOf('%');
  return zone < 0 || !text.includes(':') ? text : text.slice(0, zone);
}

/** starttime, the 22nd field of proc_pid_stat(5), counted from the third. */
const START_FIELD = 19;

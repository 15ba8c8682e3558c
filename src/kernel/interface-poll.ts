import { readFileSync } from 'node:fs';
import { interfaceAddresses, interfaceRequest } from './libc-sockets.ts';
import type { AddressMessage, LinkMessage, NetlinkMessage } from './rtnetlink.ts';

const SIOCGIFFLAGS = 0x8913;
const SIOCGIFHWADDR = 0x8927;
const SIOCGIFINDEX = 0x8933;
const IFREQ = 40;
const NAME = 16;

/**
 * The interfaces and addresses of our namespace where netlink is refused, as under a unit with
 * `RestrictAddressFamilies=AF_INET AF_INET6`: from /proc and netdevice(7). Told in the words of a dump.
 */
export function pollInterfaces(): NetlinkMessage[] {
  const names = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .flatMap((line) => /^\s*([^\s:]+):/.exec(line)?.[1] ?? []);
  const links = names.flatMap(linkOf);
  const indexes = new Map(links.map(({ name, index }) => [name, index]));
  return [...links, ...addresses4(indexes), ...addresses6()];
}

function linkOf(name: string): LinkMessage[] {
  const index = interfaceRequest(SIOCGIFINDEX, name)?.readUInt32LE(NAME);
  const flags = interfaceRequest(SIOCGIFFLAGS, name)?.readUInt16LE(NAME);
  const type = interfaceRequest(SIOCGIFHWADDR, name)?.readUInt16LE(NAME);
  if (index === undefined || flags === undefined || type === undefined) return []; // gone meanwhile
  const up = (flags & 1) !== 0;
  return [{ what: 'link', gone: false, index, name, otherNames: [], up, type, xdp: undefined }];
}

function addresses4(indexes: ReadonlyMap<string, number>): AddressMessage[] {
  const found: AddressMessage[] = [];
  const list = interfaceAddresses();
  for (let at = 0; at + IFREQ <= list.length; at += IFREQ) {
    const label = list.toString('utf8', at, at + NAME).split('\0', 1)[0]!;
    const index = indexes.get(label.split(':', 1)[0]!); // without an address's label
    if (index === undefined) continue;
    const address = new Uint8Array(16);
    address.set([0xff, 0xff, ...list.subarray(at + NAME + 4, at + NAME + 8)], 10);
    found.push({ what: 'address', gone: false, index, address });
  }
  return found;
}

/** /proc/net/if_inet6: address, index, prefix length, scope, flags, name; all but the name in hex. */
function addresses6(): AddressMessage[] {
  let text = '';
  try {
    text = readFileSync('/proc/net/if_inet6', 'utf8');
  } catch {
    // A kernel without IPv6.
  }
  return text.split('\n').flatMap((line): AddressMessage[] => {
    const [, address, index] = /^([\da-f]{32}) ([\da-f]+) /.exec(line) ?? [];
    if (address === undefined || index === undefined) return [];
    const bytes = Uint8Array.from(Buffer.from(address, 'hex'));
    return [{ what: 'address', gone: false, index: Number.parseInt(index, 16), address: bytes }];
  });
}

import koffi from 'koffi';

const libc = koffi.load('libc.so.6');
const cGetifaddrs = libc.func('int getifaddrs(void *list)');
const cFreeifaddrs = libc.func('void freeifaddrs(void *list)');
const cIfIndexToName = libc.func('const char *if_indextoname(unsigned int index, void *name)');

/** struct ifaddrs, ifaddrs.h, as far as it is read. */
const entryType = koffi.struct({
  next: 'void *',
  name: 'const char *',
  flags: 'unsigned int',
  address: 'void *',
});

interface Entry {
  readonly next: bigint | null;
  readonly name: string;
  readonly flags: number;
  readonly address: bigint | null;
}

const IFF_UP = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCKADDR_IN6 = 28;

/**
 * The addresses of each interface that is up in our namespace, 16 bytes each, IPv4 as ::ffff:a.b.c.d. Also of those
 * without a carrier, which os.networkInterfaces() leaves out: the kernel takes what is sent to them all the same.
 */
export function interfaceAddresses(): Map<string, Uint8Array[]> {
  const found = new Map<string, Uint8Array[]>();
  const list = Buffer.alloc(128);
  if (cGetifaddrs(list) !== 0) return found;
  const first = list.readBigUInt64LE(0);
  for (let at: bigint | null = first || null; at !== null; ) {
    const entry = koffi.decode(at, entryType) as Entry;
    at = entry.next;
    const address = (entry.flags & IFF_UP) === 0 ? undefined : addressOf(entry.address);
    if (address === undefined) continue;
    const name = entry.name.split(':', 1)[0]!; // without an address's label
    const known = found.get(name);
    if (known) known.push(address);
    else found.set(name, [address]);
  }
  cFreeifaddrs(first);
  return found;
}

/** Name of the interface with this index, undefined when there is none. */
export function interfaceName(index: number): string | undefined {
  return (cIfIndexToName(index, Buffer.alloc(128)) as string | null) ?? undefined;
}

/** The address in a struct sockaddr, copied. */
function addressOf(sockaddr: bigint | null): Uint8Array | undefined {
  if (sockaddr === null) return undefined;
  const bytes = new Uint8Array(koffi.view(sockaddr, SOCKADDR_IN6));
  const family = bytes[0]! | (bytes[1]! << 8);
  if (family === AF_INET6) return bytes.slice(8, 24);
  if (family !== AF_INET) return undefined;
  const mapped = new Uint8Array(16);
  mapped.set([0xff, 0xff, ...bytes.subarray(4, 8)], 10);
  return mapped;
}

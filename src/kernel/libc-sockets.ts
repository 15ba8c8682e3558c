import { constants } from 'node:os';
import koffi from 'koffi';
import { addressOf, closeFd, failed, libc, SystemError } from './libc.ts';

/** The calls on sockets and interfaces that Node doesn't offer; as in libc.ts. */

const cIfIndexToName = libc.func('const char *if_indextoname(unsigned int index, void *name)');
const cSocket = libc.func('int socket(int domain, int type, int protocol)');
const cConnect = libc.func('int connect(int fd, const void *address, unsigned int length)');
const cBind = libc.func('int bind(int fd, const void *address, unsigned int length)');
const cSetsockopt = libc.func(
  'int setsockopt(int fd, int level, int name, const void *value, unsigned int length)',
);
const cRecvfrom = libc.func(
  'long recvfrom(int fd, void *buffer, size_t length, int flags, void *address, void *size)',
);
const cSend = libc.func('long send(int fd, const void *bytes, size_t length, int flags)');
const cIoctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)');
const cGetsockopt = libc.func(
  'int getsockopt(int fd, int level, int name, void *value, void *length)',
);

const AF_UNIX = 1;
export const AF_INET = 2;
const AF_NETLINK = 16;
export const SocketType = { STREAM: 1, DGRAM: 2, RAW: 3 } as const;
export const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const NETNS_COOKIE: SocketOption = { level: SOL_SOCKET, number: 71, name: 'SO_NETNS_COOKIE' };
const MSG_TRUNC = 0x20;
const MSG_NOSIGNAL = 0x4000;

/** A socket that no program inherits. Throws SystemError. @param type of SocketType @param name of the family */
export function openSocket(family: number, type: number, name: string, protocol = 0): number {
  const fd = cSocket(family, type | SOCK_CLOEXEC, protocol) as number;
  if (fd < 0) throw failed(`socket ${name}`);
  return fd;
}

/** Throws SystemError. @param address in memory that doesn't move */
export function bindSocket(fd: number, address: Uint8Array, length: number, name: string): void {
  if (cBind(fd, address, length) !== 0) throw failed(`bind ${name}`);
}

/** An option of a socket. */
export interface SocketOption {
  readonly level: number;
  readonly number: number;
  readonly name: string;
}

/** Throws SystemError. @param value in memory that doesn't move */
export function setOption(
  fd: number,
  { level, number, name }: SocketOption,
  value: Uint8Array,
  length: number,
): void {
  if (cSetsockopt(fd, level, number, value, length) !== 0) throw failed(`setsockopt ${name}`);
}

/** The value, which has so many bytes. Throws SystemError. */
export function getOption(
  fd: number,
  { level, number, name }: SocketOption,
  length: number,
): Buffer {
  const value = Buffer.alloc(length + 128);
  value.writeUInt32LE(length, length);
  if (cGetsockopt(fd, level, number, value, value.subarray(length)) !== 0)
    throw failed(`getsockopt ${name}`);
  return value.subarray(0, length);
}

const SIOCGIFCONF = 0x8912;
const SIOCETHTOOL = 0x8946;
const ETHTOOL_GDRVINFO = 3;

/** Name of the interface with this index in our namespace; undefined: there is none. */
export function interfaceName(index: number): string | undefined {
  return (cIfIndexToName(index, Buffer.alloc(128)) as string | null) ?? undefined;
}

function withSocket<T>(use: (fd: number) => T): T {
  const fd = openSocket(AF_INET, SocketType.DGRAM, 'AF_INET');
  try {
    return use(fd);
  } finally {
    closeFd(fd);
  }
}

/** Asks of an interface by its name, netdevice(7): a struct ifreq, or undefined when it is gone. */
export function interfaceRequest(request: number, name: string): Buffer | undefined {
  return withSocket((fd) => {
    const answer = Buffer.alloc(128);
    answer.write(name.slice(0, 15), 0);
    return cIoctl(fd, request, answer) === 0 ? answer : undefined;
  });
}

/** An array of struct ifreq, 40 bytes each: the IPv4 addresses of all interfaces. */
export function interfaceAddresses(): Buffer {
  return withSocket((fd) => {
    const list = Buffer.alloc(1 << 18);
    const request = Buffer.alloc(128);
    request.writeUInt32LE(list.length);
    request.writeBigUInt64LE(addressOf(list), 8);
    if (cIoctl(fd, SIOCGIFCONF, request) !== 0) throw failed('ioctl SIOCGIFCONF');
    return list.subarray(0, request.readUInt32LE());
  });
}

/** Name of an interface's driver and the bus that its device is on (empty for virtual ones). */
export function driverOf(name: string): { driver: string; bus: string } | undefined {
  return withSocket((fd) => {
    const request = Buffer.alloc(128);
    const info = Buffer.alloc(256);
    info.writeUInt32LE(ETHTOOL_GDRVINFO, 0);
    request.write(name.slice(0, 15), 0, 'latin1');
    request.writeBigUInt64LE(addressOf(info), 16);
    if (cIoctl(fd, SIOCETHTOOL, request) !== 0) return undefined;
    const text = (at: number) => info.toString('latin1', at, at + 32).split('\0')[0] ?? '';
    return { driver: text(4), bus: text(100) };
  });
}

/** Cookie of our network namespace: unlike its inode number never used again (SO_NETNS_COOKIE, kernel 5.14). */
export function netnsCookie(): bigint {
  return withSocket((fd) => getOption(fd, NETNS_COOKIE, 8).readBigUInt64LE());
}

/** The longest path of a unix socket (struct sockaddr_un, with its final zero). */
const UNIX_PATH = 108;

/**
 * A datagram socket connected to the unix socket at `path`; Node has none. It never waits.
 * Throws SystemError.
 */
export function unixDatagrams(path: string): number {
  const name = Buffer.from(path);
  if (name.length >= UNIX_PATH)
    throw new SystemError(`connect ${path}`, constants.errno.ENAMETOOLONG);
  const address = Buffer.alloc(2 + UNIX_PATH);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  const fd = openSocket(AF_UNIX, SocketType.DGRAM | SOCK_NONBLOCK, 'AF_UNIX');
  if (cConnect(fd, address, address.length) === 0) return fd;
  const error = failed(`connect ${path}`);
  closeFd(fd);
  throw error;
}

/** What waits while nobody reads; the default holds the changes of about 100 interfaces. */
const NETLINK_BUFFER = 1 << 20;

/** Which of the kernel's parts a netlink socket talks to: rtnetlink(7), sock_diag(7). */
export const NetlinkProtocol = { ROUTE: 0, SOCK_DIAG: 4 } as const;

/** A socket of netlink(7), subscribed to these groups. It never waits. Throws SystemError. */
export function netlinkSocket(groups: number, protocol: number = NetlinkProtocol.ROUTE): number {
  const fd = openSocket(AF_NETLINK, SocketType.RAW | SOCK_NONBLOCK, 'AF_NETLINK', protocol);
  const value = Buffer.alloc(128);
  value.writeUInt32LE(NETLINK_BUFFER);
  cSetsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, value, 4); // without the right to it the default has to do
  value.writeUInt32LE(AF_NETLINK);
  value.writeUInt32LE(groups, 8);
  try {
    bindSocket(fd, value, 12, 'AF_NETLINK');
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

const netlinkSender = Buffer.alloc(128);
const senderSize = Buffer.alloc(128);

/**
 * Takes a datagram of such a socket: its length, which is over the buffer's when it was cut off, or -errno; 0 when
 * the sender isn't the kernel.
 */
export function receiveNetlink(fd: number, buffer: Uint8Array): number {
  senderSize.writeUInt32LE(12);
  const length = Number(cRecvfrom(fd, buffer, buffer.length, MSG_TRUNC, netlinkSender, senderSize));
  if (length < 0) return -koffi.errno();
  return netlinkSender.readUInt32LE(4) === 0 ? length : 0;
}

/** Sends one datagram. Throws SystemError; its code is EAGAIN when the receiver's queue is full. */
export function sendDatagram(fd: number, bytes: Uint8Array): void {
  if (Number(cSend(fd, bytes, bytes.length, MSG_NOSIGNAL)) < 0) throw failed('send');
}

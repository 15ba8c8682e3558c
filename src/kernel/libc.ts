import { constants } from 'node:os';
import koffi from 'koffi';

/**
 * The C library calls that Node doesn't offer, through koffi.
 * Every function returns what the system call returns; `failed()` turns errno into an error.
 */
const libc = koffi.load('libc.so.6');

const syscallBpf = libc.func('long syscall(long number, long command, void *attr, long size)');
const cMmap = libc.func(
  'void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)',
);
const cMunmap = libc.func('int munmap(void *addr, size_t length)');
const cClose = libc.func('int close(int fd)');
const cOpen = libc.func('int open(const char *path, int flags, int mode)');
const cRead = libc.func('long read(int fd, void *buffer, size_t size)');
const cFlock = libc.func('int flock(int fd, int operation)');
const cMount = libc.func(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
);
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
const cStatfs = libc.func('int statfs(const char *path, void *buffer)');

/** Number of bpf(2) per architecture (arch/x86/entry/syscalls/syscall_64.tbl, asm-generic/unistd.h). */
const BPF_SYSCALL: Record<string, number> = { x64: 321, arm64: 280 };

const ERRNO_NAMES = new Map<number, string>(
  Object.entries(constants.errno).map(([name, value]) => [value, name]),
);

/** A failed system call. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  readonly call: string;
  readonly errno: number;
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = ERRNO_NAMES.get(errno) ?? `errno ${errno}`;
    super(`${call}: ${code}`);
    this.call = call;
    this.errno = errno;
    this.code = code;
  }
}

/** The error of the call that just failed. */
export function failed(call: string): SystemError {
  return new SystemError(call, koffi.errno());
}

/** Where an array's bytes lie. The array must stay referenced, and be over 64 bytes (V8 moves smaller ones). */
export function addressOf(array: Uint8Array): bigint {
  return koffi.address(array);
}

/** bpf(2): the result, or -errno. */
export function bpfCall(command: number, attr: Uint8Array, size: number): number {
  const number = BPF_SYSCALL[process.arch];
  if (number === undefined) return -constants.errno.ENOSYS;
  const result = Number(syscallBpf(number, command, attr, size));
  return result < 0 ? -koffi.errno() : result;
}

/** Memory of the kernel's, seen from here. */
export interface Mapping {
  readonly buffer: ArrayBuffer;
  unmap(): void;
}

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;

function map(
  address: bigint | null,
  length: number,
  prot: number,
  flags: number,
  fd: number,
  offset: number,
): bigint {
  const pointer = cMmap(address, length, prot, flags, fd, offset) as bigint | null;
  if (pointer === null || BigInt.asIntN(64, pointer) === -1n) throw failed('mmap');
  return pointer;
}

/**
 * Maps `length` bytes of `fd` from `offset`, shared.
 * A write into a mapping made without `writable` ends the process: the caller must not.
 * @param spare bytes of our own memory, writable, that follow the mapping in the same buffer; whole pages
 */
export function mapShared(
  fd: number,
  length: number,
  offset: number,
  writable: boolean,
  spare = 0,
): Mapping {
  const all = length + spare;
  const prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  let pointer: bigint | null = null;
  if (spare > 0)
    pointer = map(null, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  try {
    pointer = map(pointer, length, prot, pointer ? MAP_SHARED | MAP_FIXED : MAP_SHARED, fd, offset);
  } catch (error) {
    if (pointer) cMunmap(pointer, all);
    throw error;
  }
  const mapped = pointer;
  return {
    buffer: koffi.view(mapped, all),
    unmap: () => {
      cMunmap(mapped, all);
    },
  };
}

export function closeFd(fd: number): void {
  cClose(fd);
}

/** Reads from a descriptor that Node's fs can't poll (a BPF iterator): bytes read, 0 at the end. */
export function readFd(fd: number, buffer: Uint8Array): number {
  const result = Number(cRead(fd, buffer, buffer.length));
  if (result < 0) throw failed('read');
  return result;
}

/** Opens and locks a file until the process ends; undefined when somebody else holds the lock. */
export function lockFile(path: string): number | undefined {
  const fd = cOpen(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600) as number;
  if (fd < 0) throw failed(`open ${path}`);
  if (cFlock(fd, 2 | 4) === 0) return fd; // LOCK_EX|LOCK_NB
  cClose(fd);
  return undefined;
}

const O_RDWR = 0o2;
const O_CREAT = 0o100;
const O_CLOEXEC = 0o2000000;
const BPF_FS_MAGIC = 0xcafe4a11;

/** Is this directory on a BPF file system? */
export function isBpffs(path: string): boolean {
  const buffer = Buffer.alloc(256);
  if (cStatfs(path, buffer) !== 0) return false;
  return buffer.readUInt32LE(0) === BPF_FS_MAGIC;
}

export function mountBpffs(path: string): void {
  if (cMount('bpf', path, 'bpf', 0, 'mode=0700') !== 0) throw failed(`mount -t bpf ${path}`);
}

const SIOCGIFCONF = 0x8912;
const SIOCETHTOOL = 0x8946;
const ETHTOOL_GDRVINFO = 3;

/** Name of the interface with this index in our namespace; undefined: there is none. */
export function interfaceName(index: number): string | undefined {
  return (cIfIndexToName(index, Buffer.alloc(128)) as string | null) ?? undefined;
}

function withSocket<T>(use: (fd: number) => T): T {
  const fd = cSocket(2, 2 | 0o2000000, 0) as number; // AF_INET, SOCK_DGRAM|SOCK_CLOEXEC
  if (fd < 0) throw failed('socket');
  try {
    return use(fd);
  } finally {
    cClose(fd);
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
  return withSocket((fd) => {
    const value = Buffer.alloc(128);
    value.writeUInt32LE(8, 64);
    if (cGetsockopt(fd, 1, 71, value, value.subarray(64)) !== 0)
      throw failed('getsockopt SO_NETNS_COOKIE');
    return value.readBigUInt64LE(0);
  });
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
  address.writeUInt16LE(1, 0); // AF_UNIX
  name.copy(address, 2);
  const fd = cSocket(1, 2 | 0o4000 | O_CLOEXEC, 0) as number; // SOCK_DGRAM|SOCK_NONBLOCK
  if (fd < 0) throw failed('socket');
  if (cConnect(fd, address, address.length) === 0) return fd;
  const error = failed(`connect ${path}`);
  cClose(fd);
  throw error;
}

const NETLINK_FAMILY = 16;
/** What waits while nobody reads; the default holds the changes of about 100 interfaces. */
const NETLINK_BUFFER = 1 << 20;

/** A socket of rtnetlink(7), subscribed to these groups. It never waits. Throws SystemError. */
export function netlinkSocket(groups: number): number {
  const fd = cSocket(NETLINK_FAMILY, 3 | 0o4000 | O_CLOEXEC, 0) as number; // SOCK_RAW|SOCK_NONBLOCK
  if (fd < 0) throw failed('socket AF_NETLINK');
  const value = Buffer.alloc(128);
  value.writeUInt32LE(NETLINK_BUFFER);
  cSetsockopt(fd, 1, 33, value, 4); // SO_RCVBUFFORCE; without the right to it the default has to do
  value.writeUInt32LE(NETLINK_FAMILY);
  value.writeUInt32LE(groups, 8);
  if (cBind(fd, value, 12) === 0) return fd;
  const error = failed('bind AF_NETLINK');
  cClose(fd);
  throw error;
}

const netlinkSender = Buffer.alloc(128);
const senderSize = Buffer.alloc(128);

/**
 * Takes a datagram of such a socket: its length, which is over the buffer's when it was cut off, or -errno; 0 when
 * the sender isn't the kernel.
 */
export function receiveNetlink(fd: number, buffer: Uint8Array): number {
  senderSize.writeUInt32LE(12);
  const length = Number(
    cRecvfrom(fd, buffer, buffer.length, 0x20, netlinkSender, senderSize), // MSG_TRUNC
  );
  if (length < 0) return -koffi.errno();
  return netlinkSender.readUInt32LE(4) === 0 ? length : 0;
}

/** Sends one datagram. Throws SystemError; its code is EAGAIN when the receiver's queue is full. */
export function sendDatagram(fd: number, bytes: Uint8Array): void {
  if (Number(cSend(fd, bytes, bytes.length, 0x4000)) < 0) throw failed('send'); // MSG_NOSIGNAL
}

import { constants } from 'node:os';
import koffi, { type LibraryHandle } from 'koffi';

/**
 * The C library calls that Node doesn't offer, through koffi.
 * Every function returns what the system call returns; `failed()` turns errno into an error.
 */
export const libc: LibraryHandle = koffi.load('libc.so.6');

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
const cClockGettime = libc.func('int clock_gettime(int clock, void *time)');
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

const TIME = Buffer.alloc(128);

/** A clock's time, as seconds and nanoseconds: as one number it would not be exact. @param clock clock_gettime(2) */
export function clockTime(clock: number): [seconds: number, nanoseconds: number] {
  cClockGettime(clock, TIME);
  return [Number(TIME.readBigInt64LE(0)), TIME.readInt32LE(8)];
}

import { addressOf, failed, libc } from './libc.ts';

/** The C library calls that change what this process may do (prctl(2), capset(2), seccomp(2)). */

const cPrctl = libc.func(
  'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
);
const cCapset = libc.func('int capset(void *header, const void *sets)');
const cSeccomp = libc.func('long syscall(long number, long operation, long flags, void *program)');

const PR_SET_KEEPCAPS = 8;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_RAISE = 2;
const CAPABILITY_VERSION_3 = 0x20080522;
/** Number of seccomp(2) per architecture. */
const SECCOMP_SYSCALL: Record<string, number> = { x64: 317, arm64: 277 };
const SECCOMP_SET_MODE_FILTER = 1;
/** For all threads, and none of them slower for it (TSYNC, SPEC_ALLOW). */
const SECCOMP_FLAGS = 1 | 4;
/** struct sock_filter: return SECCOMP_RET_ALLOW. */
const ALLOW_ALL = [0x06, 0x7fff0000] as const;

function prctl(name: string, option: number, a: number, b = 0): void {
  if (cPrctl(option, a, b, 0, 0) !== 0) throw failed(`prctl ${name}`);
}

/** This thread's capabilities stay permitted when its user changes. */
export function keepThroughSetuid(): void {
  prctl('PR_SET_KEEPCAPS', PR_SET_KEEPCAPS, 1);
}

/** No program that this thread starts can get this capability. */
export function dropFromBounding(capability: number): void {
  prctl('PR_CAPBSET_DROP', PR_CAPBSET_DROP, capability);
}

/** What this thread may do, and what of it the programs that it starts may (they must be of `own`). */
export function setCapabilities(own: readonly number[], children: readonly number[]): void {
  const header = Buffer.alloc(128);
  header.writeUInt32LE(CAPABILITY_VERSION_3);
  const sets = Buffer.alloc(128);
  const [mine, theirs] = [own, children].map((list) =>
    list.reduce((bits, capability) => bits | (1n << BigInt(capability)), 0n),
  );
  for (const half of [0, 1]) {
    const at = 12 * half;
    const word = (bits: bigint) => Number((bits >> BigInt(32 * half)) & 0xffffffffn);
    sets.writeUInt32LE(word(mine!), at); // effective
    sets.writeUInt32LE(word(mine!), at + 4); // permitted
    sets.writeUInt32LE(word(theirs!), at + 8); // inheritable
  }
  if (cCapset(header, sets) !== 0) throw failed('capset');
  for (const capability of children)
    prctl('PR_CAP_AMBIENT', PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability);
}

/**
 * Nothing that this process starts gets more rights than it has: for all of its threads, which only a seccomp filter
 * brings to all at once. The filter itself lets everything pass.
 */
export function noNewPrivileges(): void {
  prctl('PR_SET_NO_NEW_PRIVS', PR_SET_NO_NEW_PRIVS, 1);
  const number = SECCOMP_SYSCALL[process.arch];
  if (number === undefined) return;
  const filter = Buffer.alloc(128);
  filter.writeUInt16LE(ALLOW_ALL[0]);
  filter.writeUInt32LE(ALLOW_ALL[1], 4);
  const program = Buffer.alloc(128);
  program.writeUInt16LE(1);
  program.writeBigUInt64LE(addressOf(filter), 8);
  if (Number(cSeccomp(number, SECCOMP_SET_MODE_FILTER, SECCOMP_FLAGS, program)) !== 0)
    throw failed('seccomp');
}

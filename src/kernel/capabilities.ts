import { readFileSync } from 'node:fs';
import { OperatorError } from '../model/errors.ts';
import * as rights from './libc-rights.ts';

/** capabilities(7) by number (linux/capability.h). */
const NAMES =
  `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
  NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE
  SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL
  SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`
    .split(/\s+/)
    .map((name) => `CAP_${name}`);

/** What loading and attaching take; docs/privileges.md says what for. */
const NEEDED = ['CAP_BPF', 'CAP_PERFMON', 'CAP_NET_ADMIN'] as const;

/** The capabilities that this process has in effect, by name. */
export function heldCapabilities(): ReadonlySet<string> {
  const bits = BigInt(`0x${ofStatus('CapEff') ?? '0'}`);
  return new Set(NAMES.filter((_, number) => ((bits >> BigInt(number)) & 1n) !== 0n));
}

/** May this process see what those of other users run and hold open (/proc/PID/exe and fd, proc(5))? */
export function mayLookIntoOthers(): boolean {
  const held = heldCapabilities();
  const search = held.has('CAP_DAC_READ_SEARCH') || held.has('CAP_DAC_OVERRIDE');
  return held.has('CAP_SYS_PTRACE') && search;
}

/** The seccomp(2) filters that this process has set itself, which let everything pass. */
let ownFilters = 0;

/** Does somebody else's seccomp(2) filter stand between this process and its system calls? */
export function isFiltered(): boolean {
  return filters() > ownFilters;
}

/** Those of the needed capabilities that this process lacks. CAP_SYS_ADMIN stands for the two that were cut from it. */
export function missingCapabilities(): string[] {
  const held = heldCapabilities();
  return NEEDED.filter(
    (name) => !held.has(name) && (name === 'CAP_NET_ADMIN' || !held.has('CAP_SYS_ADMIN')),
  );
}

/** Throws OperatorError, naming what is missing, before the kernel refuses something less telling. */
export function requireCapabilities(): void {
  const missing = missingCapabilities();
  if (missing.length === 0) return;
  throw new OperatorError(
    `no permission to use BPF: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
    `run as root, or give this user ${NEEDED.join(', ')} (docs/privileges.md), or use --source proc`,
  );
}

/**
 * Keeps these capabilities, as far as it has them, and in this thread alone: the others lose all of theirs when
 * `changeUser` gives up root.
 * @param children those that the programs get which it starts
 */
export function keepOnly(
  names: readonly string[],
  children: readonly string[],
  changeUser: () => void,
): void {
  const held = heldCapabilities();
  const numbers = (list: readonly string[]) =>
    list.filter((name) => held.has(name)).map((name) => NAMES.indexOf(name));
  const kept = numbers(names);
  for (const name of held) if (!names.includes(name)) rights.dropFromBounding(NAMES.indexOf(name));
  rights.keepThroughSetuid();
  changeUser();
  rights.setCapabilities(kept, numbers(children));
  const before = filters();
  rights.noNewPrivileges();
  ownFilters = filters() - before;
}

function filters(): number {
  return Number(ofStatus('Seccomp_filters') ?? 0);
}

/** A line of proc_pid_status(5). */
function ofStatus(name: string): string | undefined {
  const status = readFileSync('/proc/self/status', 'latin1');
  return new RegExp(`^${name}:\\s*(\\S+)$`, 'm').exec(status)?.[1];
}

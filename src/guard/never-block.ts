import { readFileSync } from 'node:fs';
import { usableInterfaces } from '../sources/interfaces.ts';
import {
  gatewaysOfIpv6Route,
  gatewaysOfRoute,
  type OwnInterface,
  type KnownPrefix,
  mergePrefixes,
  ownAddresses,
  parentOf,
  peerOfSsh,
  resolversOf,
  variableOf,
} from './addresses.ts';
import { type SshPeers, SshSessions } from './ssh-sessions.ts';

/** Where the addresses come from. */
export interface NeverBlockInput {
  /** The text of a file; throws the system's error. */
  readFile(path: string): string;
  /** Those that are up. */
  readonly interfaces: readonly OwnInterface[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whose ancestors are asked for the SSH connection. */
  readonly pid: number;
  readonly sessions: SshPeers;
  /** What was read last, by path: it goes on to count while a file can't be read. */
  readonly last: Map<string, string>;
}

export interface NeverBlock {
  /** Ranges that are never blocked, each once, with the reason. */
  readonly prefixes: readonly KnownPrefix[];
  /** What could not be read, one line each: the list may lack something. */
  readonly problems: readonly string[];
}

/** What this host tells; who asks again and again knows its interfaces and sessions already. */
export function thisHost(
  interfaces: readonly OwnInterface[] = usableInterfaces(),
  sessions: SshPeers = new SshSessions().peers(),
  last: Map<string, string> = new Map(),
): NeverBlockInput {
  return {
    readFile: (path) => readFileSync(path, 'utf8'),
    interfaces,
    env: process.env,
    pid: process.pid,
    sessions,
    last,
  };
}

/**
 * Gathers what must never be blocked, or the operator would be locked out and the host cut off: own addresses,
 * gateways, resolvers, the peers of authenticated SSH sessions and of our own SSH connection. Reads a few small files.
 * Only the main routing table is looked at.
 */
export function gatherNeverBlock(input: NeverBlockInput = thisHost()): NeverBlock {
  const problems: string[] = [...input.sessions.problems];
  const read = (path: string): string => {
    try {
      const text = input.readFile(path);
      input.last.set(path, text);
      return text;
    } catch (error) {
      // Without IPv6, systemd-resolved or a resolver there is no such file, and nothing to spare.
      if (isAbsence(error)) return '';
      problems.push(`cannot read ${path}: ${String(error)}`);
      return input.last.get(path) ?? '';
    }
  };
  const prefixes = mergePrefixes([
    // Whoever could be locked out comes first: the kernel's list is bounded.
    sshPeers(input),
    input.sessions.prefixes,
    ownAddresses(input.interfaces),
    gatewaysOfRoute(read('/proc/net/route')),
    gatewaysOfIpv6Route(read('/proc/net/ipv6_route')),
    resolversOf(read('/etc/resolv.conf')),
    // Behind the stub 127.0.0.53 of systemd-resolved(8).
    resolversOf(read('/run/systemd/resolve/resolv.conf')),
  ]);
  return { prefixes, problems };
}

/** Our SSH_CONNECTION, or that of the nearest ancestor that has one: sudo(8) removes it from the environment. */
function sshPeers(input: NeverBlockInput): KnownPrefix[] {
  const own = input.env['SSH_CONNECTION'];
  if (own !== undefined) return asList(peerOfSsh(own));
  let pid: number | undefined = input.pid;
  for (let step = 0; step < MAX_ANCESTORS && pid !== undefined && pid > 1; step++) {
    try {
      const value = variableOf(input.readFile(`/proc/${pid}/environ`), 'SSH_CONNECTION');
      if (value !== undefined) {
        input.last.set(SSH, value);
        return asList(peerOfSsh(value));
      }
      pid = parentOf(input.readFile(`/proc/${pid}/stat`));
    } catch (error) {
      // Another user's process, or it is gone, or no file can be opened: there is nothing more to learn.
      const before = isAbsence(error) ? undefined : input.last.get(SSH);
      return before === undefined ? [] : asList(peerOfSsh(before));
    }
  }
  return [];
}

function asList(prefix: KnownPrefix | undefined): KnownPrefix[] {
  return prefix === undefined ? [] : [prefix];
}

function isAbsence(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')
  );
}

/** Key of what was last found in the environment of an ancestor. */
const SSH = 'SSH_CONNECTION';
/** Shells in shells; more is a loop. */
const MAX_ANCESTORS = 32;

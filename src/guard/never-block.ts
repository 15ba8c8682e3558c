import { readFileSync } from 'node:fs';
import { interfaceAddresses } from '../kernel/addresses.ts';
import { formatAddress } from '../wire/address.ts';
import {
  gatewaysOfIpv6Route,
  gatewaysOfRoute,
  type Interfaces,
  type KnownPrefix,
  mergePrefixes,
  ownAddresses,
  parentOf,
  peerOfSsh,
  resolversOf,
  variableOf,
} from './addresses.ts';
import { SshSessions } from './ssh-sessions.ts';

/** Where the addresses come from. */
export interface NeverBlockInput {
  /** The text of a file; throws the system's error. */
  readFile(path: string): string;
  interfaces(): Interfaces;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whose ancestors are asked for the SSH connection. */
  readonly pid: number;
  /** Remembers between two calls which sessions there were. */
  readonly sessions: Pick<SshSessions, 'peers'>;
}

export interface NeverBlock {
  /** Ranges that are never blocked, each once, with the reason. */
  readonly prefixes: readonly KnownPrefix[];
  /** What could not be read, one line each: the list may lack something. */
  readonly problems: readonly string[];
}

/** What this host tells; the same one for calls that repeat. */
export function thisHost(): NeverBlockInput {
  return {
    readFile: (path) => readFileSync(path, 'utf8'),
    interfaces: ownInterfaces,
    env: process.env,
    pid: process.pid,
    sessions: new SshSessions(),
  };
}

/**
 * Gathers what must never be blocked, or the operator would be locked out and the host cut off: own addresses,
 * gateways, resolvers, the peers of authenticated SSH sessions and of our own SSH connection. Reads a few small files,
 * so it may be called every 5 s. Only the main routing table is looked at.
 */
export function gatherNeverBlock(input: NeverBlockInput = thisHost()): NeverBlock {
  const sessions = input.sessions.peers();
  const problems: string[] = [...sessions.problems];
  const read = (path: string): string => {
    try {
      return input.readFile(path);
    } catch (error) {
      // Without IPv6, systemd-resolved or a resolver there is no such file, and nothing to spare.
      if (!isAbsence(error)) problems.push(`cannot read ${path}: ${String(error)}`);
      return '';
    }
  };
  const prefixes = mergePrefixes([
    // Whoever could be locked out comes first: the kernel's list is bounded.
    sshPeers(input),
    sessions.prefixes,
    ownAddresses(input.interfaces()),
    gatewaysOfRoute(read('/proc/net/route')),
    gatewaysOfIpv6Route(read('/proc/net/ipv6_route')),
    resolversOf(read('/etc/resolv.conf')),
    // Behind the stub 127.0.0.53 of systemd-resolved(8).
    resolversOf(read('/run/systemd/resolve/resolv.conf')),
  ]);
  return { prefixes, problems };
}

function ownInterfaces(): Interfaces {
  const texts = (addresses: Uint8Array[]) => addresses.map((a) => ({ address: formatAddress(a) }));
  return Object.fromEntries([...interfaceAddresses()].map(([name, all]) => [name, texts(all)]));
}

/** Our SSH_CONNECTION, or that of the nearest ancestor that has one: sudo(8) removes it from the environment. */
function sshPeers(input: NeverBlockInput): KnownPrefix[] {
  const own = input.env['SSH_CONNECTION'];
  if (own !== undefined) return asList(peerOfSsh(own));
  let pid: number | undefined = input.pid;
  for (let step = 0; step < MAX_ANCESTORS && pid !== undefined && pid > 1; step++) {
    try {
      const value = variableOf(input.readFile(`/proc/${pid}/environ`), 'SSH_CONNECTION');
      if (value !== undefined) return asList(peerOfSsh(value));
      pid = parentOf(input.readFile(`/proc/${pid}/stat`));
    } catch {
      return []; // another user's process, or it is gone: there is nothing more to learn
    }
  }
  return [];
}

function asList(prefix: KnownPrefix | undefined): KnownPrefix[] {
  return prefix === undefined ? [] : [prefix];
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Shells in shells; more is a loop. */
const MAX_ANCESTORS = 32;

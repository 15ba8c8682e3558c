import type { Kernel } from '../kernel/kernel.ts';
import { Origin } from '../kernel/never.ts';
import type { RecordBatch } from '../wire/batch.ts';
import { Flag, Head, SocketPart } from '../wire/layout.gen.ts';
import { host, type KnownPrefix } from './addresses.ts';
import type { SshPeers } from './ssh-sessions.ts';
import { TcpState } from '../model/tcp-state.ts';

/** Commands of OpenSSH that hold a connection: those of all versions. */
const SSHD: ReadonlySet<string> = new Set(['sshd', 'sshd-session', 'sshd-auth']);
const COMM_BYTES = 16;

/** What is said where this stands for SshSessions. */
export const UNTOLD =
  'which connections to sshd are authenticated is not seen (CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH): the peers of all of them are never blocked';

/**
 * The peers of all connections that sshd has accepted, authenticated or not, by the owners that the kernel's programs
 * have noted: for who may not look into processes of others, as SshSessions does. To protect too many costs less than
 * to lock the owner out.
 */
export class SshdConnections {
  readonly #kernel: Pick<Kernel, 'existing'>;

  constructor(kernel: Pick<Kernel, 'existing'>) {
    this.#kernel = kernel;
  }

  /** The peers now: walks all sockets. */
  peers(): SshPeers {
    const servers = new Set<number>();
    const held: { port: number; peer: Uint8Array }[] = [];
    this.#kernel.existing(({ bytes, words, at, count }: RecordBatch) => {
      for (let i = 0; i < count; i++) {
        const offset = at[i]!;
        const passive = (bytes[offset + Head.flags]! & Flag.PASSIVE) !== 0;
        // A passive one's own end is its destination; of older ones both ends are as the socket has them.
        const ports = words[(offset + Head.src_port) >> 2]!;
        const port = passive ? ports >>> 16 : ports & 0xffff;
        const state = bytes[offset + SocketPart.state]!;
        if (state === TcpState.LISTEN) servers.add(port);
        if (state !== TcpState.ESTABLISHED || !SSHD.has(commOf(bytes, offset + SocketPart.comm)))
          continue;
        const from = offset + (passive ? Head.src : Head.dst);
        held.push({ port, peer: bytes.slice(from, from + 16) });
      }
    });
    const peers = new Map<string, KnownPrefix>();
    // Those that sshd has opened itself are forwarded for somebody.
    for (const { port, peer } of held)
      if (servers.has(port)) peers.set(peer.join(), host(peer, 'SSH connection', Origin.ssh));
    return { prefixes: [...peers.values()], problems: [] };
  }
}

function commOf(bytes: Uint8Array, at: number): string {
  const end = bytes.indexOf(0, at);
  return String.fromCharCode(
    ...bytes.subarray(at, Math.min(end < 0 ? Infinity : end, at + COMM_BYTES)),
  );
}

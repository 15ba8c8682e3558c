import { existsSync, readFileSync } from 'node:fs';
import type { Filter } from '../filter/filter.ts';
import { dumpSockets } from '../kernel/sock-diag.ts';
import { interfaceName } from '../kernel/libc-sockets.ts';
import { SystemError } from '../kernel/libc.ts';
import { OperatorError, shortage } from '../model/errors.ts';
import type { SocketCounters, Sockets, SocketSettings } from '../model/sockets.ts';
import { TcpState } from '../model/tcp-state.ts';
import { answerOf, type Told } from '../sockets/answer.ts';
import { Snapshot } from '../sockets/snapshot.ts';
import { tcpCounters } from '../sources/proc-states.ts';
import { SocketOwners } from '../sources/socket-owners.ts';

const LISTENING = 1 << TcpState.LISTEN;
/** All others that may be somebody's: of TIME-WAIT and CLOSED nothing is left that could be told. */
const OTHERS =
  (1 << TcpState.ESTABLISHED) |
  (1 << TcpState.SYN_SENT) |
  (1 << TcpState.SYN_RECV) |
  (1 << TcpState.FIN_WAIT1) |
  (1 << TcpState.FIN_WAIT2) |
  (1 << TcpState.CLOSE_WAIT) |
  (1 << TcpState.LAST_ACK) |
  (1 << TcpState.CLOSING);

/** What is asked of the sockets. */
export interface SocketQuery extends Told {
  /** Undefined: all. */
  readonly filter: Filter | undefined;
}

/**
 * The TCP sockets of this network namespace as they are now; needs no rights, but sees the processes of other users
 * only with them. Lets others have their turn meanwhile.
 * Throws OperatorError where the kernel refuses.
 * @param known owners of an earlier look: they are looked for again where they aren't known; undefined: always
 */
export async function socketsNow(
  query: SocketQuery,
  known: SocketOwners = new SocketOwners(),
): Promise<Sockets> {
  const ts = new Date().toISOString();
  const snapshot = await snapshotNow(query.filter);
  const inodes = snapshot.inodes();
  if (!known.knows(inodes)) await known.look(inodes);
  return answerOf(snapshot, query, {
    ts,
    owners: known,
    settings: socketSettings(),
    counters: counters(),
  });
}

/** The sockets alone, without their processes. Throws OperatorError where the kernel refuses. */
export async function snapshotNow(filter: Filter | undefined): Promise<Snapshot> {
  const snapshot = new Snapshot(filter, cachedNames());
  try {
    await dumpSockets(LISTENING, (row) => snapshot.listener(row));
    await dumpSockets(OTHERS, (row) => snapshot.other(row));
    return snapshot;
  } catch (error) {
    if (!(error instanceof SystemError) || shortage(error)) throw error;
    throw new OperatorError(
      `the kernel doesn't tell its sockets (${error.message})`,
      MENDS[error.code] ?? '`packetwatch states` reads /proc/net/tcp instead, and counts them',
      { cause: error },
    );
  }
}

const MENDS: Record<string, string> = {
  ENOENT: 'load what tells them: `modprobe tcp_diag`',
  EPROTONOSUPPORT: 'load what tells them: `modprobe tcp_diag`',
};

function cachedNames(): (ifindex: number) => string | undefined {
  const names = new Map<number, string | undefined>([[0, undefined]]);
  return (ifindex) => {
    if (!names.has(ifindex)) names.set(ifindex, interfaceName(ifindex));
    return names.get(ifindex);
  };
}

export function socketSettings(): SocketSettings {
  return {
    somaxconn: sysctl('core/somaxconn'),
    tcp_max_syn_backlog: sysctl('ipv4/tcp_max_syn_backlog'),
    tcp_syncookies: sysctl('ipv4/tcp_syncookies'),
  };
}

/** 0 where the kernel was built without it, as it may be of cookies. */
function sysctl(name: string): number {
  const path = `/proc/sys/net/${name}`;
  return existsSync(path) ? Number(readFileSync(path, 'latin1')) : 0;
}

function counters(): SocketCounters {
  const tcp = tcpCounters('/proc/net/snmp');
  const more = tcpCounters('/proc/net/netstat', 'TcpExt');
  return {
    listen_overflows: more.get('ListenOverflows') ?? 0,
    listen_drops: more.get('ListenDrops') ?? 0,
    syn_queue_cookies: more.get('TCPReqQFullDoCookies') ?? 0,
    syn_queue_drops: more.get('TCPReqQFullDrop') ?? 0,
    segments_out: tcp.get('OutSegs') ?? 0,
    segments_retransmitted: tcp.get('RetransSegs') ?? 0,
  };
}

import type { SocketConnection, SocketTcp } from '../model/sockets.ts';
import { TcpState } from '../model/tcp-state.ts';
import { STATE_NAMES, type StateName } from '../model/tcp-transitions.ts';
import { formatAddress } from '../wire/address.ts';
import { named } from './listener.ts';
import { cookieOf } from './listening.ts';
import type { Owners } from './owners.ts';
import { MemInfo, type SocketRow, TcpInfo } from './row.ts';
import type { Snapshot } from './snapshot.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** One of a snapshot's connections. */
export function connectionAt(
  { connections, ifaceOf }: Snapshot,
  at: number,
  owners: Owners,
): SocketConnection {
  const row = connections.row(at);
  const isInbound = connections.inbound[at]!;
  const local = formatAddress(row.local);
  const remote = formatAddress(row.remote);
  const connection: Mutable<SocketConnection> = {
    src_ip: isInbound ? remote : local,
    src_port: isInbound ? row.remotePort : row.localPort,
    dst_ip: isInbound ? local : remote,
    dst_port: isInbound ? row.localPort : row.remotePort,
    direction: isInbound ? 'inbound' : 'outbound',
    state: (STATE_NAMES[row.state] || 'CLOSED') satisfies StateName,
    cookie: cookieOf(row),
    uid: row.uid,
    ...named(owners.of(row.inode)),
    receive_queue: row.receiveQueue,
    send_queue: row.sendQueue,
  };
  const iface = ifaceOf(row.ifindex);
  if (iface !== undefined) connection.iface = iface;
  if (row.inode !== 0) connection.inode = row.inode;
  else connection.without_owner = isInbound && isOpen(row) ? 'not_accepted' : 'closed';
  if (row.isFull) connection.tcp = tcpOf(row);
  return connection;
}

/** Has this end not closed it? Then it has no descriptor because nobody has accepted it yet. */
function isOpen({ state }: SocketRow): boolean {
  return (
    state === TcpState.ESTABLISHED || state === TcpState.CLOSE_WAIT || state === TcpState.SYN_RECV
  );
}

/** TCP_INFINITE_SSTHRESH: slow start has no end yet. */
const NO_SSTHRESH = 0x7fff_ffff;
const NO_RTT = 0xffff_ffff;
/** A rate of all ones is none; so is one that isn't exact any more. */
const MAX_RATE = 2 ** 53;

function tcpOf(row: SocketRow): SocketTcp {
  const rtt = row.tcp32(TcpInfo.rtt);
  const minRtt = row.tcp32(TcpInfo.min_rtt);
  const ssthresh = row.tcp32(TcpInfo.snd_ssthresh);
  const pacing = row.tcp64(TcpInfo.pacing_rate);
  const tcp: Mutable<SocketTcp> = {
    rto_us: row.tcp32(TcpInfo.rto),
    retransmits: row.tcp32(TcpInfo.total_retrans),
    backoff: row.tcp8(TcpInfo.backoff),
    lost: row.tcp32(TcpInfo.lost),
    bytes_sent: row.tcp64(TcpInfo.bytes_sent),
    bytes_acked: row.tcp64(TcpInfo.bytes_acked),
    bytes_received: row.tcp64(TcpInfo.bytes_received),
    bytes_retransmitted: row.tcp64(TcpInfo.bytes_retrans),
    segments_out: row.tcp32(TcpInfo.segs_out),
    segments_in: row.tcp32(TcpInfo.segs_in),
    out_of_order: row.tcp32(TcpInfo.rcv_ooopack),
    cwnd: row.tcp32(TcpInfo.snd_cwnd),
    congestion: row.congestion(),
    mss: row.tcp32(TcpInfo.snd_mss),
    send_window: row.tcp32(TcpInfo.snd_wnd),
    in_flight: row.tcp32(TcpInfo.unacked),
    not_sent: row.tcp32(TcpInfo.notsent_bytes),
    delivery_bytes_per_s: row.tcp64(TcpInfo.delivery_rate),
    busy_us: row.tcp64(TcpInfo.busy_time),
    window_limited_us: row.tcp64(TcpInfo.rwnd_limited),
    buffer_limited_us: row.tcp64(TcpInfo.sndbuf_limited),
    last_sent_ms: row.tcp32(TcpInfo.last_data_sent),
    last_received_ms: row.tcp32(TcpInfo.last_data_recv),
    receive_memory: row.memory(MemInfo.rmem_alloc),
    receive_buffer: row.memory(MemInfo.rcvbuf),
    send_memory: row.memory(MemInfo.wmem_queued),
    send_buffer: row.memory(MemInfo.sndbuf),
    drops: row.memory(MemInfo.drops),
  };
  if (rtt !== 0) {
    tcp.rtt_us = rtt;
    tcp.rtt_var_us = row.tcp32(TcpInfo.rttvar);
    if (minRtt !== NO_RTT) tcp.min_rtt_us = minRtt;
  }
  if (ssthresh < NO_SSTHRESH) tcp.ssthresh = ssthresh;
  if (pacing < MAX_RATE) tcp.pacing_bytes_per_s = pacing;
  return tcp;
}

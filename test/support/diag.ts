/** Answers of sock_diag(7) for tests: struct inet_diag_msg with its attributes, as the kernel writes them. */
import { SocketRow } from '../../src/sockets/row.ts';
import { parseAddress } from '../../src/wire/address.ts';

/** One socket; what is left out is 0. */
export interface DiagSocket {
  readonly state: number;
  readonly local: string;
  readonly localPort: number;
  readonly remote?: string;
  readonly remotePort?: number;
  readonly ifindex?: number;
  readonly cookie?: number;
  readonly receiveQueue?: number;
  readonly sendQueue?: number;
  readonly uid?: number;
  readonly inode?: number;
  /** 32-bit numbers by their offset in struct tcp_info; undefined: it has none, as a handshake. */
  readonly info?: Readonly<Record<number, number>>;
  readonly infoBytes?: number;
  readonly memory?: Readonly<Record<number, number>>;
  readonly congestion?: string;
  readonly v6Only?: boolean;
}

/** Its bytes. */
export function diagMessage(socket: DiagSocket): Buffer {
  const head = Buffer.alloc(72);
  const [local, remote] = [socket.local, socket.remote ?? '0.0.0.0'].map((ip) => parseAddress(ip)!);
  const isV4 = !socket.local.includes(':');
  head[0] = isV4 ? 2 : 10;
  head[1] = socket.state;
  head.writeUInt16BE(socket.localPort, 4);
  head.writeUInt16BE(socket.remotePort ?? 0, 6);
  head.set(isV4 ? local!.subarray(12) : local!, 8);
  head.set(isV4 ? remote!.subarray(12) : remote!, 24);
  head.writeUInt32LE(socket.ifindex ?? 0, 40);
  head.writeUInt32LE(socket.cookie ?? 0, 44);
  head.writeUInt32LE(socket.receiveQueue ?? 0, 56);
  head.writeUInt32LE(socket.sendQueue ?? 0, 60);
  head.writeUInt32LE(socket.uid ?? 0, 64);
  head.writeUInt32LE(socket.inode ?? 0, 68);
  const parts: Buffer[] = [head];
  if (socket.info) parts.push(attribute(2, numbers(socket.info, socket.infoBytes ?? 232)));
  if (socket.memory) parts.push(attribute(7, numbers(socket.memory, 36)));
  if (socket.congestion !== undefined)
    parts.push(attribute(4, Buffer.from(`${socket.congestion}\0`)));
  if (socket.v6Only !== undefined) parts.push(attribute(11, Buffer.from([socket.v6Only ? 1 : 0])));
  return Buffer.concat(parts);
}

/** It as a row. */
export function rowOf(socket: DiagSocket): SocketRow {
  const bytes = diagMessage(socket);
  const row = new SocketRow();
  if (!row.read(bytes, 0, bytes.length)) throw new Error('it is malformed');
  return row;
}

function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc((value.length + 4 + 3) & ~3);
  bytes.writeUInt16LE(value.length + 4, 0);
  bytes.writeUInt16LE(type, 2);
  value.copy(bytes, 4);
  return bytes;
}

function numbers(by: Readonly<Record<number, number>>, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (const [offset, value] of Object.entries(by)) bytes.writeUInt32LE(value, Number(offset));
  return bytes;
}

import { formatAddress } from '../../src/wire/address.ts';

/** struct lq_listener of listen-queues.bpf.c. */
export interface Listener {
  readonly cookie: bigint;
  /** `0.0.0.0` and `::` are all addresses. */
  readonly ip: string;
  readonly port: number;
  readonly uid: number;
  /** Opened and not yet accepted, in their handshake, and how many of either may be. */
  readonly accept: number;
  readonly syn: number;
  readonly limit: number;
  /** Wraps at 2^32. */
  readonly drops: number;
  /** Who called listen(), or held it at the start; 0: not known. */
  readonly pid: number;
  readonly process: string;
}

export const LISTENER_BYTES = 72;

/** undefined: there are no more. */
export function readListener(bytes: Buffer, at: number): Listener | undefined {
  const cookie = bytes.readBigUInt64LE(at);
  if (cookie === 0n) return undefined;
  const name = bytes.subarray(at + 52, at + 68);
  return {
    cookie,
    ip: formatAddress(bytes, at + 8),
    port: bytes.readUInt32LE(at + 24),
    uid: bytes.readUInt32LE(at + 28),
    accept: bytes.readUInt32LE(at + 32),
    limit: bytes.readUInt32LE(at + 36),
    syn: bytes.readUInt32LE(at + 40),
    drops: bytes.readUInt32LE(at + 44),
    pid: bytes.readUInt32LE(at + 48),
    process: name.toString('utf8', 0, Math.max(0, name.indexOf(0))),
  };
}

/** `10.0.0.5:80`, `[::1]:80` */
export function endpointOf({ ip, port }: Listener): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

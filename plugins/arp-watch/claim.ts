import { formatAddress } from '../../src/wire/address.ts';

/** struct aw_claim of arp-watch.bpf.c, as text where it is told. */
export interface Claim {
  readonly tsNs: number;
  readonly ifindex: number;
  /** Of a router, seconds. */
  readonly lifetime: number;
  readonly router: boolean;
  /** It only asks whether it may have the address. */
  readonly probe: boolean;
  readonly ip: string;
  readonly mac: string;
  /** The MAC that sent the frame. */
  readonly frame: string;
}

/** Index in enum aw_kind. */
const ROUTER = 4;
const PROBE = 2;

export function readClaim(record: Buffer): Claim {
  return {
    tsNs: Number(record.readBigUInt64LE(0)),
    ifindex: record.readUInt32LE(8),
    lifetime: record.readUInt16LE(12),
    router: record[14] === ROUTER,
    probe: (record[15]! & PROBE) !== 0,
    ip: formatAddress(record, 16),
    mac: macOf(record, 32),
    frame: macOf(record, 38),
  };
}

function macOf(record: Buffer, at: number): string {
  return [...record.subarray(at, at + 6)].map((b) => b.toString(16).padStart(2, '0')).join(':');
}

import { isV4, parseAddress } from '../wire/address.ts';
import { isLoopback } from './address.ts';

/** What a client may ask at once, in units of a small answer, and how fast that comes back: a page takes about 5 a second. */
const BURST = 200;
const PER_SECOND = 50;
/** Clients that are known at once; the one that asked longest ago is forgotten, and then may ask as a new one. */
const CLIENTS = 1024;

interface Bucket {
  left: number;
  atMs: number;
}

/** A token bucket for each client: how much it may ask. */
export class Rate {
  /** In the order in which they asked last. */
  readonly #buckets = new Map<string, Bucket>();

  /** Takes what a request costs; false: there is not so much left. */
  takes(client: string, cost: number, nowMs: number): boolean {
    const bucket = this.#bucketOf(client, nowMs);
    if (bucket.left <= 0) return false;
    bucket.left -= cost; // may owe something
    return true;
  }

  #bucketOf(client: string, nowMs: number): Bucket {
    const known = this.#buckets.get(client);
    const bucket = known ?? { left: BURST, atMs: nowMs };
    bucket.left = Math.min(BURST, bucket.left + ((nowMs - bucket.atMs) / 1000) * PER_SECOND);
    bucket.atMs = nowMs;
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > CLIENTS) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket;
  }
}

/** Who is one client: this host, whatever address of its own it uses; else an IPv4 address, or an IPv6 /64. */
export function clientOf(address: string | undefined): string {
  const plain = (address ?? '').replace(/%.*$/, '');
  if (isLoopback(plain)) return 'loopback';
  const bytes = parseAddress(plain);
  if (!bytes) return 'unknown';
  return bytes.subarray(0, isV4(bytes) ? 16 : 8).join('.');
}

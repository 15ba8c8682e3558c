import { ethernet, ip, unreachable } from '../support/frames.ts';
import type { Address } from './case.ts';
import type { Wire } from './wire.ts';

/** net.ipv4.icmp_ratelimit and net.ipv6.icmp.ratelimit, milliseconds per message. */
const RATE_MS = 1000;
/** XRLIM_BURST_FACTOR of net/ipv4/icmp.c: so many at once after a rest. */
const BURST = 6;
/** icmpv6_xrlim_allow: shorter routes get more; ours is the default route, whose prefix has no bits. */
const RATE6_MS = RATE_MS >> (128 >> 5);
/** RFC 1812 4.3.2.3: a whole ICMP error has at most 576 bytes; RFC 4443 2.4: at most 1280. */
const QUOTED_MOST = { 4: 576 - 28, 6: 1280 - 48 } as const;

/** Port unreachables with Linux's limit per destination (inet_peer_xrlim_allow). */
export class Unreachables {
  readonly #wire: Wire;
  readonly #peers = new Map<Address, { tokensMs: number; lastMs: number }>();

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Sends one that quotes a frame that arrived; false when the limit keeps it back. */
  answer(src: Address, dst: Address, frame: Buffer): boolean {
    const v6 = dst.includes(':');
    if (!this.#allowed(dst, v6 ? RATE6_MS : RATE_MS)) return false;
    const quoted = frame.subarray(14, 14 + QUOTED_MOST[v6 ? 6 : 4]);
    this.#wire.leave(ethernet(ip({ src, dst }, unreachable(quoted, v6 ? 4 : 3))));
    return true;
  }

  #allowed(dst: Address, rateMs: number): boolean {
    const now = this.#wire.nowMs;
    const peer = this.#peers.get(dst) ?? { tokensMs: BURST * rateMs, lastMs: now };
    this.#peers.set(dst, peer);
    peer.tokensMs = Math.min(BURST * rateMs, peer.tokensMs + now - peer.lastMs);
    peer.lastMs = now;
    if (peer.tokensMs < rateMs) return false;
    peer.tokensMs -= rateMs;
    return true;
  }
}

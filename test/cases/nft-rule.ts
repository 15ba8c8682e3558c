import { type Attempt } from './attempt.ts';

/** Seconds that elements live in the rule's sets. */
export interface NftTimeouts {
  readonly seenS: number;
  readonly blockedS: number;
}

export const NFT_TIMEOUTS: NftTimeouts = { seenS: 60, blockedS: 600 };
const SIZES = { blocked: 65_536, seen: 262_144, tally: 65_536 } as const;
const BURST = 3;

/** The best that nftables does against scans by hand, once per family. */
export function nftRuleset(iface: string, { seenS, blockedS }: NftTimeouts = NFT_TIMEOUTS): string {
  const family = (version: 4 | 6): string => {
    const [type, match] = version === 4 ? ['ipv4_addr', 'ip'] : ['ipv6_addr', 'ip6'];
    return `
  set blocked${version} { type ${type}; flags dynamic,timeout; timeout ${blockedS}s; size ${SIZES.blocked}; }
  set seen${version} { type ${type} . inet_service; flags dynamic,timeout; timeout ${seenS}s; size ${SIZES.seen}; }
  set tally${version} { type ${type}; flags dynamic,timeout; timeout ${seenS}s; size ${SIZES.tally}; }
  chain in${version} { type filter hook prerouting priority -300; policy accept;
    ${match} saddr @blocked${version} drop
    iifname ${iface} tcp flags & (fin|syn|rst|ack) == syn ${match} saddr . tcp dport != @seen${version} add @seen${version} { ${match} saddr . tcp dport } add @tally${version} { ${match} saddr limit rate over 1/day burst ${BURST} packets } add @blocked${version} { ${match} saddr } drop
  }`;
  };
  return `table inet scanblock {${family(4)}${family(6)}\n}\n`;
}

/**
 * That rule in plain words: a port is new when this source did not open with it within the last minute; a source's
 * count begins with its first new port and ends a minute later, whatever comes in between; its fourth new port within
 * that minute blocks it.
 */
export class NftRule {
  readonly #blocked: TimedSet;
  readonly #seen: TimedSet;
  readonly #tally: TimedSet;
  /** New ports since the tally's element was made. */
  readonly #counts = new Map<string, number>();

  constructor({ seenS, blockedS }: NftTimeouts = NFT_TIMEOUTS) {
    this.#blocked = new TimedSet(blockedS * 1000, SIZES.blocked);
    this.#seen = new TimedSet(seenS * 1000, SIZES.seen);
    this.#tally = new TimedSet(seenS * 1000, SIZES.tally);
  }

  /** @returns what becomes of the packet, and `blocks` when it is the one that blocks its source */
  judge(nowMs: number, attempt: Pick<Attempt, 'src' | 'dstPort'>): 'accept' | 'blocks' | 'drop' {
    const source = Buffer.from(
      attempt.src.buffer,
      attempt.src.byteOffset,
      attempt.src.length,
    ).toString('latin1');
    if (this.#blocked.has(source, nowMs)) return 'drop';
    const port = `${source}${String.fromCharCode(attempt.dstPort)}`;
    // A set that is full takes nothing, and the rule ends there (NFT_BREAK).
    if (this.#seen.add(port, nowMs) !== 'added') return 'accept';
    const tally = this.#tally.add(source, nowMs);
    if (tally === 'full') return 'accept';
    const count = tally === 'added' ? 1 : this.#counts.get(source)! + 1;
    this.#counts.set(source, count);
    if (count <= BURST || this.#blocked.add(source, nowMs) === 'full') return 'accept';
    return 'blocks';
  }
}

/** An nftables set with a timeout: `add` leaves the time of an element that is there. */
class TimedSet {
  readonly #ends = new Map<string, number>();
  readonly #timeoutMs: number;
  readonly #size: number;
  #collectedMs = 0;

  constructor(timeoutMs: number, size: number) {
    this.#timeoutMs = timeoutMs;
    this.#size = size;
  }

  has(key: string, nowMs: number): boolean {
    return (this.#ends.get(key) ?? 0) > nowMs;
  }

  /** `full`: it could not be added. */
  add(key: string, nowMs: number): 'added' | 'there' | 'full' {
    if (this.has(key, nowMs)) return 'there';
    if (nowMs - this.#collectedMs >= 1000) this.#collect(nowMs);
    this.#ends.delete(key); // so that the oldest stand first
    if (this.#ends.size === this.#size) return 'full';
    this.#ends.set(key, nowMs + this.#timeoutMs);
    return 'added';
  }

  /** Once a second, as the kernel does it. */
  #collect(nowMs: number): void {
    this.#collectedMs = nowMs;
    for (const [key, end] of this.#ends) {
      if (end > nowMs) return;
      this.#ends.delete(key);
    }
  }
}

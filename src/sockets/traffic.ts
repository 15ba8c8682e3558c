import type { SocketRates } from '../model/sockets.ts';
import type { Kept } from './kept.ts';
import { TcpInfo } from './row.ts';

/** What has gone through each of some connections. */
interface Counts {
  readonly received: Float64Array;
  readonly sent: Float64Array;
  readonly again: Float64Array;
}

/** What went through connections between two looks. */
export class Traffic {
  /** Where each connection stands in the counts of the last look, by its cookie. */
  #places = new Map<number, number>();
  #counts: Counts = countsFor(0);
  #atS = NaN;

  /**
   * Compares connections with those of the look before; one that wasn't there then has begun since.
   * @param nowS a monotonic clock, seconds
   * @returns undefined at the first look
   */
  since(connections: Kept, nowS: number): Rates | undefined {
    const seconds = nowS - this.#atS;
    const [before, places] = [this.#counts, this.#places];
    const now = countsFor(connections.count);
    const passed = countsFor(connections.count);
    this.#places = new Map();
    for (let i = 0; i < connections.count; i++) {
      const row = connections.row(i);
      const then = places.get(row.cookie);
      now.received[i] = row.tcp64(TcpInfo.bytes_received);
      now.sent[i] = row.tcp64(TcpInfo.bytes_sent);
      now.again[i] = row.tcp32(TcpInfo.total_retrans);
      passed.received[i] = now.received[i]! - (then === undefined ? 0 : before.received[then]!);
      passed.sent[i] = now.sent[i]! - (then === undefined ? 0 : before.sent[then]!);
      passed.again[i] = now.again[i]! - (then === undefined ? 0 : before.again[then]!);
      this.#places.set(row.cookie, i);
    }
    this.#counts = now;
    this.#atS = nowS;
    return seconds > 0 ? new Rates(passed, seconds) : undefined;
  }
}

/** How much that is each second. */
export class Rates {
  /** Since the look before. */
  readonly seconds: number;
  readonly #passed: Counts;

  constructor(passed: Counts, seconds: number) {
    this.#passed = passed;
    this.seconds = seconds;
  }

  of(at: number): SocketRates {
    const { received, sent, again } = this.#passed;
    return this.#each(received[at]!, sent[at]!, again[at]!);
  }

  total(): SocketRates {
    const sum = (counts: Float64Array) => counts.reduce((all, count) => all + count, 0);
    const { received, sent, again } = this.#passed;
    return this.#each(sum(received), sum(sent), sum(again));
  }

  /** Bytes of both directions. */
  bytes(at: number): number {
    return this.#passed.received[at]! + this.#passed.sent[at]!;
  }

  retransmits(at: number): number {
    return this.#passed.again[at]!;
  }

  #each(received: number, sent: number, again: number): SocketRates {
    const rounded = (count: number) => Math.round((count / this.seconds) * 10) / 10;
    return {
      in_bytes_per_s: rounded(received),
      out_bytes_per_s: rounded(sent),
      retransmits_per_s: rounded(again),
    };
  }
}

function countsFor(count: number): Counts {
  return {
    received: new Float64Array(count),
    sent: new Float64Array(count),
    again: new Float64Array(count),
  };
}

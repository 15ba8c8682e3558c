import type { Claim } from './claim.ts';
import type { Own } from './own.ts';

/** What a claim means, where it means something. */
export type Finding =
  | { readonly what: 'new' }
  | {
      readonly what: 'moved';
      readonly from: string;
      readonly back: boolean;
      readonly quietNs: number;
    }
  | { readonly what: 'duplicate'; readonly other: string; readonly own: boolean };

interface Station {
  mac: string;
  lastNs: number;
  /** The MAC before this one, and when it changed. */
  before: string;
  changedNs: number;
}

/** A MAC that comes back so soon shares the address with the other one: both are alive. */
const DUPLICATE_NS = 60e9;

/** Which MAC has which address, by interface; the one that was quiet longest is forgotten first. */
export class Stations {
  /** Addresses forgotten because there were too many. */
  forgotten = 0;
  readonly #known = new Map<string, Station>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#known.size;
  }

  /** @param own when the address is one of this host's */
  claim({ ifindex, ip, mac, tsNs, probe }: Claim, own: Own | undefined): Finding | undefined {
    if (own)
      return own.macs.has(mac) ? undefined : { what: 'duplicate', other: own.mac, own: true };
    if (probe) return undefined;
    const key = `${ifindex} ${ip}`;
    const station = this.#known.get(key);
    this.#known.delete(key); // and in again, at the end of the queue
    this.#known.set(key, {
      mac,
      lastNs: tsNs,
      before: station ? (station.mac === mac ? station.before : station.mac) : '',
      changedNs: station && station.mac === mac ? station.changedNs : tsNs,
    });
    if (!station) return this.#first();
    if (station.mac === mac) return undefined;
    const back = station.before === mac;
    if (back && tsNs - station.changedNs < DUPLICATE_NS)
      return { what: 'duplicate', other: station.mac, own: false };
    return { what: 'moved', from: station.mac, back, quietNs: tsNs - station.lastNs };
  }

  #first(): Finding {
    if (this.#known.size > this.#limit) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
      this.forgotten++;
    }
    return { what: 'new' };
  }
}

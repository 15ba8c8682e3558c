import type { AddressPrefix } from '../wire/prefix.ts';
import * as bpf from './bpf.ts';
import type { Maps } from './maps.ts';
import { keyOf, keysOf } from './never.ts';
import { TICK_NS, ticksOf } from './options.ts';
import type { Requests } from './requests.ts';

/** A block of a prefix. */
export interface NetBlock extends AddressPrefix {
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly untilNs: number;
  /** Packets dropped. */
  readonly drops: number;
}

const MOST = 4096;
/** struct pw_net. */
const Net = { until: 0, length: 8, hits: 12 } as const;

/** Blocks by prefix (pw_nets): the guard honours their end, and user space removes them then. */
export class Nets {
  readonly #fd: number;
  readonly #requests: Requests;

  constructor(maps: Maps, requests: Requests) {
    this.#fd = maps.fd('pw_nets');
    this.#requests = requests;
  }

  /** Blocks a prefix, or gives its block another end. `full`: there are 4,096. The kernel reports it as an event. */
  block(prefix: AddressPrefix, seconds: number): 'done' | 'full' {
    const key = keyOf(prefix.address, prefix.length);
    const value = Buffer.alloc(128);
    // A look-up finds the longest prefix that holds the key.
    bpf.lookupElement(this.#fd, key, value);
    const isNew = value.readUInt32LE(Net.length) !== prefix.length;
    if (isNew) value.fill(0);
    // Counted before it is there and until it is gone: killed between, the gate stays open, which costs no more than time.
    if (isNew && this.#requests.countNet(prefix, seconds) === 'full') return 'full';
    value.writeBigUInt64LE(process.hrtime.bigint() / BigInt(TICK_NS) + ticksOf(seconds), Net.until);
    value.writeUInt32LE(prefix.length, Net.length);
    bpf.updateElement(this.#fd, key, value);
    return 'done';
  }

  /** Ends a block. The kernel reports it as an event. */
  unblock(prefix: AddressPrefix): 'done' | 'nothing' {
    if (!bpf.deleteElement(this.#fd, keyOf(prefix.address, prefix.length))) return 'nothing';
    this.#requests.uncountNet(prefix);
    return 'done';
  }

  /** Those in force, and those that are over and not removed yet. */
  list(nowNs: number): { active: NetBlock[]; expired: NetBlock[] } {
    const active: NetBlock[] = [];
    const expired: NetBlock[] = [];
    const value = Buffer.alloc(128);
    for (const key of keysOf(this.#fd, 2 * MOST)) {
      if (!bpf.lookupElement(this.#fd, key, value)) continue;
      const untilNs = Number(value.readBigUInt64LE(Net.until)) * TICK_NS;
      (untilNs > nowNs ? active : expired).push({
        address: new Uint8Array(key.subarray(4, 20)),
        length: key.readUInt32LE(),
        untilNs,
        drops: value.readUInt32LE(Net.hits),
      });
    }
    return { active, expired };
  }

  /** Removes those that are over. */
  sweep(nowNs: number): void {
    for (const net of this.list(nowNs).expired) this.unblock(net);
  }
}

import type { AddressPrefix } from '../wire/prefix.ts';
import * as bpf from './bpf.ts';
import type { Generation } from './generation.ts';
import { monotonicNs } from './monotonic.ts';
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
/** Blocks by prefix (pw_nets): the guard honours their end, and user space removes them then. */
export class Nets {
  readonly #maps: Generation;
  readonly #fd: number;
  readonly #requests: Requests;
  /** In struct pw_net; `count` in struct pw_shared. */
  readonly #at: Readonly<Record<'until' | 'length' | 'hits' | 'count', number>>;
  /** By how many the guard's count was too high at the last sweep. */
  #surplus = 0;

  /** Throws Error when the layout has no such blocks. */
  constructor(maps: Generation, requests: Requests) {
    this.#maps = maps;
    this.#fd = maps.fd('pw_nets');
    this.#requests = requests;
    const { layout } = maps;
    this.#at = {
      until: layout.place('pw_net', 'until_tick').at,
      length: layout.place('pw_net', 'length').at,
      hits: layout.place('pw_net', 'hits').at,
      count: layout.place('pw_shared', 'nets').at,
    };
  }

  /** Blocks a prefix, or gives its block another end. `full`: there are 4,096. The kernel reports it as an event. */
  block(prefix: AddressPrefix, seconds: number): 'done' | 'full' {
    const { value, isNew } = this.#valueOf(prefix);
    // Counted before it is there and until it is gone: killed between, the guard looks for more than there is.
    if (isNew && this.#requests.countNet(prefix, seconds) === 'full') return 'full';
    this.#write(prefix, value, ticksOf(monotonicNs() / 1e9 + seconds));
    return 'done';
  }

  /** Takes over a block of other maps: it lasts as long as either, and nothing is reported. */
  keep(net: NetBlock): 'done' | 'full' {
    const { value, isNew } = this.#valueOf(net);
    if (isNew && this.#requests.countNet(net) === 'full') return 'full';
    const until = value.readBigUInt64LE(this.#at.until);
    const other = BigInt(Math.round(net.untilNs / TICK_NS));
    value.writeUInt32LE(Math.max(net.drops, value.readUInt32LE(this.#at.hits)), this.#at.hits);
    this.#write(net, value, until > other ? until : other);
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
      const untilNs = Number(value.readBigUInt64LE(this.#at.until)) * TICK_NS;
      (untilNs > nowNs ? active : expired).push({
        address: new Uint8Array(key.subarray(4, 20)),
        length: key.readUInt32LE(),
        untilNs,
        drops: value.readUInt32LE(this.#at.hits),
      });
    }
    return { active, expired };
  }

  /** Removes those that are over, and makes the guard count those that are there; call it about once a second. */
  sweep(nowNs: number): void {
    const { active, expired } = this.list(nowNs);
    for (const net of expired) this.unblock(net);
    this.#correct(active.length);
  }

  /** A count that is too high costs each packet a look-up, and one too low would let blocked ones pass. */
  #correct(there: number): void {
    const counted = this.#maps.first('pw_shared').readInt32LE(this.#at.count);
    const surplus = counted - there;
    // What is counted and still not there at the second sweep is of a command that was killed, or is stopped: should
    // that go on, the count is too low until the next sweep.
    const by = surplus < 0 ? -surplus : -Math.min(surplus, this.#surplus);
    if (by !== 0) this.#requests.correctNets(by);
    this.#surplus = surplus + by;
  }

  /** What is there of a prefix. */
  #valueOf({ address, length }: AddressPrefix): { value: Buffer; isNew: boolean } {
    const value = Buffer.alloc(128);
    // A look-up finds the longest prefix that holds the key.
    bpf.lookupElement(this.#fd, keyOf(address, length), value);
    const isNew = value.readUInt32LE(this.#at.length) !== length;
    if (isNew) value.fill(0);
    return { value, isNew };
  }

  #write({ address, length }: AddressPrefix, value: Buffer, untilTick: bigint): void {
    value.writeBigUInt64LE(untilTick, this.#at.until);
    value.writeUInt32LE(length, this.#at.length);
    bpf.updateElement(this.#fd, keyOf(address, length), value);
  }
}

import type { AddressPrefix } from '../wire/prefix.ts';
import * as bpf from './bpf.ts';

/** Why a prefix is never blocked, as bits of its value in pw_never. */
export const Origin = { own: 1, gateway: 2, resolver: 4, ssh: 8, user: 16 } as const;

export interface NeverPrefix extends AddressPrefix {
  /** Bits of Origin. */
  readonly origin: number;
}

/** Prefixes that the user allows, and as many that are found: the map has room for both. */
const MOST = 4096;

/** The never-block list in the kernel (pw_never): what the program finds, and what the user allows. */
export class NeverList {
  readonly #fd: number;

  /** @param fd of the map; the caller closes it */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Makes what the program found equal to `wanted`; what the user allows stays. @returns how many found no room */
  set(wanted: readonly NeverPrefix[]): number {
    const before = this.#read();
    const now = new Map(
      wanted.slice(0, MOST).map((prefix) => [nameOf(prefix), prefix.origin] as const),
    );
    for (const [name, value] of before) {
      const origin = (now.get(name) ?? 0) | (value & Origin.user);
      now.delete(name);
      if (origin !== value) this.#put(name, origin);
    }
    for (const [name, origin] of now) this.#put(name, origin);
    return Math.max(0, wanted.length - MOST);
  }

  /** Adds to what the user allows. `full`: there are 4,096. */
  allow(prefix: AddressPrefix): 'done' | 'full' {
    const before = this.#read();
    const value = before.get(nameOf(prefix)) ?? 0;
    const allowed = [...before.values()].filter((origin) => (origin & Origin.user) !== 0).length;
    if ((value & Origin.user) === 0 && allowed >= MOST) return 'full';
    this.#put(nameOf(prefix), value | Origin.user);
    return 'done';
  }

  /** Takes from what the user allows; what the program found stays. */
  disallow(prefix: AddressPrefix): 'done' | 'nothing' {
    const value = this.#read().get(nameOf(prefix)) ?? 0;
    if ((value & Origin.user) === 0) return 'nothing';
    this.#put(nameOf(prefix), value & ~Origin.user);
    return 'done';
  }

  list(): NeverPrefix[] {
    return [...this.#read()].map(([name, origin]) => {
      const key = Buffer.from(name, 'latin1');
      return { address: new Uint8Array(key.subarray(4)), length: key.readUInt32LE(), origin };
    });
  }

  /** Is the whole prefix on the list? As the guard asks it. */
  covers({ address, length }: AddressPrefix): boolean {
    return bpf.lookupElement(this.#fd, keyOf(address, length), Buffer.alloc(128));
  }

  /** @param origin 0: it goes */
  #put(name: string, origin: number): void {
    const key = Buffer.alloc(128);
    key.write(name, 'latin1');
    if (origin === 0) {
      bpf.deleteElement(this.#fd, key);
      return;
    }
    const value = Buffer.alloc(128);
    value.writeUInt32LE(origin);
    bpf.updateElement(this.#fd, key, value);
  }

  /** Origins by nameOf(). */
  #read(): Map<string, number> {
    const found = new Map<string, number>();
    const value = Buffer.alloc(128);
    for (const key of keysOf(this.#fd, 4 * MOST))
      if (bpf.lookupElement(this.#fd, key, value))
        found.set(key.toString('latin1', 0, 20), value.readUInt32LE());
    return found;
  }
}

/** The keys of a prefix trie, at most so many: while others change it some may come twice. */
export function* keysOf(fd: number, most: number): Generator<Buffer> {
  let at: Buffer | undefined;
  for (let i = 0; i < most; i++) {
    const next = Buffer.alloc(128);
    if (!bpf.nextKey(fd, at, next)) return;
    yield next;
    at = next;
  }
}

/** A struct pw_prefix, in memory that a system call may have. */
export function keyOf(address: Uint8Array, length: number): Buffer {
  const key = Buffer.alloc(128);
  key.writeUInt32LE(length);
  key.set(address, 4);
  return key;
}

function nameOf({ address, length }: AddressPrefix): string {
  return keyOf(address, length).toString('latin1', 0, 20);
}

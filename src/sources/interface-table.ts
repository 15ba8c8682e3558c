import type { NetlinkMessage } from '../kernel/rtnetlink.ts';

/** An interface of our network namespace. Its index says which one it is; its name may change. */
export interface HostInterface {
  readonly index: number;
  readonly name: string;
  /** Further names that it may be asked for by. */
  readonly otherNames: readonly string[];
  /** Set up by the administrator; it may lack a carrier. */
  readonly up: boolean;
  /** How often that changed since the program knows it. */
  readonly flips: number;
  /** ARPHRD_* (linux/if_arp.h). */
  readonly type: number;
  /** Ids of the programs in its XDP slots; undefined where it can't be known. */
  readonly xdp: readonly number[] | undefined;
  /** All of its addresses, 16 bytes each. */
  readonly addresses: readonly Uint8Array[];
}

/** The interfaces as messages tell of them. Pure. */
export class InterfaceTable {
  readonly #all = new Map<number, HostInterface>();
  #gone = new Set<number>();

  /** By index. */
  get all(): ReadonlyMap<number, HostInterface> {
    return this.#all;
  }

  /** Indexes of those that went since the last call, also where another one has the index by now. */
  takeGone(): ReadonlySet<number> {
    const gone = this.#gone;
    if (gone.size > 0) this.#gone = new Set();
    return gone;
  }

  /** @returns whether anything is other than before: lifetimes of addresses, say, are told again and again */
  apply(message: NetlinkMessage): boolean {
    if (message.what === 'route') return false;
    const { index } = message;
    const known = this.#all.get(index);
    if (message.what === 'address') {
      // Of an interface that is gone, or comes with the next dump.
      if (!known || has(known, message.address) !== message.gone) return false;
      this.#all.set(index, { ...known, addresses: changed(known.addresses, message) });
      return true;
    }
    if (message.gone) {
      if (!known) return false;
      this.#all.delete(index);
      this.#gone.add(index);
      return true;
    }
    const { name, otherNames, up, type, xdp } = message;
    const flips = known ? known.flips + (known.up === up ? 0 : 1) : 0;
    const addresses = known?.addresses ?? [];
    const now: HostInterface = { index, name, otherNames, up, flips, type, xdp, addresses };
    if (known && isSame(known, now)) return false;
    this.#all.set(index, now);
    return true;
  }

  /** Makes all be as a dump says. @returns whether anything is other than before */
  replace(dump: readonly NetlinkMessage[]): boolean {
    const before = new Map(this.#all);
    for (const known of before.values()) this.#all.set(known.index, { ...known, addresses: [] });
    const there = new Set<number>();
    for (const message of dump) {
      this.apply(message);
      if (message.what === 'link') there.add(message.index);
    }
    let other = false;
    for (const [index, known] of before) {
      if (!there.has(index)) {
        this.#all.delete(index);
        this.#gone.add(index);
        other = true;
      } else if (isSame(known, this.#all.get(index)!)) this.#all.set(index, known);
      else other = true;
    }
    return other || this.#all.size !== before.size;
  }
}

/** The same but for the order of addresses and further names. */
function isSame(a: HostInterface, b: HostInterface): boolean {
  return (
    a.name === b.name &&
    a.up === b.up &&
    a.flips === b.flips &&
    a.type === b.type &&
    a.xdp?.join() === b.xdp?.join() &&
    a.otherNames.length === b.otherNames.length &&
    a.otherNames.every((name) => b.otherNames.includes(name)) &&
    a.addresses.length === b.addresses.length &&
    (a.addresses === b.addresses || keysOf(a).join() === keysOf(b).join())
  );
}

function keysOf({ addresses }: HostInterface): string[] {
  return addresses.map((address) => address.join('.')).sort();
}

function has({ addresses }: HostInterface, address: Uint8Array): boolean {
  return addresses.some((other) => isEqual(other, address));
}

function changed(
  addresses: readonly Uint8Array[],
  { gone, address }: { readonly gone: boolean; readonly address: Uint8Array },
): readonly Uint8Array[] {
  return gone ? addresses.filter((other) => !isEqual(other, address)) : [...addresses, address];
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i]);
}

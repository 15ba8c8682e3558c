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

  apply(message: NetlinkMessage): void {
    if (message.what === 'route') return;
    const { index } = message;
    const known = this.#all.get(index);
    if (message.what === 'address') {
      // Of an interface that is gone, or comes with the next dump.
      if (known) this.#all.set(index, { ...known, addresses: changed(known.addresses, message) });
      return;
    }
    if (message.gone) {
      if (this.#all.delete(index)) this.#gone.add(index);
      return;
    }
    const { name, otherNames, up, type, xdp } = message;
    const flips = known ? known.flips + (known.up === up ? 0 : 1) : 0;
    const addresses = known?.addresses ?? [];
    this.#all.set(index, { index, name, otherNames, up, flips, type, xdp, addresses });
  }

  /** Makes all be as a dump says. */
  replace(dump: readonly NetlinkMessage[]): void {
    const before = new Map(this.#all);
    for (const known of before.values()) this.#all.set(known.index, { ...known, addresses: [] });
    const there = new Set<number>();
    for (const message of dump) {
      this.apply(message);
      if (message.what === 'link') there.add(message.index);
    }
    for (const index of before.keys()) {
      if (there.has(index)) continue;
      this.#all.delete(index);
      this.#gone.add(index);
    }
  }
}

function changed(
  addresses: readonly Uint8Array[],
  { gone, address }: { readonly gone: boolean; readonly address: Uint8Array },
): readonly Uint8Array[] {
  const others = addresses.filter((other) => other.some((byte, i) => byte !== address[i]));
  return gone ? others : [...others, address];
}

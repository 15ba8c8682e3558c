import { pollInterfaces } from '../kernel/interface-poll.ts';
import { SystemError } from '../kernel/libc.ts';
import { dumpInterfaces, NetlinkEvents } from '../kernel/netlink.ts';
import { Group } from '../kernel/rtnetlink.ts';
import { type HostInterface, InterfaceTable } from './interface-table.ts';

/** What was heard of interfaces; all only grow. */
export interface InterfaceCounts {
  /** Messages of interfaces and addresses that changed. */
  readonly changes: number;
  /** Lists read again as a whole since news were lost, or since nobody tells any. */
  readonly reread: number;
}

/** Datagrams read at one look; the rest waits for the next. */
const LOOK_LIMIT = 512;
/** Between two reads of the whole list where nobody tells what changes. */
const POLL_NS = 1e9;
/** The same where news were lost: a list takes about 1 ms for each 100 interfaces. */
const REREAD_NS = 100e6;
/** Names of interfaces that went which are still known: records tell of them for some seconds. */
const NAMES = 4096;

/**
 * The interfaces of our network namespace and their addresses, kept current by rtnetlink(7); by polling where that is
 * refused. Whoever watches interfaces asks it at each look.
 */
export class Interfaces {
  readonly #table = new InterfaceTable();
  readonly #names = new Map<number, string>();
  #events: NetlinkEvents | undefined;
  #nextReadNs = 0;
  #stale = false;
  #changes = 0;
  #reread = 0;

  /** Reads what is there; may be called again. */
  start(): void {
    try {
      this.#events ??= new NetlinkEvents(Group.LINK | Group.IPV4_ADDRESS | Group.IPV6_ADDRESS);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
    this.#take(this.#dump());
    this.#table.takeGone();
  }

  /** Takes up what has changed. @returns whether any interface or address did @param nowNs CLOCK_MONOTONIC */
  look(nowNs: number): boolean {
    let changed = false;
    for (let n = 0; this.#events && n < LOOK_LIMIT; n++) {
      const datagram = this.#events.next();
      if (!datagram) break;
      for (const message of datagram.messages) if (this.#table.apply(message)) changed = true;
      this.#changes += datagram.messages.length;
      if (datagram.bad) this.#stale = true;
    }
    if (nowNs >= this.#nextReadNs && (this.#stale || !this.#events)) {
      this.#nextReadNs = nowNs + (this.#events ? REREAD_NS : POLL_NS);
      this.#reread++;
      try {
        if (this.#take(this.#dump())) changed = true;
      } catch {
        this.#stale = true; // no descriptor to be had, say: later
      }
    }
    if (changed) this.#remember();
    return changed;
  }

  /** By index. */
  get all(): ReadonlyMap<number, HostInterface> {
    return this.#table.all;
  }

  /** Indexes of those that went since the last call, also where another one has the index by now. */
  takeGone(): ReadonlySet<number> {
    return this.#table.takeGone();
  }

  /** Those that are up, with a carrier or without: their addresses are this host's own. */
  usable(): HostInterface[] {
    return [...this.all.values()].filter(({ up }) => up);
  }

  /** This host's own addresses, 16 bytes each. */
  addresses(): Uint8Array[] {
    return this.usable().flatMap(({ addresses }) => addresses);
  }

  /** The name that an interface has, or had. */
  name(index: number): string | undefined {
    return this.#names.get(index);
  }

  counts(): InterfaceCounts {
    return { changes: this.#changes, reread: this.#reread };
  }

  /** What isn't seen at once, one sentence each. */
  limits(): string[] {
    return this.#events
      ? []
      : ['netlink is refused: what changes of interfaces and addresses is seen once a second'];
  }

  stop(): void {
    this.#events?.stop();
    this.#events = undefined;
  }

  /** @returns whether it tells anything new */
  #take(dump: ReturnType<typeof dumpInterfaces>): boolean {
    this.#stale = dump === undefined;
    const changed = dump !== undefined && this.#table.replace(dump);
    if (changed) this.#remember();
    return changed;
  }

  #dump(): ReturnType<typeof dumpInterfaces> {
    try {
      return dumpInterfaces();
    } catch (error) {
      if (this.#events || !(error instanceof SystemError)) throw error;
      return pollInterfaces();
    }
  }

  #remember(): void {
    for (const { index, name } of this.all.values()) {
      if (this.#names.get(index) === name) continue;
      this.#names.delete(index);
      this.#names.set(index, name);
    }
    for (const index of this.#names.keys()) {
      if (this.#names.size <= NAMES + this.all.size) break;
      if (!this.all.has(index)) this.#names.delete(index);
    }
  }
}

/** The same, asked once. */
export function usableInterfaces(): HostInterface[] {
  const interfaces = new Interfaces();
  interfaces.start();
  interfaces.stop();
  return interfaces.usable();
}

/** Is it worth watching where none was asked for? It is up, with an address that is not link-local. */
export function isUsed({ up, addresses }: HostInterface): boolean {
  return up && addresses.some((address) => !isLinkLocal(address));
}

/** fe80::/10, or 169.254/16 as ::ffff:a.b.c.d. */
function isLinkLocal(address: Uint8Array): boolean {
  if (address[0] === 0xfe) return (address[1]! & 0xc0) === 0x80;
  return address[10] === 0xff && address[12] === 169 && address[13] === 254;
}

import type { Filter } from '../filter/filter.ts';
import type { SocketOrder, SocketTop } from '../model/sockets.ts';
import { connectionAt } from '../sockets/connection.ts';
import { listenerOf } from '../sockets/listener.ts';
import { byTrouble, firstBy, fullness } from '../sockets/order.ts';
import type { Snapshot } from '../sockets/snapshot.ts';
import { type Rates, Traffic } from '../sockets/traffic.ts';
import { SocketOwners } from '../sources/socket-owners.ts';
import { snapshotNow, socketSettings } from './sockets.ts';

/** As event listen.pressure. */
const PRESSED = 0.75;
/** Sockets are handed on and inherited: who has them is asked again after so long, even where it is known. */
const OWNERS_S = 10;
/** A look takes as much of a CPU as it must, but all of them at most a tenth of one. */
const REST = 10;

/** `packetwatch top`: looks at the connections again and again. */
export class Top {
  readonly #filter: Filter | undefined;
  readonly #traffic = new Traffic();
  #owners = new SocketOwners();
  #ownersS = 0;
  #snapshot: Snapshot | undefined;
  #rates: Rates | undefined;
  #ts = '';
  #costUs = 0;

  /** @param filter undefined: all connections */
  constructor(filter: Filter | undefined) {
    this.#filter = filter;
  }

  /** Asks the kernel. Throws OperatorError where it refuses. */
  async look(): Promise<void> {
    const before = process.cpuUsage();
    this.#ts = new Date().toISOString();
    const nowS = performance.now() / 1000;
    this.#snapshot = await snapshotNow(this.#filter);
    this.#rates = this.#traffic.since(this.#snapshot.connections, nowS);
    this.#costUs = cpuSince(before);
  }

  /** What the last look saw; it may be asked again, for another order. */
  async answer(order: SocketOrder, limit: number): Promise<SocketTop> {
    const [snapshot, rates] = [this.#snapshot, this.#rates];
    if (!snapshot) throw new Error('nothing was looked at');
    const before = process.cpuUsage();
    const { count, inodes } = snapshot.connections;
    const first = firstBy(order, snapshot.connections, limit, rates);
    const listening = snapshot.listening.all().flatMap(({ sockets }) => sockets);
    await this.#knowOwners(
      snapshot,
      new Set([...listening.map(({ inode }) => inode), ...first.map((at) => inodes[at]!)]),
    );
    const answer: SocketTop = {
      ts: this.#ts,
      ...(rates ? { interval_s: Math.round(rates.seconds * 1000) / 1000 } : {}),
      total: { connections: count, ...rates?.total() },
      pressed: this.#pressed(snapshot),
      connections: first.map((at) =>
        Object.assign(connectionAt(snapshot, at, this.#owners), rates?.of(at)),
      ),
      left_out: count - first.length,
    };
    this.#costUs += cpuSince(before);
    return answer;
  }

  /** How long to wait for the next look, ms. @param intervalMs as it was asked for */
  waitMs(intervalMs: number): number {
    return Math.max(intervalMs, (this.#costUs / 1000) * REST);
  }

  #pressed({ listening, filter, ifaceOf }: Snapshot): SocketTop['pressed'] {
    const settings = socketSettings();
    return listening
      .all()
      .filter(({ address, port }) => filter.listener(address, port))
      .map((port) => listenerOf(port, this.#owners, settings, ifaceOf(port.ifindex)))
      .filter((listener) => fullness(listener) >= PRESSED)
      .sort(byTrouble);
  }

  /** Looks through all processes only where somebody is shown who isn't known. */
  async #knowOwners(snapshot: Snapshot, shown: Set<number>): Promise<void> {
    shown.delete(0);
    const nowS = performance.now() / 1000;
    if (this.#owners.knows(shown) && nowS - this.#ownersS < OWNERS_S) return;
    await this.#owners.look(snapshot.inodes());
    this.#ownersS = nowS;
  }
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

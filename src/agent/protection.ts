import type { Firewall } from '../guard/firewall.ts';
import { gatherNeverBlock, thisHost } from '../guard/never-block.ts';
import { RouteNews } from '../guard/route-news.ts';
import { type SshPeers, SshSessions } from '../guard/ssh-sessions.ts';
import { SshdConnections, UNTOLD } from '../guard/sshd-connections.ts';
import { mayLookIntoOthers } from '../kernel/capabilities.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Interfaces } from '../sources/interfaces.ts';
import { type AddressPrefix, contains } from '../wire/prefix.ts';
import { monotonicNs } from '../kernel/monotonic.ts';

const REFRESH_NS = 5e9;
/** Between two refreshes that news bring about. */
const NEWS_NS = 50e6;
/** What takes long is done again only after so many times of that. */
const REST = 10;

export interface ProtectionOptions {
  readonly kernel: Kernel;
  /** Started. */
  readonly interfaces: Interfaces;
  /** What else blocks. */
  readonly firewall: Firewall | undefined;
  readonly note: (line: string) => void;
}

/** Keeps the kernel's never-block list current, so that nobody locks the owner out. */
export class Protection {
  readonly #options: ProtectionOptions;
  readonly #ssh: { peers(): SshPeers };
  readonly #routes = new RouteNews();
  readonly #told = new Set<string>();
  readonly #last = new Map<string, string>();
  #peers: SshPeers = { prefixes: [], problems: [] };
  #known: ReadonlySet<string> = new Set();
  #nextNs = 0;
  #nextNewsNs = 0;
  #heard = false;

  constructor(options: ProtectionOptions) {
    this.#options = options;
    this.#ssh = mayLookIntoOthers() ? new SshSessions() : new SshdConnections(options.kernel);
  }

  start(): void {
    if (this.#ssh instanceof SshdConnections) this.#options.kernel.limits.push(UNTOLD);
    this.#routes.start();
    this.refresh(monotonicNs(), false);
  }

  /**
   * Gathers the list again when it is older than 5 s, and sooner when an address or a gateway is new.
   * @param changed interfaces or their addresses did
   */
  refresh(nowNs: number, changed: boolean): void {
    const { never } = this.#options.kernel;
    if (this.#routes.heard((address) => never.covers({ address, length: 128 })) || changed)
      this.#heard = true;
    const due = nowNs >= this.#nextNs;
    if (!due && !(this.#heard && nowNs >= this.#nextNewsNs)) return;
    this.#heard = false;
    if (due) {
      const begunNs = monotonicNs();
      this.#peers = this.#ssh.peers();
      this.#nextNs = nowNs + Math.max(REFRESH_NS, REST * (monotonicNs() - begunNs));
    }
    this.#gather(nowNs);
    this.#nextNewsNs = nowNs + Math.max(NEWS_NS, REST * (monotonicNs() - nowNs));
  }

  stop(): void {
    this.#routes.stop();
  }

  #gather(nowNs: number): void {
    const { kernel, interfaces, firewall, note } = this.#options;
    const { prefixes, problems: unread } = gatherNeverBlock(
      thisHost(interfaces.usable(), this.#peers, this.#last),
    );
    const problems = [...unread];
    const found = prefixes.map(({ address, prefixLength, origin }) => {
      return { address, length: prefixLength, origin };
    });
    const without = kernel.never.set(found);
    if (without > 0) problems.push('more than 4096 addresses to protect: some may be blocked');
    const never = kernel.never.list();
    firewall?.protect(never, interfaces.addresses());
    this.#freeProtected(nowNs, never);
    for (const problem of problems) {
      if (this.#told.has(problem)) continue;
      this.#told.add(problem);
      note(problem);
    }
  }

  /** A source that became protected while it was blocked is let in: a session that began before the block, say. */
  #freeProtected(nowNs: number, prefixes: readonly AddressPrefix[]): void {
    const { table, requests } = this.#options.kernel;
    const gained = prefixes.filter((prefix) => !this.#known.has(keyOf(prefix)));
    this.#known = new Set(prefixes.map(keyOf));
    if (gained.length === 0) return;
    const isGained = (address: Uint8Array) =>
      gained.some((prefix) => contains(prefix, { address, length: 128 }));
    // Of IPv6 a block is of a /64: it goes when the address that brought it about is protected.
    for (const { source, fullSource } of table.blocks(nowNs).active)
      if (isGained(source) || isGained(fullSource)) requests.unblock(source);
  }
}

function keyOf({ address, length }: AddressPrefix): string {
  return `${address.join()}/${length}`;
}

import type { LookupAddress } from 'node:dns';
import { lookup, Resolver } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { OperatorError } from '../model/errors.ts';
import { type ProbeAnswer, probeTcp } from '../kernel/tcp-probe.ts';
import { parseAddress } from '../wire/address.ts';

export interface TraceOptions {
  readonly host: string;
  readonly port: number;
  /** 0: whichever the host has. */
  readonly family: 0 | 4 | 6;
  readonly maxHops: number;
  /** Probes of each hop: as many flows, which may take different ways. */
  readonly probes: number;
  readonly waitMs: number;
  /** Names of routers are asked for. */
  readonly names: boolean;
}

/** What answered at one distance. */
export interface Hop {
  readonly ttl: number;
  readonly answers: readonly NamedAnswer[];
}

export type NamedAnswer = ProbeAnswer & { readonly name?: string };

/** The answer to `packetwatch trace --json`. */
export interface Way {
  readonly host: string;
  readonly dst_ip: string;
  readonly dst_port: number;
  /** What became of the probes that went farthest; `beyond`: a router gave them up, there are more hops than allowed. */
  readonly outcome: 'open' | 'refused' | 'unreachable' | 'unsent' | 'beyond' | 'silent';
  readonly hops: readonly Hop[];
}

/** A resolver that doesn't answer is no reason to wait long. */
const NAME_WAIT_MS = 1000;

/**
 * The way to a TCP port by TTL: SYNs as any connection sends them, each of which may go one hop farther. The probes of
 * one column have one source port, so that routers that balance flows send all of them the same way
 * (Augustin et al., "Avoiding traceroute anomalies with Paris traceroute", 2006).
 */
export class Trace {
  readonly #options: TraceOptions;
  readonly #names = new Map<string, string | undefined>();
  readonly #resolver = new Resolver({ timeout: NAME_WAIT_MS, tries: 1 });

  constructor(options: TraceOptions) {
    this.#options = options;
  }

  /** Where it goes. Throws OperatorError when the host has no address. */
  async target(): Promise<string> {
    const { host, family } = this.#options;
    let found: LookupAddress | undefined;
    let cause: unknown;
    try {
      found = await lookup(host, { family });
    } catch (error) {
      cause = error;
    }
    // an address is what lookup gives back for it, whatever family was asked for
    if (!found || (family !== 0 && found.family !== family)) {
      const which = family === 0 ? '' : ` IPv${family}`;
      const { code } = (cause ?? {}) as NodeJS.ErrnoException;
      throw new OperatorError(
        `${host} has no${which} address${code === undefined ? '' : ` (${code})`}`,
        'use an address, or a name that `getent ahosts` knows',
        { cause },
      );
    }
    return found.address;
  }

  /** One hop after the other, until the end answers, or says that it can't be reached, or it is as far as may be. */
  async *hops(target: string): AsyncGenerator<Hop> {
    const { address, scope } = endOf(target);
    const { port, probes, waitMs, maxHops } = this.#options;
    const flows = Array.from({ length: probes }, () => ({ sourcePort: 0 }));
    for (let ttl = 1; ttl <= maxHops; ttl++) {
      const answers = await Promise.all(
        flows.map(async (flow) => {
          const probe = { address, scope, port, ttl, waitMs, sourcePort: flow.sourcePort };
          const { answer, sourcePort } = await probeTcp(probe);
          flow.sourcePort = sourcePort;
          return answer;
        }),
      );
      yield { ttl, answers: await Promise.all(answers.map((answer) => this.#named(answer))) };
      if (answers.some(isEnd)) return;
    }
  }

  async #named(answer: ProbeAnswer): Promise<NamedAnswer> {
    if (!this.#options.names || !('from' in answer)) return answer;
    const { from } = answer;
    if (!this.#names.has(from)) {
      const names = await this.#resolver.reverse(from).catch(() => []);
      this.#names.set(from, names[0]);
    }
    const name = this.#names.get(from);
    return name === undefined ? answer : { ...answer, name };
  }
}

/** An address, and with `%eth0` on whose link it is (RFC 4007, section 11). */
function endOf(target: string): { address: Uint8Array; scope: number } {
  const [text = '', zone] = target.split('%', 2);
  const address = parseAddress(text);
  const scope = zone === undefined ? 0 : scopeOf(zone);
  if (address && scope !== undefined) return { address, scope };
  throw new OperatorError(
    `${target} is no address that can be traced: no interface ${zone} has an address of its link`,
    '`ip -6 addr` shows interfaces and their addresses',
  );
}

/** The index of an interface, by its name or number. */
function scopeOf(zone: string): number | undefined {
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map((each) => ({ name, scope: each.family === 'IPv6' ? (each.scopeid ?? 0) : 0 })),
  );
  return all.find(({ name, scope }) => scope !== 0 && (name === zone || String(scope) === zone))
    ?.scope;
}

/** What a way comes to. */
export function outcomeOf(hops: readonly Hop[]): Way['outcome'] {
  const last = hops.at(-1)?.answers ?? [];
  const has = (kind: ProbeAnswer['kind']) => last.some((answer) => answer.kind === kind);
  for (const kind of ['open', 'refused', 'unreachable', 'unsent'] as const)
    if (has(kind)) return kind;
  return has('expired') ? 'beyond' : 'silent';
}

function isEnd({ kind }: ProbeAnswer): boolean {
  return kind !== 'expired' && kind !== 'silent';
}

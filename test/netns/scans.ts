/** Port scanners, and what of them reaches the victim's stack. */
import { fileURLToPath } from 'node:url';
import { PYTHON } from '../support/peer.ts';
import { type Family, type Namespace, otherScanner, SCANNER, SCANNER_IF } from '../support/rig.ts';

const FLOOD = fileURLToPath(new URL('../support/flood.py', import.meta.url));

/** Ports that a scanner tries: none of them is listened on. */
export const SCANNED = 200;
const SYNS = 5000;

/** A way to scan the victim from the scanner's namespace. */
export type Scan = (from: Namespace, source: string, victim: string) => Promise<unknown>;

/** With packets of nmap's own making. */
export function nmapRaw(...options: readonly string[]): Scan {
  return (from, source, victim) =>
    from.must([...nmap(victim), ...options, '-S', source, '-e', SCANNER_IF, victim]);
}

/** Half-open. */
export const nmapSyn: Scan = nmapRaw('-sS');

/** By connect(2), so from the first address. */
export const nmapConnect: Scan = (from, _, victim) => from.must([...nmap(victim), '-sT', victim]);

export const hping3Flood: Scan = async (from, source, victim) => {
  const rate = ['-i', 'u10', '-c', `${SYNS}`];
  // It exits with 1 when nothing answered.
  await from.run([
    'hping3',
    '-q',
    '-S',
    '-p',
    '++1',
    ...rate,
    '-a',
    source,
    '-I',
    SCANNER_IF,
    victim,
  ]);
};

/** hping3 has no IPv6. */
export const rawFlood: Scan = (from, source, victim) =>
  from.must([PYTHON, FLOOD, source, victim, `${SYNS}`]);

function nmap(victim: string): string[] {
  const fast = ['-T5', '--max-retries', '0', '--min-parallelism', '100'];
  return [
    'nmap',
    '-n',
    '-Pn',
    ...(victim.includes(':') ? ['-6'] : []),
    ...fast,
    '-p',
    `1-${SCANNED}`,
  ];
}

/** The scanner's first address, which connect(2) takes. */
const FIRST = -1;

export const SCANS: readonly { name: string; family: Family; scan: Scan; from: number }[] = [
  { name: 'nmap -sS', family: 4, scan: nmapSyn, from: 1 },
  { name: 'nmap -sT', family: 4, scan: nmapConnect, from: FIRST },
  { name: 'hping3 flood', family: 4, scan: hping3Flood, from: 2 },
  { name: 'nmap -6 -sS', family: 6, scan: nmapSyn, from: 1 },
  { name: 'nmap -6 -sT', family: 6, scan: nmapConnect, from: FIRST },
  { name: 'IPv6 flood', family: 6, scan: rawFlood, from: 2 },
];

/** SYNs at the very last place before the sockets, per source. */
export class Stack {
  readonly #namespace: Namespace;

  private constructor(namespace: Namespace) {
    this.#namespace = namespace;
  }

  static async watch(namespace: Namespace): Promise<Stack> {
    await namespace.nft(`
      table inet pwstack {
        set syns4 { typeof ip saddr; flags dynamic; size 65535; counter; }
        set syns6 { typeof ip6 saddr; flags dynamic; size 65535; counter; }
        set ports4 { typeof ip saddr . tcp dport; flags dynamic; size 65535; }
        set ports6 { typeof ip6 saddr . tcp dport; flags dynamic; size 65535; }
        chain syn {
          ip version 4 update @syns4 { ip saddr } update @ports4 { ip saddr . tcp dport }
          ip6 version 6 update @syns6 { ip6 saddr } update @ports6 { ip6 saddr . tcp dport }
        }
        chain input {
          type filter hook input priority 2147483000;
          tcp flags & (syn | ack) == syn jump syn
        }
      }`);
    return new Stack(namespace);
  }

  /** Forgets what was counted. */
  async reset(): Promise<void> {
    const sets = ['syns4', 'syns6', 'ports4', 'ports6'];
    await this.#namespace.nft(sets.map((set) => `flush set inet pwstack ${set}`).join('\n'));
  }

  async syns(source: string): Promise<number> {
    const elements = (await this.#elements('syns', source)) as { elem: Counted }[];
    return elements.find(({ elem }) => elem.val === source)?.elem.counter.packets ?? 0;
  }

  /** Ascending. */
  async ports(source: string): Promise<number[]> {
    const elements = (await this.#elements('ports', source)) as { concat: [string, number] }[];
    const ports = elements
      .filter(({ concat }) => concat[0] === source)
      .map(({ concat }) => concat[1]);
    return ports.sort((a, b) => a - b);
  }

  async #elements(set: string, source: string): Promise<unknown[]> {
    const name = `${set}${source.includes(':') ? 6 : 4}`;
    const text = await this.#namespace.must(['nft', '-j', 'list', 'set', 'inet', 'pwstack', name]);
    const { nftables } = JSON.parse(text) as { nftables: { set?: { elem?: unknown[] } }[] };
    return nftables.flatMap(({ set: listed }) => listed?.elem ?? []);
  }
}

interface Counted {
  readonly val: string;
  readonly counter: { readonly packets: number };
}

/** Address of a scan in SCANS. */
export function sourceOf({ from, family }: { from: number; family: Family }): string {
  return from === FIRST ? SCANNER[family] : otherScanner(from, family);
}

/**
 * Network namespaces of one test file: scanner - gateway - victim, where the gateway routes, or scanner - victim.
 * All interfaces are made inside the namespaces; nothing outside is touched, and everything is removed after.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Done, must, Running, type RunOptions, run } from './command.ts';
import { PEER, Peer, PYTHON } from './peer.ts';

export type Family = 4 | 6;
type Place = 'scanner' | 'gateway' | 'victim';

export const MAIN: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Interface of each end that looks at the others. */
export const SCANNER_IF = 'sc0';
export const VICTIM_IF = 'vi0';
/** The gateway's, towards the scanner and towards the victim. */
export const GATEWAY_IFS = ['gs0', 'gv0'] as const;

export const SCANNER = { 4: '10.71.1.2', 6: 'fd71:1::2' } as const;
export const VICTIM = { 4: '10.71.2.2', 6: 'fd71:2::2' } as const;
/** Of the gateway, towards the victim. */
export const GATEWAY = { 4: '10.71.2.1', 6: 'fd71:2::1' } as const;

/** More addresses of the scanner, so that one run can see several scans; IPv6 ones are each of their own /64. */
export function otherScanner(n: number, family: Family): string {
  return family === 4 ? `10.71.1.${10 + n}` : `fd71:1:0:${n}::2`;
}

const OTHERS = 16;
const PREFIX = 'pwtest';

let made = 0;
const standing = new Set<string>();
process.once('exit', () => {
  for (const name of standing) spawnSync('ip', ['netns', 'del', name]);
});

/** One network namespace. */
export class Namespace {
  readonly name: string;
  readonly #undo: (() => Promise<unknown>)[] = [];
  #peer: Promise<Peer> | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** The command as it runs inside. nsenter keeps the mounts, and so bpffs, and replaces itself. */
  argv(argv: readonly string[]): string[] {
    return ['nsenter', `--net=/run/netns/${this.name}`, ...argv];
  }

  run(argv: readonly string[], options?: RunOptions): Promise<Done> {
    return run(this.argv(argv), options);
  }

  must(argv: readonly string[], options?: RunOptions): Promise<string> {
    return must(this.argv(argv), options);
  }

  /** Starts a process that ends with the rig at the latest. */
  async start(argv: readonly string[], stdout?: number): Promise<Running> {
    const running = await Running.start(this.argv(argv), stdout);
    this.onDown(() => running.end('SIGKILL'));
    return running;
  }

  nft(rules: string): Promise<string> {
    return this.must(['nft', '-f', '-'], { input: rules });
  }

  /** The process that listens and connects here for the tests; always the same one. */
  peer(): Promise<Peer> {
    this.#peer ??= this.newPeer();
    return this.#peer;
  }

  async newPeer(): Promise<Peer> {
    return new Peer(await this.start([PYTHON, PEER]));
  }

  onDown(step: () => Promise<unknown>): void {
    this.#undo.push(step);
  }

  async down(): Promise<void> {
    for (let step = this.#undo.pop(); step; step = this.#undo.pop())
      await step().catch(console.error);
    await run(['ip', 'netns', 'del', this.name]);
    standing.delete(this.name);
  }
}

export class Rig {
  readonly scanner: Namespace;
  readonly victim: Namespace;
  readonly #gateway: Namespace | undefined;

  private constructor(routed: boolean) {
    const id = `${PREFIX}-${process.pid}-${++made}`;
    this.scanner = new Namespace(`${id}-scanner`);
    this.victim = new Namespace(`${id}-victim`);
    this.#gateway = routed ? new Namespace(`${id}-gateway`) : undefined;
  }

  get gateway(): Namespace {
    if (!this.#gateway) throw new Error('this rig has no gateway');
    return this.#gateway;
  }

  /** scanner - gateway - victim. */
  static async routed(): Promise<Rig> {
    const rig = new Rig(true);
    await rig.#up(
      [
        `link add ${SCANNER_IF} netns ${rig.scanner.name} type veth peer name ${GATEWAY_IFS[0]} netns ${rig.gateway.name}`,
        `link add ${GATEWAY_IFS[1]} netns ${rig.gateway.name} type veth peer name ${VICTIM_IF} netns ${rig.victim.name}`,
      ],
      {
        scanner: [
          ...scannerAddresses(24, 32),
          'route add default via 10.71.1.1',
          'route add default via fd71:1::1',
        ],
        gateway: [
          ...address(GATEWAY_IFS[0], '10.71.1.1/24', 'fd71:1::1/32'),
          ...address(GATEWAY_IFS[1], `${GATEWAY[4]}/24`, `${GATEWAY[6]}/32`),
        ],
        victim: [
          ...address(VICTIM_IF, `${VICTIM[4]}/24`, `${VICTIM[6]}/32`),
          `route add default via ${GATEWAY[4]}`,
          `route add default via ${GATEWAY[6]}`,
        ],
      },
    );
    return rig;
  }

  /** scanner - victim, on one link. */
  static async direct(): Promise<Rig> {
    const rig = new Rig(false);
    await rig.#up(
      [
        `link add ${SCANNER_IF} netns ${rig.scanner.name} type veth peer name ${VICTIM_IF} netns ${rig.victim.name}`,
      ],
      {
        scanner: scannerAddresses(16, 16),
        victim: address(VICTIM_IF, `${VICTIM[4]}/16`, `${VICTIM[6]}/16`),
      },
    );
    return rig;
  }

  async down(): Promise<void> {
    await this.victim.down();
    await this.#gateway?.down();
    await this.scanner.down();
  }

  async #up(links: string[], inside: Partial<Record<Place, string[]>>): Promise<void> {
    if (made === 1) await removeStale();
    const places = [this.scanner, this.victim, ...(this.#gateway ? [this.#gateway] : [])];
    for (const { name } of places) standing.add(name);
    const batch = [...places.map(({ name }) => `netns add ${name}`), ...links];
    await must(['ip', '-batch', '-'], { input: `${batch.join('\n')}\n` });
    for (const [place, lines] of Object.entries(inside)) {
      const script = `
        sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
          net.ipv4.ip_forward=${place === 'gateway' ? 1 : 0} net.ipv6.conf.all.forwarding=${place === 'gateway' ? 1 : 0}
        exec ip -batch -`;
      const input = `link set lo up\n${lines.join('\n')}\n`;
      await this[place as Place].must(['sh', '-ec', script], { input });
    }
  }
}

function address(iface: string, v4: string, v6: string): string[] {
  return [
    `link set ${iface} up`,
    `addr add ${v4} dev ${iface}`,
    `addr add ${v6} dev ${iface} nodad`,
  ];
}

function scannerAddresses(v4Bits: number, v6Bits: number): string[] {
  const others = Array.from({ length: OTHERS }, (_, n) => n + 1);
  return [
    ...address(SCANNER_IF, `${SCANNER[4]}/${v4Bits}`, `${SCANNER[6]}/${v6Bits}`),
    ...others.map((n) => `addr add ${otherScanner(n, 4)}/${v4Bits} dev ${SCANNER_IF}`),
    // Deprecated: taken as a source only where a test asks for it.
    ...others.map(
      (n) => `addr add ${otherScanner(n, 6)}/${v6Bits} dev ${SCANNER_IF} nodad preferred_lft 0`,
    ),
  ];
}

/** Removes what a killed test run left, and what packetwatch had pinned there. */
async function removeStale(): Promise<void> {
  for (const name of existsSync('/run/netns') ? readdirSync('/run/netns') : []) {
    const pid = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    await new Namespace(name).run([process.execPath, MAIN, 'release']);
    await run(['ip', 'netns', 'del', name]);
  }
}

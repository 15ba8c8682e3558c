/**
 * Two network namespaces joined by a veth pair: the attacker (or client) and the victim (or server).
 * Each measurement makes a new rig and deletes it. Nothing outside the two namespaces is touched.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type Finished,
  must,
  onEnd,
  type Output,
  run,
  type Started,
  start,
  text,
  until,
} from './proc.ts';

export type Family = 4 | 6;
export type Side = 'attacker' | 'victim';

/** Interface names inside the namespaces. */
export const VICTIM_IF = 'vic0';
export const ATTACKER_IF = 'att0';

/** Addresses by family. The probe address asks whether a tool is ready, without being the attacker. */
export const VICTIM = { 4: '10.77.0.2', 6: 'fd77::2' } as const;
export const ATTACKER = { 4: '10.77.0.1', 6: 'fd77:0:0:1::1' } as const;
export const PROBE = '10.77.0.250';
const GATEWAY6 = 'fe80::77';
/** First of the addresses that short connections come from. */
export const CLIENT = '10.77.1.1';
export const CLIENTS = 8;
/** Ports of the short connections' server. */
export const FIRST_PORT = 8000;
export const PORTS = 16;

const OUT = fileURLToPath(new URL('out/', import.meta.url));
const SRC = fileURLToPath(new URL('src/', import.meta.url));

/** A folder of the bench's own for one measurement, empty. */
export function workFolder(name: string): string {
  const path = `${OUT}run/${name}`;
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}

/** The path of a C helper, compiled when it is missing or older than its source. */
export async function helper(name: 'loadgen' | 'server' | 'synflood'): Promise<string> {
  const source = `${SRC}${name}.c`;
  const binary = `${OUT}bin/${name}`;
  mkdirSync(`${OUT}bin`, { recursive: true });
  if ((await run(['test', binary, '-nt', source])).code === 0) return binary;
  const compiler = (await run(['sh', '-c', 'command -v clang || command -v gcc'])).stdout.trim();
  if (compiler === '')
    throw new Error('neither clang nor gcc is here to compile bench/src (apt-get install gcc)');
  await must([compiler, '-O2', '-Wall', '-o', binary, source]);
  return binary;
}

export class Rig {
  readonly #names: Record<Side, string>;
  #down: () => Promise<void> = async () => {};

  constructor(id: string = String(process.pid)) {
    this.#names = { attacker: `pwbench${id}a`, victim: `pwbench${id}v` };
  }

  /** Makes both namespaces, the link and the addresses, and resolves the neighbours. */
  async up(): Promise<this> {
    const { attacker, victim } = this.#names;
    this.#down = onEnd(() => this.#remove());
    await must(['ip', 'netns', 'add', attacker]);
    await must(['ip', 'netns', 'add', victim]);
    await must([
      'ip',
      'link',
      'add',
      ATTACKER_IF,
      'netns',
      attacker,
      'type',
      'veth',
      'peer',
      'name',
      VICTIM_IF,
      'netns',
      victim,
    ]);
    const clients = Array.from(
      { length: CLIENTS },
      (_, i) => `addr add 10.77.1.${i + 1}/16 dev ${ATTACKER_IF}`,
    );
    await this.#ip('attacker', [
      'link set lo up',
      `link set ${ATTACKER_IF} up`,
      `addr add ${ATTACKER[4]}/16 dev ${ATTACKER_IF}`,
      `addr add ${PROBE}/16 dev ${ATTACKER_IF}`,
      ...clients,
      `addr add ${ATTACKER[6]}/48 dev ${ATTACKER_IF} nodad`,
    ]);
    await this.#ip('victim', [
      'link set lo up',
      `link set ${VICTIM_IF} up`,
      `addr add ${VICTIM[4]}/16 dev ${VICTIM_IF}`,
      `addr add ${VICTIM[6]}/48 dev ${VICTIM_IF} nodad`,
    ]);
    await this.must('attacker', ['sysctl', '-qw', 'net.ipv4.ip_local_port_range=1024 65535']);
    await this.must('victim', [
      'sysctl',
      '-qw',
      'net.core.somaxconn=65535',
      'net.ipv4.tcp_max_syn_backlog=65535',
    ]);
    for (const family of [4, 6] as const) {
      // ICMP, so that no port of the victim is touched
      const there = await until(
        async () => (await this.run('attacker', ['ping', '-c1', '-W1', VICTIM[family]])).code === 0,
        5,
      );
      if (!there) throw new Error(`the bench's namespaces have no IPv${family} between them`);
    }
    return this;
  }

  /** Answers to addresses that are nowhere go to the attacker's side, as they would to a gateway. */
  async routeBack(): Promise<void> {
    // not by the attacker's own addresses: gateways are never blocked
    await this.#ip('attacker', [`addr add ${GATEWAY6}/64 dev ${ATTACKER_IF} nodad`]);
    await this.#ip('victim', [
      `route add default via ${PROBE}`,
      `route add default via ${GATEWAY6} dev ${VICTIM_IF}`,
    ]);
  }

  down(): Promise<void> {
    return this.#down();
  }

  /** The command as it runs inside; nsenter keeps the mounts, and so bpffs, and replaces itself. */
  inside(side: Side, argv: readonly string[]): string[] {
    return ['nsenter', `--net=/run/netns/${this.#names[side]}`, ...argv];
  }

  run(
    side: Side,
    argv: readonly string[],
    options: { input?: string; timeoutS?: number } = {},
  ): Promise<Finished> {
    return run(this.inside(side, argv), options);
  }

  must(
    side: Side,
    argv: readonly string[],
    options: { input?: string; timeoutS?: number } = {},
  ): Promise<string> {
    return must(this.inside(side, argv), options);
  }

  start(side: Side, argv: readonly string[], output: Output): Promise<Started> {
    return start(this.inside(side, argv), output);
  }

  nft(side: Side, rules: string): Promise<string> {
    return this.must(side, ['nft', '-f', '-'], { input: rules });
  }

  /** Starts the server of short connections and waits until it listens. */
  async serve(folder: string, closesFirst: 'server' | 'client', ports: string): Promise<Started> {
    const server = await this.start('victim', [await helper('server'), closesFirst, ports], {
      stdout: { file: `${folder}/server.out` },
      stderr: `${folder}/server.err`,
    });
    if (!(await until(() => text(`${folder}/server.out`).includes('ready'), 5))) {
      throw new Error(`the bench's server did not start: ${text(`${folder}/server.err`)}`);
    }
    return server;
  }

  async #ip(side: Side, lines: readonly string[]): Promise<void> {
    await this.must(side, ['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
  }

  async #remove(): Promise<void> {
    for (const name of Object.values(this.#names)) await run(['ip', 'netns', 'del', name]);
  }
}

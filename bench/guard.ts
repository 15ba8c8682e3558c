/** Our guard, loaded but attached nowhere, and what the bench feeds it by BPF_PROG_TEST_RUN. */
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as bpf from '../src/kernel/bpf.ts';
import { CounterReader, type Counters } from '../src/kernel/counters.ts';
import { closeFd } from '../src/kernel/libc.ts';
import { writeLocals } from '../src/kernel/locals.ts';
import { Maps, RING_SIZES } from '../src/kernel/maps.ts';
import { BpfObject } from '../src/kernel/object.ts';
import { type KernelOptions, kernelDefaults } from '../src/kernel/options.ts';
import { Pins } from '../src/kernel/pins.ts';
import { KernelPlugin } from '../src/kernel/plugin.ts';
import { PluginSet } from '../src/kernel/plugin-set.ts';
import { Programs } from '../src/kernel/programs.ts';
import { Requests } from '../src/kernel/requests.ts';
import { Ring } from '../src/kernel/ring.ts';
import { must, onEnd, run } from './proc.ts';

const GUARD = fileURLToPath(new URL('../dist/bpf/guard.bpf.o', import.meta.url));

/** Addresses inside the frames; the destination counts as the host's own. */
export const FRAME = { source: '11.0.0.1', blocked: '11.0.0.2', destination: '10.77.0.2' } as const;

/** Never the cookie of a real namespace, so that nobody's pins are met. */
let nextCookie = (1n << 60n) + BigInt(process.pid) * 64n;

/** Why there is nothing to load; undefined when there is. */
export function guardMissing(): string | undefined {
  return existsSync(GUARD) ? undefined : 'its BPF objects were not built (make build)';
}

/** A way into a program under test through a program of spray.bpf.c. */
export type Spray = 'xdp/fixed' | 'xdp/random' | 'tcx/random';

/** The path of a BPF program of the bench's own, compiled when it is missing or older than its source. */
export async function bpfHelper(name: 'spray' | 'answered' | 'syns' | 'plugin'): Promise<string> {
  const source = fileURLToPath(new URL(`src/${name}.bpf.c`, import.meta.url));
  const binary = fileURLToPath(new URL(`out/bin/${name}.bpf.o`, import.meta.url));
  if ((await run(['test', binary, '-nt', source])).code === 0) return binary;
  mkdirSync(fileURLToPath(new URL('out/bin', import.meta.url)), { recursive: true });
  const include = `-I/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  const own = `-I${fileURLToPath(new URL('../bpf', import.meta.url))}`;
  const flags = ['-O2', '-g', '-target', 'bpf', '-mcpu=v3', include, own];
  await must(['clang', ...flags, '-c', source, '-o', binary]);
  return binary;
}

/** Loads a program of the compiled spray.bpf.c that hands on to `target`; returns its descriptor. */
export function sprayInto(path: string, target: number, kind: Spray): number {
  const object = new BpfObject(path);
  const next = bpf.createMap(object.maps().find((map) => map.name === 'spray_next')!);
  const program = object.load(
    kind,
    () => next,
    () => {
      throw new Error('spray.bpf.c hooks no kernel function');
    },
  );
  const value = Buffer.alloc(128);
  value.writeUInt32LE(target, 0);
  bpf.updateElement(next, Buffer.alloc(128), value);
  return program;
}

/** The guard with its maps. */
export class Guard {
  /** The XDP program. */
  readonly program: number;
  /** The same guard for TCX. */
  readonly tcx: number;
  readonly maps: Maps;
  readonly ring: Ring;
  /** The plugins behind it, in their order. */
  readonly plugged: KernelPlugin[] = [];
  readonly #chain: PluginSet;
  readonly #pins: Pins;
  readonly #programs: Programs;
  readonly #counters: CounterReader;
  readonly #requests: Requests;
  readonly #undo: () => Promise<void>;

  constructor(options: Partial<KernelOptions>) {
    const object = new BpfObject(GUARD);
    this.#pins = new Pins(nextCookie++);
    this.#undo = onEnd(() => this.#close());
    this.#pins.create();
    this.maps = new Maps([object], this.#pins);
    this.#chain = new PluginSet(this.#pins, this.maps.fd('pw_chain'), () => {});
    this.#programs = new Programs(this.maps, { ...kernelDefaults, ...options });
    this.program = this.#programs.program(object, 'xdp');
    this.tcx = this.#programs.program(object, 'tcx/ingress');
    this.#requests = new Requests(this.#programs.program(object, 'syscall'));
    this.#counters = new CounterReader(this.maps.generation);
    this.ring = new Ring(this.maps.fd('pw_attempts'), RING_SIZES.pw_attempts);
    writeLocals(this.maps, [mapped(FRAME.destination)], 64);
  }

  /** Puts a plugin behind those that are there; only with the option `plugins` it is run. */
  plugIn(path: string): void {
    const plugin = new KernelPlugin(path, {
      netns: 0n,
      findBtf: () => {
        throw new Error('the plugin of the bench hooks no kernel function');
      },
    });
    this.#chain.add(plugin);
    this.plugged.push(plugin);
  }

  block(address: string): void {
    const result = this.#requests.block(mapped(address), 3600);
    if (result !== 'done') throw new Error(`${address} could not be blocked: ${result}`);
  }

  counters(): Counters {
    return this.#counters.read();
  }

  /** Takes everything out of the attempts ring. */
  drain(): void {
    do {
      this.ring.collect();
      this.ring.release(this.ring.count);
    } while (this.ring.more);
  }

  stop(): Promise<void> {
    return this.#undo();
  }

  #close(): void {
    this.#chain.stop();
    this.ring.stop();
    this.#programs.stop();
    this.maps.stop();
    this.#pins.release();
  }
}

/** A program that only passes, for XDP or TCX. */
export function emptyProgram(hook: 'xdp' | 'tcx' = 'xdp'): number {
  const code = Buffer.alloc(128).subarray(0, 16); // the memory behind must not move: over 64 bytes
  code.set([0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]); // r0 = XDP_PASS; exit
  if (hook === 'tcx') code.fill(0xff, 4, 8); // TCX_NEXT
  return bpf.loadProgram({
    name: 'empty',
    type: hook === 'xdp' ? bpf.ProgramType.XDP : bpf.ProgramType.SCHED_CLS,
    instructions: code,
    expectedAttachType: hook === 'xdp' ? bpf.AttachType.XDP : bpf.AttachType.TCX_INGRESS,
    license: 'GPL',
  });
}

export { closeFd };

/** A TCP frame without payload: Ethernet, IPv4, TCP. */
export function tcpFrame(source: string, flags: number): Buffer {
  const frame = Buffer.alloc(60);
  frame.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00], 0);
  frame.set([0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6], 14);
  frame.set(source.split('.').map(Number), 26);
  frame.set(FRAME.destination.split('.').map(Number), 30);
  frame.writeUInt16BE(40000, 34);
  frame.writeUInt16BE(443, 36);
  frame.writeUInt32BE(1, 38);
  frame[46] = 0x50;
  frame[47] = flags;
  frame.writeUInt16BE(64240, 48);
  return frame;
}

function mapped(address: string): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.set([0xff, 0xff, ...address.split('.').map(Number)], 10);
  return bytes;
}

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as bpf from '../../src/kernel/bpf.ts';
import type { CounterName } from '../../src/kernel/counters.ts';
import { Kernel } from '../../src/kernel/kernel.ts';
import { type Mapping, SystemError } from '../../src/kernel/libc.ts';
import { BpfObject } from '../../src/kernel/object.ts';
import { type KernelOptions, kernelDefaults } from '../../src/kernel/options.ts';
import { Origin } from '../../src/kernel/never.ts';
import { Pins } from '../../src/kernel/pins.ts';
import { Programs } from '../../src/kernel/programs.ts';
import type { Ring } from '../../src/kernel/ring.ts';
import { parseAddress } from '../../src/wire/address.ts';
import { Head } from '../../src/wire/layout.gen.ts';
import { type PlainRecord, plain } from '../contract/records.ts';
import { VICTIM, VICTIM6 } from '../contract/attempt-frames.ts';

export { SCANNER, SCANNER6, VICTIM, VICTIM6 } from '../contract/attempt-frames.ts';

/** Where the guard runs: as TCX ingress, and as XDP, whose native and generic forms are one program. */
export const HOOKS = ['tcx', 'xdp'] as const;
export type HookName = (typeof HOOKS)[number];
/** `refused`: BPF_PROG_TEST_RUN takes no frame as short as this one. */
export type Verdict = 'pass' | 'drop' | 'refused';

/** A record, with what only the kernel's tests look at. */
export interface KernelRecord extends PlainRecord {
  readonly ifindex: number;
  /** Of a SUM. */
  readonly refused: number;
}

/** This host's own addresses in the tests. */
export const OTHER_VICTIM = '10.0.0.6';
/** Not this host's. */
export const ELSEWHERE = '203.0.113.9';

const GUARD = fileURLToPath(new URL('../../dist/bpf/guard.bpf.o', import.meta.url));
/** Has the program that completes handshakes. */
const BENCH = fileURLToPath(new URL('../../dist/bpf/bench.bpf.o', import.meta.url));
/** Offset of pw_shared.clock_ns, in 64-bit words. */
const CLOCK = 3;

/** No interface has it attached: packets get in by BPF_PROG_TEST_RUN only. */
export class Rig {
  readonly kernel: Kernel;
  readonly cookie: bigint;
  readonly #object = new BpfObject(GUARD);
  readonly #bench = new BpfObject(BENCH);
  readonly #options: KernelOptions;
  readonly #programs: Programs;
  readonly #others = new Map<string, Programs>();
  readonly #sets: Mapping;
  readonly #shared: Mapping;
  #counted: Record<string, number> = {};

  /** @param cookie of another rig, whose tables this one then shares */
  constructor(options: Partial<KernelOptions> = {}, cookie: bigint = nextCookie++) {
    this.cookie = cookie;
    this.#options = { ...kernelDefaults, ...options };
    this.kernel = new Kernel(this.#options, new Pins(cookie));
    this.kernel.claim({
      version: 'test',
      pid: process.pid,
      uid: 0,
      since: new Date().toISOString(),
    });
    this.#programs = new Programs(this.kernel.maps, this.#options);
    this.#sets = this.kernel.maps.map('pw_sets', true);
    this.#shared = this.kernel.maps.map('pw_shared', true);
    this.setLocals([VICTIM, OTHER_VICTIM, VICTIM6, '::1']);
    this.moved();
  }

  /** The guard with other options over the same tables, as a function from a frame to its verdict. */
  guard(hook: HookName, options: Partial<KernelOptions> = {}): (frame: Uint8Array) => Verdict {
    const key = JSON.stringify(options);
    const known = this.#others.get(key);
    const programs = known ?? new Programs(this.kernel.maps, { ...this.#options, ...options });
    this.#others.set(key, programs);
    const program = programs.program(this.#object, SECTION[hook]);
    return (frame) => verdict(program, hook, frame);
  }

  /** A frame into the guard; `repeat`: that often. */
  run(hook: HookName, frame: Uint8Array, repeat = 1): Verdict {
    return verdict(this.#programs.program(this.#object, SECTION[hook]), hook, frame, repeat);
  }

  /** A packet into the guard of a device without an Ethernet header. */
  runLayer3(packet: Uint8Array): Verdict {
    return verdict(this.#programs.program(this.#object, SECTION.tcx, true), 'tcx', packet);
  }

  /** A frame that leaves. */
  leave(frame: Uint8Array, repeat = 1): Verdict {
    return verdict(this.#programs.program(this.#object, 'tcx/egress'), 'tcx', frame, repeat);
  }

  /** A handshake that `src` began completes (sockets are not there to say so). */
  opened(src: string, dst: string, port: number): void {
    const request = Buffer.alloc(128);
    request.set(bytesOf(src), 0);
    request.set(bytesOf(dst), 16);
    request.writeUInt32LE(port, 32);
    request.writeUInt32LE(src.includes(':') ? 1 : 0, 36);
    bpf.runRequest(this.#programs.program(this.#bench, 'syscall'), request);
  }

  /** The time, for a rig with `setClock`; nanoseconds. */
  setClock(ns: number): void {
    new BigUint64Array(this.#shared.buffer)[CLOCK] = BigInt(Math.round(ns));
  }

  /** Moves the empty ring of attempts on by `halves` of its size. */
  spin(halves: number): void {
    const program = this.#programs.program(this.#bench, 'xdp/spin');
    for (let i = 0; i < halves; i++) {
      if (bpf.testRun(program, Buffer.alloc(64), 1).retval !== 2)
        throw new Error('the ring is full');
      this.kernel.attempts.collect();
      this.kernel.attempts.release(0);
    }
  }

  /** All that waits in both rings, attempts first. */
  records(): KernelRecord[] {
    return [...taken(this.kernel.attempts), ...taken(this.kernel.events)];
  }

  /** Records that wait, thrown away; how many there were. */
  discard(): number {
    const before = this.kernel.attempts.records + this.kernel.events.records;
    for (const ring of [this.kernel.attempts, this.kernel.events]) each(ring, () => {});
    return this.kernel.attempts.records + this.kernel.events.records - before;
  }

  /** Counters that moved since the last call, and by how much. */
  moved(): Partial<Record<CounterName, number>> {
    const now = this.kernel.counters();
    const before = this.#counted;
    this.#counted = { ...now };
    return Object.fromEntries(
      Object.entries(now)
        .map(([name, value]) => [name, value - (before[name] ?? 0)] as const)
        .filter(([, by]) => by !== 0),
    );
  }

  setLocals(addresses: readonly string[]): void {
    this.kernel.setLocals(addresses.map(bytesOf));
  }

  setNever(prefixes: readonly { address: string; length: number }[]): void {
    const never = prefixes.map((p) => ({ ...p, address: bytesOf(p.address), origin: Origin.own }));
    this.kernel.never.set(never);
  }

  block(address: string, seconds = 3600): string {
    return this.kernel.requests.block(bytesOf(address), seconds);
  }

  unblock(address: string): string {
    return this.kernel.requests.unblock(bytesOf(address));
  }

  /** Blocks as the kernel counts them, for --block-max. */
  blockCount(): number {
    return new Uint32Array(this.#shared.buffer)[0]!;
  }

  /** Blocked prefixes, as the guard counts them. */
  netCount(): number {
    return new Uint32Array(this.#shared.buffer)[1]!;
  }

  /** Takes or gives back the lock of every set, as a stuck CPU would. */
  setLocks(held: boolean): void {
    const words = new Uint32Array(this.#sets.buffer);
    const step = this.kernel.maps.shape('pw_sets').value / 4;
    for (let i = 0; i < words.length; i += step) words[i] = held ? words[i]! | 1 : words[i]! & ~1;
  }

  /** Forgets all sources, blocks, records and counts. */
  reset(): void {
    new Uint8Array(this.#sets.buffer).fill(0);
    new Uint32Array(this.#shared.buffer)[0] = 0;
    for (const name of ['pw_opens', 'pw_peers', 'pw_scatters']) {
      const zeros = new Uint8Array(this.kernel.maps.shape(name).value);
      bpf.updateElement(this.kernel.maps.fd(name), Buffer.alloc(128), zeros);
    }
    this.setNever([]);
    this.#clear('pw_never');
    this.kernel.nets.sweep(Infinity);
    this.kernel.flushSums(true);
    this.discard();
    this.moved();
  }

  /** Empties a prefix trie. */
  #clear(name: string): void {
    const fd = this.kernel.maps.fd(name);
    const key = Buffer.alloc(128);
    while (bpf.nextKey(fd, undefined, key)) bpf.deleteElement(fd, key);
  }

  /** Leaves the tables to another rig. */
  close(): void {
    for (const programs of [this.#programs, ...this.#others.values()]) programs.stop();
    this.#sets.unmap();
    this.#shared.unmap();
    this.kernel.close();
  }

  stop(): void {
    this.close();
    this.kernel.pins.release();
  }
}

export function bytesOf(address: string): Uint8Array {
  const bytes = parseAddress(address);
  if (!bytes) throw new Error(`${address} is no address`);
  return bytes;
}

/** Why the kernel can't be asked here; undefined when it can. */
export const missing = ((): string | undefined => {
  if (!existsSync(GUARD)) return 'the BPF objects were not built (make bpf)';
  if (process.getuid?.() !== 0) return 'BPF needs root';
  return undefined;
})();

const SECTION = { tcx: 'tcx/ingress', xdp: 'xdp' } as const;
/** What the programs return; TCX_NEXT and TCX_DROP, XDP_PASS and XDP_DROP. */
const RESULTS: Record<HookName, Record<number, Verdict>> = {
  tcx: { [-1]: 'pass', 2: 'drop' },
  xdp: { 2: 'pass', 1: 'drop' },
};

/** Frames that BPF_PROG_TEST_RUN may refuse: for an skb it wants the headers that the EtherType names. */
const SHORT: Record<HookName, number> = { tcx: 14 + 40, xdp: 14 };

/** Never the cookie of a real namespace, so that nobody's pins are met. */
let nextCookie = 10n ** 12n + BigInt(process.pid) * 1000n;

function verdict(program: number, hook: HookName, frame: Uint8Array, repeat = 1): Verdict {
  try {
    const { retval } = bpf.testRun(program, frame, repeat);
    const result = RESULTS[hook][retval];
    if (result === undefined) throw new Error(`${hook} returned ${retval}`);
    return result;
  } catch (error) {
    if (error instanceof SystemError && error.code === 'EINVAL' && frame.length < SHORT[hook])
      return 'refused';
    throw error;
  }
}

function taken(ring: Ring): KernelRecord[] {
  const records: KernelRecord[] = [];
  const word = (i: number, offset: number): number => ring.words[(ring.at[i]! + offset) >> 2]!;
  each(ring, () => {
    for (const [i, record] of plain(ring).entries())
      records.push({
        ...record,
        ifindex: word(i, Head.ifindex),
        refused: word(i, Head.refused),
      });
  });
  return records;
}

function each(ring: Ring, use: () => void): void {
  do {
    ring.collect();
    use();
    ring.release(ring.count);
  } while (ring.more);
}

import { existsSync } from 'node:fs';
import { OperatorError } from '../model/errors.ts';
import type { RecordBatch } from '../wire/batch.ts';
import type { Owner } from './about.ts';
import { SocketPart } from '../wire/layout.gen.ts';
import * as bpf from './bpf.ts';
import type { Carried } from './carry.ts';
import { ChangeReader, CounterReader, type Counters } from './counters.ts';
import { Hooks } from './hooks.ts';
import type { Mapping } from './libc.ts';
import { netnsCookie } from './libc-sockets.ts';
import { writeLocals } from './locals.ts';
import { Maps, RING_SIZES } from './maps.ts';
import { Nets } from './nets.ts';
import { NeverList } from './never.ts';
import { BpfObject } from './object.ts';
import { explained, objectPath, requireObjects } from './objects.ts';
import type { KernelOptions } from './options.ts';
import { Ownership } from './ownership.ts';
import { Pins } from './pins.ts';
import { KernelPlugin } from './plugin.ts';
import { PluginSet } from './plugin-set.ts';
import { Programs } from './programs.ts';
import { Requests } from './requests.ts';
import { Ring } from './ring.ts';
import { TableView } from './table.ts';
import { Tracepoints } from './tracepoints.ts';

const ANSWERS = 262144;
const CGROUP_NAME = 128;
const SUM_WORDS = 16;
/** One read of an iterator. */
const READ_BYTES = 1 << 16;

/** Everything of ours in the kernel: maps, programs, links, and the views on them. */
export class Kernel {
  readonly pins: Pins;
  readonly maps: Maps;
  readonly hooks: Hooks;
  readonly tracepoints: Tracepoints;
  readonly requests: Requests;
  readonly table: TableView;
  /** Blocks by prefix. */
  readonly nets: Nets;
  /** Who is never blocked. */
  readonly never: NeverList;
  readonly attempts: Ring;
  readonly events: Ring;
  /** What this kernel or user can't tell, one sentence each. */
  readonly limits: string[] = [];

  readonly #guard: BpfObject;
  readonly #sockets: BpfObject;
  readonly #programs: Programs;
  readonly #options: KernelOptions;
  readonly #counters: CounterReader;
  readonly #changes: ChangeReader;
  #plugins: PluginSet | undefined;
  readonly #answers: Mapping;
  readonly #answerWords: Uint32Array;
  readonly #sums: Mapping;
  readonly #sumWords: Uint32Array;

  readonly #ownership: Ownership;

  /**
   * Makes or opens the maps and loads the guard; changes nothing of what is pinned, so that another program may have it.
   * Throws OperatorError with the mend when this kernel or user can't.
   */
  constructor(options: KernelOptions, pins: Pins = new Pins()) {
    requireObjects();
    if (!existsSync('/sys/kernel/btf/vmlinux'))
      throw new OperatorError(
        'this kernel has no type information (CONFIG_DEBUG_INFO_BTF)',
        'use --source proc',
      );
    this.pins = pins;
    this.#options = options;
    let maps: Maps | undefined;
    try {
      this.#guard = new BpfObject(objectPath('guard'));
      this.#sockets = new BpfObject(objectPath('sockets'));
      pins.prepare();
      maps = new Maps([this.#guard, this.#sockets], pins);
      this.maps = maps;
      this.#programs = new Programs(this.maps, options);
      this.hooks = new Hooks(this.#guard, this.#programs, pins);
      this.tracepoints = new Tracepoints(this.#sockets, this.#programs, pins);
      const requests = this.#programs.program(this.#guard, 'syscall');
      this.requests = new Requests(requests);
      const { generation } = this.maps;
      this.table = new TableView(generation);
      this.nets = new Nets(generation, this.requests);
      this.never = new NeverList(this.maps.fd('pw_never'));
      this.#ownership = new Ownership(this.maps, pins, requests, {
        maps: generation,
        table: this.table,
        nets: this.nets,
        never: this.never,
        requests: this.requests,
      });
      this.attempts = new Ring(this.maps.fd('pw_attempts'), RING_SIZES.pw_attempts);
      this.events = new Ring(this.maps.fd('pw_events'), RING_SIZES.pw_events);
      this.#counters = new CounterReader(generation);
      this.#changes = new ChangeReader(generation);
      this.#answers = this.maps.map('pw_answers');
      this.#answerWords = new Uint32Array(this.#answers.buffer);
      this.#sums = this.maps.map('pw_sums');
      this.#sumWords = new Uint32Array(this.#sums.buffer);
    } catch (error) {
      maps?.stop();
      throw explained(error);
    }
  }

  /**
   * Takes over what is pinned, or pins what is new: only one program may, the one that has the lock. The blocks of
   * other maps are here when it returns.
   */
  claim(owner: Owner): void {
    try {
      this.#ownership.take(owner);
      for (const ring of [this.attempts, this.events]) ring.begin();
    } catch (error) {
      throw explained(error);
    }
  }

  /** Ends what `claim` began, once all links have the new programs: other maps go. @returns what became of their blocks */
  settle(): Carried {
    return this.#ownership.settle();
  }

  /** Gives the sockets that are older than the tracepoints their owners: whoever holds them open. */
  findOwners(): void {
    bpf.iterate(this.#iterator('iter/task_file'), READ_BYTES, () => true);
  }

  /**
   * Loads a plugin, behind those loaded before; from now on it is on each interface that the guard is on.
   * @param path of its BPF object
   * @param note told what could not be attached later on
   */
  plugIn(path: string, note: (line: string) => void): KernelPlugin {
    const plugin = new KernelPlugin(path, {
      netns: netnsCookie(),
      findBtf: (name, kind) => this.#programs.findBtf(this.#sockets, name, kind),
    });
    this.#plugins ??= new PluginSet(this.pins, this.maps.fd('pw_chain'), note);
    this.hooks.follower = this.#plugins;
    this.#plugins.add(plugin);
    return plugin;
  }

  /** Takes a plugin out; guard and other plugins go on. */
  unplug(plugin: KernelPlugin): void {
    this.#plugins?.remove(plugin);
  }

  /** Hands on every socket as an EXISTING record. */
  existing(take: (batch: RecordBatch) => void): number {
    let total = 0;
    const size = SocketPart.size;
    let rest = Buffer.alloc(0);
    bpf.iterate(this.#iterator('iter/tcp'), READ_BYTES, (chunk) => {
      const all = Buffer.concat([rest, chunk]);
      const count = Math.floor(all.length / size);
      rest = Buffer.from(all.subarray(count * size));
      if (count === 0) return true;
      const memory = new ArrayBuffer(count * size);
      new Uint8Array(memory).set(all.subarray(0, count * size));
      take({
        words: new Uint32Array(memory),
        bytes: new Uint8Array(memory),
        at: Uint32Array.from({ length: count }, (_, i) => i * size),
        count,
      });
      total += count;
      return true;
    });
    return total;
  }

  counters(): Counters {
    return this.#counters.read();
  }

  /** How often TCP sockets went from one state to another since this was made: at OLD x 16 + NEW. */
  stateChanges(): Float64Array {
    return this.#changes.read();
  }

  /** Was the attempt with this id answered? 0 no, 1 a SYN+ACK left, 2 and the originator reset it. */
  answered(low: number, high: number): 0 | 1 | 2 {
    const word = this.#answerWords[low & (ANSWERS - 1)]!;
    if ((word ^ high) >>> 2 !== 0) return 0;
    return (word & 3) as 0 | 1 | 2;
  }

  /** Sends the sums of seconds that are over into the ring; `anyway`: the current one's as well. */
  flushSums(anyway = false): void {
    for (let i = 0; i < this.#sumWords.length; i += SUM_WORDS)
      if (this.#sumWords[i + 7] !== 0 || this.#sumWords[i + 8] !== 0)
        this.requests.flushSum(i / SUM_WORDS, anyway);
  }

  /** The name of a cgroup as it was when it opened a connection; undefined when it is not known. */
  cgroupName(id: bigint): string | undefined {
    const key = Buffer.alloc(128);
    key.writeBigUInt64LE(id);
    const value = Buffer.alloc(CGROUP_NAME);
    if (!bpf.lookupElement(this.maps.fd('pw_cgroups'), key, value)) return undefined;
    return value.toString('utf8', 0, Math.max(0, value.indexOf(0)));
  }

  setLocals(addresses: readonly Uint8Array[]): void {
    writeLocals(this.maps, addresses, this.#options.v6Prefix);
  }

  /** Frees the places of blocks that are over, so that --block-max counts those in force. */
  sweepBlocks(nowNs: number): void {
    for (const block of this.table.blocks(nowNs).expired) this.requests.unblock(block.source, true);
    this.nets.sweep(nowNs);
  }

  /** Closes everything here. `keepGuard`: the guard stays, with its table; else nothing but what the user allows. */
  stop(keepGuard: boolean): void {
    this.#plugins?.stop();
    if (keepGuard) {
      this.pins.restore();
      this.#leaveGuard();
      this.#ownership.leave();
    } else {
      this.#unpin();
    }
    this.close();
  }

  /** Closes everything here, and nothing of ours remains. */
  release(): void {
    this.#plugins?.stop();
    this.pins.release();
    this.close();
  }

  /** Only the guard stays. Nobody reads attempts any more; verdicts wait in their ring for the next start. */
  #leaveGuard(): void {
    this.#programs.stop(); // first: what follows needs descriptors
    this.tracepoints.detach();
    for (const name of this.pins.links()) if (name.endsWith('-egress')) this.pins.unpin(name);
    const quiet = new Programs(this.maps, { ...this.#options, events: false, plugins: false });
    this.hooks.replaceGuard(quiet);
    quiet.stop();
  }

  #unpin(): void {
    this.#programs.stop(); // first: what follows needs descriptors
    this.never.set([]);
    if (this.never.list().length > 0) this.pins.keepAllowed(this.maps.fd('pw_never'));
    this.pins.release();
  }

  /** After a start that failed: an earlier run's guard goes on as it was, nothing else stays. */
  abandon(): void {
    const { adopted, others, generation } = this.maps;
    if (!adopted && others.length === 0) this.#unpin();
    else this.#leaveGuard();
    // Where links have the new guard already, the next start puts both together.
    if (!adopted && others.length > 0 && this.hooks.attachments.size === 0)
      this.pins.dropGeneration(generation.number);
    this.close();
  }

  /** Closes what this process holds and leaves the kernel as it is. */
  close(): void {
    this.#plugins?.stop();
    this.attempts.stop();
    this.events.stop();
    this.table.stop();
    this.#answers.unmap();
    this.#sums.unmap();
    this.#programs.stop();
    this.maps.stop();
    this.pins.close();
    this.#ownership.close();
  }

  #iterator(section: string): number {
    return this.#programs.program(this.#sockets, section);
  }
}

import { randomBytes } from 'node:crypto';
import * as bpf from './bpf.ts';
import { Generation, isMade } from './generation.ts';
import { Layout, type MapShape } from './layout.ts';
import { closeFd, type Mapping } from './libc.ts';
import { requireMemory } from './memory-limit.ts';
import { type BpfObject, isOwn } from './object.ts';
import type { Pins } from './pins.ts';

const NEVER = 'pw_never';
/** They name each other's places, or count each other's entries: all of them are taken over, or none. */
const TABLE: readonly string[] = ['pw_sets', 'pw_mores', 'pw_shared', 'pw_nets'];

/** Bytes of the rings, as bpf/state.h defines them. */
export const RING_SIZES: { readonly pw_attempts: number; readonly pw_events: number } = {
  pw_attempts: 16 * 1024 * 1024,
  pw_events: 4 * 1024 * 1024,
};

/**
 * All maps of all objects, by name: made here, or taken over from an earlier run. Of another layout each map is taken
 * over that is the same in both, and the blocks of the rest are carried over (carry.ts). Changes no pin before `pin`.
 */
export class Maps {
  readonly generation: Generation;
  /** The maps are an earlier run's. */
  readonly adopted: boolean;
  /** Those that are pinned beside it and go once their blocks are here, the newest first. */
  readonly others: readonly Generation[];
  /** Numbers of generations of which nothing can be read. */
  readonly unreadable: readonly number[];
  /** Of the table's hash. */
  readonly seed: bigint;
  readonly #numbers: readonly number[];
  /** Of this process alone. */
  readonly #own: ReadonlyMap<string, number>;

  constructor(objects: readonly BpfObject[], pins: Pins) {
    const layout = Layout.of(objects);
    const numbers = pins.generations();
    const opened = numbers.flatMap((number) => Generation.open(pins, number) ?? []);
    const same = opened.find(
      (one) => one.layout.id === layout.id && layout.names().every((name) => one.has(name)),
    );
    this.adopted = same !== undefined;
    this.others = opened.filter((one) => one !== same);
    this.unreadable = numbers.filter((number) => !opened.some((one) => one.number === number));
    this.generation =
      same ??
      new Generation(
        (numbers[0] ?? 0) + 1,
        layout,
        makeMaps(objects, layout, inherited(layout, opened[0], pins)),
      );
    this.#numbers = numbers;
    this.#own = makeOwn(objects);
    const { at } = layout.place('pw_shared', 'seed');
    this.seed = this.generation.first('pw_shared').readBigUInt64LE(at);
  }

  /** Are these still the maps that are pinned, and no others? Another program may have ended since, or begun. */
  isCurrent(pins: Pins): boolean {
    const opened = this.adopted ? [this.generation, ...this.others] : this.others;
    return (
      pins.generations().join() === this.#numbers.join() &&
      opened.every((generation) => generation.isPinned(pins))
    );
  }

  fd(name: string): number {
    return this.#own.get(name) ?? this.generation.fd(name);
  }

  shape(name: string): MapShape {
    return this.generation.shape(name);
  }

  map(name: string, writable = false): Mapping {
    return this.generation.map(name, writable);
  }

  /** Pins them, with what else is theirs; what a run before has kept of them is theirs again. */
  pin(pins: Pins, others: ReadonlyMap<string, number>): void {
    if (this.generation.isPinned(pins)) this.generation.keep(pins, others);
    else this.generation.pin(pins, others);
    pins.dropAllowed();
  }

  /** Unpins the other generations. */
  dropOthers(pins: Pins): void {
    for (const number of pins.generations())
      if (number !== this.generation.number) pins.dropGeneration(number);
  }

  stop(): void {
    for (const one of [this.generation, ...this.others]) one.stop();
    for (const fd of this.#own.values()) closeFd(fd);
  }
}

/** Descriptors of the maps that an earlier run has left and that are the same in this layout. */
function inherited(
  layout: Layout,
  from: Generation | undefined,
  pins: Pins,
): ReadonlyMap<string, number> {
  const shared = layout
    .names()
    .filter((name) => from?.has(name) === true && layout.shares(from.layout, name));
  const whole = TABLE.every((name) => shared.includes(name));
  const names = shared.filter((name) => whole || !TABLE.includes(name));
  const fds = new Map<string, number>();
  for (const name of names) {
    const fd = pins.open(`maps-${from!.number}/${name}`);
    if (fd !== undefined) fds.set(name, fd);
  }
  const allowed = fds.has(NEVER) ? undefined : pins.openAllowed();
  if (allowed === undefined) return fds;
  if (isMade(allowed, layout.map(NEVER)!)) fds.set(NEVER, allowed);
  else closeFd(allowed);
  return fds;
}

/** Makes those that are never pinned. */
function makeOwn(objects: readonly BpfObject[]): ReadonlyMap<string, number> {
  const own = new Map<string, number>();
  for (const definition of objects.flatMap((object) => object.maps()))
    if (isOwn(definition) && !own.has(definition.name))
      own.set(definition.name, bpf.createMap(definition));
  return own;
}

/** Makes those that nobody left. */
function makeMaps(
  objects: readonly BpfObject[],
  layout: Layout,
  before: ReadonlyMap<string, number>,
): Map<string, number> {
  const fds = new Map(before);
  try {
    requireMemory();
    for (const object of objects)
      for (const definition of object.maps()) {
        if (fds.has(definition.name) || isOwn(definition)) continue;
        const btf =
          definition.type === bpf.MapType.SK_STORAGE
            ? { btf: { fd: object.btfFd(), key: definition.keyType, value: definition.valueType } }
            : {};
        fds.set(definition.name, bpf.createMap({ ...definition, ...btf }));
      }
  } catch (error) {
    for (const fd of fds.values()) closeFd(fd);
    throw error;
  }
  if (!before.has('pw_shared')) {
    const shared = Buffer.alloc(128);
    randomBytes(8).copy(shared, layout.place('pw_shared', 'seed').at);
    bpf.updateElement(fds.get('pw_shared')!, Buffer.alloc(128), shared);
  }
  return fds;
}

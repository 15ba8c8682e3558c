import { randomBytes } from 'node:crypto';
import { OperatorError } from '../model/errors.ts';
import * as bpf from './bpf.ts';
import { closeFd, type Mapping, mapShared } from './libc.ts';
import { requireMemory } from './memory-limit.ts';
import type { BpfObject, MapDefinition } from './object.ts';
import type { Pins } from './pins.ts';

/** Changes whenever a pinned map's layout does; maps of another one are not adopted. */
const LAYOUT = 9;
const PAGE = 4096;
const NEVER = 'pw_never';

/** Offset of members of struct pw_shared. */
const SHARED = { version: 8, seed: 16 } as const;

/** Bytes of the rings, as bpf/state.h defines them. */
export const RING_SIZES: { readonly pw_attempts: number; readonly pw_events: number } = {
  pw_attempts: 16 * 1024 * 1024,
  pw_events: 4 * 1024 * 1024,
};

/**
 * All maps of all objects, by name: created here, pinned, and handed to each program. Those of an earlier run are
 * adopted when their layout is the same.
 */
export class Maps {
  readonly #fds: Map<string, number> = new Map();
  readonly #definitions: Map<string, MapDefinition> = new Map();
  /** The maps were there before. */
  readonly adopted: boolean;
  /** Of the table's hash. */
  readonly seed: bigint;

  /** @param adoptOnly throw, instead of making new maps, when there are none to adopt */
  constructor(objects: readonly BpfObject[], pins: Pins, adoptOnly = false) {
    for (const object of objects)
      for (const definition of object.maps()) this.#definitions.set(definition.name, definition);
    this.adopted = this.#adopt(pins);
    if (this.adopted) {
      if (!adoptOnly) this.#createOwn();
    } else {
      if (adoptOnly)
        throw new OperatorError(
          'no guard is attached in this network namespace',
          'start `packetwatch watch`',
        );
      requireMemory();
      const allowed = this.#keptAllowed(pins);
      // Until it is pinned among the new ones: a start that fails must not forget what the user allows.
      if (allowed !== undefined) pins.keepAllowed(allowed);
      pins.release();
      try {
        pins.create();
        if (allowed !== undefined) this.#fds.set(NEVER, allowed);
        this.#create(objects, pins);
        this.#createOwn();
      } catch (error) {
        this.stop(); // first: what follows needs a descriptor
        pins.release();
        throw error;
      }
      pins.dropAllowed();
    }
    this.seed = this.#seed();
  }

  fd(name: string): number {
    const fd = this.#fds.get(name);
    if (fd === undefined) throw new Error(`no map ${name}`);
    return fd;
  }

  definition(name: string): MapDefinition {
    const found = this.#definitions.get(name);
    if (!found) throw new Error(`no map ${name}`);
    return found;
  }

  /** A mappable array, seen from here. */
  map(name: string, writable = false): Mapping {
    const { valueSize, maxEntries } = this.definition(name);
    const bytes = Math.ceil((((valueSize + 7) & ~7) * maxEntries) / PAGE) * PAGE;
    return mapShared(this.fd(name), bytes, 0, writable);
  }

  stop(): void {
    for (const fd of this.#fds.values()) closeFd(fd);
    this.#fds.clear();
  }

  #adopt(pins: Pins): boolean {
    for (const definition of this.#definitions.values()) {
      if (isOwn(definition)) continue;
      const fd = pins.open(definition.name);
      if (fd !== undefined) this.#fds.set(definition.name, fd);
      if (fd === undefined || !isSame(fd, definition)) {
        this.stop();
        return false;
      }
    }
    const shared = Buffer.alloc(128);
    bpf.lookupElement(this.fd('pw_shared'), Buffer.alloc(128), shared);
    if (shared.readUInt32LE(SHARED.version) === LAYOUT) return true;
    this.stop();
    return false;
  }

  /** What the user allows outlives the program: the map of a run that ended, or of another layout. */
  #keptAllowed(pins: Pins): number | undefined {
    const fd = pins.openAllowed() ?? pins.open(NEVER);
    if (fd === undefined || isSame(fd, this.definition(NEVER))) return fd;
    closeFd(fd);
    return undefined;
  }

  #create(objects: readonly BpfObject[], pins: Pins): void {
    for (const object of objects)
      for (const definition of object.maps()) {
        if (this.#fds.has(definition.name) || isOwn(definition)) continue;
        const btf =
          definition.type === bpf.MapType.SK_STORAGE
            ? { btf: { fd: object.btfFd(), key: definition.keyType, value: definition.valueType } }
            : {};
        this.#fds.set(definition.name, bpf.createMap({ ...definition, ...btf }));
      }
    const shared = Buffer.alloc(128);
    shared.writeUInt32LE(LAYOUT, SHARED.version);
    randomBytes(8).copy(shared, SHARED.seed);
    bpf.updateElement(this.fd('pw_shared'), Buffer.alloc(128), shared);
    for (const [name, fd] of this.#fds) pins.pin(fd, name);
  }

  #createOwn(): void {
    for (const definition of this.#definitions.values())
      if (isOwn(definition)) this.#fds.set(definition.name, bpf.createMap(definition));
  }

  #seed(): bigint {
    const shared = Buffer.alloc(128);
    bpf.lookupElement(this.fd('pw_shared'), Buffer.alloc(128), shared);
    return shared.readBigUInt64LE(SHARED.seed);
  }
}

/** Of this process alone, never pinned: the kernel empties an array of programs when its last descriptor is closed. */
function isOwn(definition: MapDefinition): boolean {
  return definition.type === bpf.MapType.PROG_ARRAY;
}

/** Does struct bpf_map_info say what the definition does? */
function isSame(fd: number, definition: MapDefinition): boolean {
  const info = bpf.objectInfo(fd);
  return (
    info.readUInt32LE(0) === definition.type &&
    info.readUInt32LE(8) === definition.keySize &&
    info.readUInt32LE(12) === definition.valueSize &&
    info.readUInt32LE(16) === definition.maxEntries &&
    info.readUInt32LE(20) === definition.flags
  );
}

import * as bpf from './bpf.ts';
import { possibleCpus } from './cpus.ts';
import type { MapDefinition } from './object.ts';

/** koffi wants memory that doesn't move: V8 keeps smaller arrays on its heap. */
const STEADY = 128;

/** A map of a plugin, as its decoder reads and writes it; keys and values are bytes in the host's order. */
export class PluginMap {
  readonly fd: number;
  readonly definition: MapDefinition;
  readonly #valueBytes: number;

  constructor(fd: number, definition: MapDefinition) {
    this.fd = fd;
    this.definition = definition;
    this.#valueBytes = isPerCpu(definition)
      ? ((definition.valueSize + 7) & ~7) * possibleCpus()
      : definition.valueSize;
  }

  /** The value of a key (per-CPU maps: those of all CPUs, each padded to 8 bytes); undefined when there is none. */
  get(key: Uint8Array): Buffer | undefined {
    const value = Buffer.alloc(Math.max(STEADY, this.#valueBytes));
    if (!bpf.lookupElement(this.fd, this.#key(key), value)) return undefined;
    return value.subarray(0, this.#valueBytes);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    if (value.length !== this.#valueBytes)
      throw new RangeError(
        `a value of ${this.definition.name} has ${this.#valueBytes} bytes, not ${value.length}`,
      );
    bpf.updateElement(this.fd, this.#key(key), steady(value, this.#valueBytes));
  }

  /** false when there was none. */
  delete(key: Uint8Array): boolean {
    return bpf.deleteElement(this.fd, this.#key(key));
  }

  /** All entries; one that is deleted meanwhile may end the walk early. */
  *entries(): Generator<readonly [Buffer, Buffer]> {
    const { keySize, maxEntries } = this.definition;
    let key: Buffer | undefined;
    for (let i = 0; i < maxEntries; i++) {
      const next = Buffer.alloc(STEADY + keySize);
      if (!bpf.nextKey(this.fd, key, next)) return;
      key = next;
      const value = this.get(next.subarray(0, keySize));
      if (value) yield [next.subarray(0, keySize), value];
    }
  }

  #key(key: Uint8Array): Buffer {
    const { name, keySize } = this.definition;
    if (key.length !== keySize)
      throw new RangeError(`a key of ${name} has ${keySize} bytes, not ${key.length}`);
    return steady(key, keySize);
  }
}

function steady(bytes: Uint8Array, size: number): Buffer {
  const copy = Buffer.alloc(Math.max(STEADY, size));
  copy.set(bytes);
  return copy;
}

/** Has each CPU a value of its own? */
export function isPerCpu({ type }: MapDefinition): boolean {
  return (
    type === bpf.MapType.PERCPU_HASH ||
    type === bpf.MapType.PERCPU_ARRAY ||
    type === bpf.MapType.LRU_PERCPU_HASH
  );
}

import { attr, Command, call, name16, pointer } from './bpf-call.ts';
import { bpfCall, SystemError } from './libc.ts';

export const MapType = {
  HASH: 1,
  ARRAY: 2,
  PROG_ARRAY: 3,
  PERCPU_HASH: 5,
  PERCPU_ARRAY: 6,
  LRU_PERCPU_HASH: 10,
  LPM_TRIE: 11,
  SK_STORAGE: 24,
  RINGBUF: 27,
  TASK_STORAGE: 29,
} as const;
export const MapFlag = {
  NO_PREALLOC: 1,
  RDONLY_PROG: 0x80,
  CLONE: 0x200,
  MMAPABLE: 0x400,
} as const;

export interface MapSpec {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** Socket storage needs its types: a loaded BTF and the ids of key and value in it. */
  readonly btf?: { readonly fd: number; readonly key: number; readonly value: number };
}

/** Creates a map and returns its descriptor. */
export function createMap(spec: MapSpec): number {
  attr.fill(0);
  attr.writeUInt32LE(spec.type, 0);
  attr.writeUInt32LE(spec.keySize, 4);
  attr.writeUInt32LE(spec.valueSize, 8);
  attr.writeUInt32LE(spec.maxEntries, 12);
  attr.writeUInt32LE(spec.flags, 16);
  name16(28, spec.name);
  if (spec.btf) {
    attr.writeUInt32LE(spec.btf.fd, 48);
    attr.writeUInt32LE(spec.btf.key, 52);
    attr.writeUInt32LE(spec.btf.value, 56);
  }
  return call('MAP_CREATE', 72);
}

function element(
  command: keyof typeof Command,
  fd: number,
  key: Uint8Array,
  value: Uint8Array | undefined,
): number {
  attr.fill(0);
  attr.writeUInt32LE(fd, 0);
  pointer(8, key);
  if (value) pointer(16, value);
  return bpfCall(Command[command], attr, 32);
}

/** Reads an element into `value` (per-CPU maps: all CPUs' values in a row); false when there is none. */
export function lookupElement(fd: number, key: Uint8Array, value: Uint8Array): boolean {
  const result = element('MAP_LOOKUP_ELEM', fd, key, value);
  if (result === -2) return false;
  if (result < 0) throw new SystemError('bpf MAP_LOOKUP_ELEM', -result);
  return true;
}

export function updateElement(fd: number, key: Uint8Array, value: Uint8Array): void {
  const result = element('MAP_UPDATE_ELEM', fd, key, value);
  if (result < 0) throw new SystemError('bpf MAP_UPDATE_ELEM', -result);
}

/** false when there was none. */
export function deleteElement(fd: number, key: Uint8Array): boolean {
  const result = element('MAP_DELETE_ELEM', fd, key, undefined);
  if (result === -2) return false;
  if (result < 0) throw new SystemError('bpf MAP_DELETE_ELEM', -result);
  return true;
}

/** Writes the key after `key` (the first one without it) into `next`; false at the end. */
export function nextKey(fd: number, key: Uint8Array | undefined, next: Uint8Array): boolean {
  attr.fill(0);
  attr.writeUInt32LE(fd, 0);
  if (key) pointer(8, key);
  pointer(16, next);
  const result = bpfCall(Command.MAP_GET_NEXT_KEY, attr, 32);
  if (result === -2) return false;
  if (result < 0) throw new SystemError('bpf MAP_GET_NEXT_KEY', -result);
  return true;
}

/** No user may change the map from here on; the verifier then takes its content as constant. */
export function freezeMap(fd: number): void {
  attr.fill(0);
  attr.writeUInt32LE(fd, 0);
  call('MAP_FREEZE', 4);
}

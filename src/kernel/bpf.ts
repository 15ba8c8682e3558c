import { addressOf, bpfCall, closeFd, SystemError } from './libc.ts';

/** Commands of bpf(2), enum bpf_cmd in linux/bpf.h. */
const Command = {
  MAP_CREATE: 0,
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  MAP_DELETE_ELEM: 3,
  MAP_GET_NEXT_KEY: 4,
  PROG_LOAD: 5,
  OBJ_PIN: 6,
  OBJ_GET: 7,
  PROG_TEST_RUN: 10,
  OBJ_GET_INFO_BY_FD: 15,
  RAW_TRACEPOINT_OPEN: 17,
  BTF_LOAD: 18,
  MAP_FREEZE: 22,
  LINK_CREATE: 28,
  LINK_UPDATE: 29,
  ITER_CREATE: 33,
  LINK_DETACH: 34,
} as const;

export const MapType = {
  HASH: 1,
  ARRAY: 2,
  PERCPU_ARRAY: 6,
  LPM_TRIE: 11,
  SK_STORAGE: 24,
  RINGBUF: 27,
} as const;
export const ProgramType = { SCHED_CLS: 3, XDP: 6, TRACING: 26, SYSCALL: 31 } as const;
export const AttachType = {
  TRACE_RAW_TP: 23,
  TRACE_ITER: 28,
  XDP: 37,
  TCX_INGRESS: 46,
  TCX_EGRESS: 47,
} as const;
/** Flags of an XDP link (linux/if_link.h). */
export const XdpMode = { GENERIC: 2, NATIVE: 4 } as const;
export const MapFlag = {
  NO_PREALLOC: 1,
  RDONLY_PROG: 0x80,
  CLONE: 0x200,
  MMAPABLE: 0x400,
} as const;

/** The verifier gives up with EAGAIN when a signal comes (kernel/bpf/verifier.c, do_check); libbpf tries again as well. */
const EAGAIN = 11;
const LOAD_TRIES = 20;

/** Memory for one call's attribute and what it points to, so that nothing is collected while the kernel reads it. */
const attr = Buffer.alloc(256);

function call(name: keyof typeof Command, size: number): number {
  const result = bpfCall(Command[name], attr, size);
  if (result < 0) throw new SystemError(`bpf ${name}`, -result);
  return result;
}

function pointer(at: number, array: Uint8Array): void {
  attr.writeBigUInt64LE(addressOf(array), at);
}

function name16(at: number, name: string): void {
  attr.write(name.slice(0, 15), at, 'latin1');
}

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

export interface ProgramSpec {
  readonly name: string;
  readonly type: number;
  readonly instructions: Uint8Array;
  readonly expectedAttachType?: number;
  readonly attachBtfId?: number;
  readonly flags?: number;
  /** CO-RE by the kernel itself (5.17): the object's BTF, its function records and relocations. */
  readonly core?: {
    readonly btfFd: number;
    readonly functions: Uint8Array;
    readonly relocations: Uint8Array;
  };
}

/** What the verifier said of a program that it refused. */
export class VerifierError extends SystemError {
  readonly log: string;

  constructor(program: string, errno: number, log: string) {
    super(`bpf PROG_LOAD ${program}`, errno);
    this.log = log;
  }
}

/** Loads a program and returns its descriptor. The verifier's log is fetched only when it refuses. */
export function loadProgram(spec: ProgramSpec): number {
  const license = Buffer.alloc(128);
  license.write('Dual BSD/GPL');
  const fill = (log: Buffer | undefined) => {
    attr.fill(0);
    attr.writeUInt32LE(spec.type, 0);
    attr.writeUInt32LE(spec.instructions.length / 8, 4);
    pointer(8, spec.instructions);
    pointer(16, license);
    if (log) {
      attr.writeUInt32LE(1, 24);
      attr.writeUInt32LE(log.length, 28);
      pointer(32, log);
    }
    attr.writeUInt32LE(spec.flags ?? 0, 44);
    name16(48, spec.name);
    attr.writeUInt32LE(spec.expectedAttachType ?? 0, 68);
    if (spec.core) {
      attr.writeUInt32LE(spec.core.btfFd, 72);
      attr.writeUInt32LE(8, 76);
      pointer(80, spec.core.functions);
      attr.writeUInt32LE(spec.core.functions.length / 8, 88);
      attr.writeUInt32LE(spec.core.relocations.length / 16, 116);
      pointer(128, spec.core.relocations);
      attr.writeUInt32LE(16, 136);
    }
    attr.writeUInt32LE(spec.attachBtfId ?? 0, 108);
  };
  fill(undefined);
  let result = bpfCall(Command.PROG_LOAD, attr, 144);
  for (let tries = 0; result === -EAGAIN && tries < LOAD_TRIES; tries++) result = bpfCall(Command.PROG_LOAD, attr, 144);
  if (result >= 0) return result;
  const log = Buffer.alloc(1 << 20);
  fill(log);
  const again = bpfCall(Command.PROG_LOAD, attr, 144);
  if (again >= 0) return again;
  throw new VerifierError(spec.name, -result, log.toString('latin1', 0, log.indexOf(0)));
}

/** Loads type information and returns its descriptor. */
export function loadBtf(data: Uint8Array): number {
  attr.fill(0);
  pointer(0, data);
  attr.writeUInt32LE(data.length, 16);
  return call('BTF_LOAD', 28);
}

export function pinObject(fd: number, path: string): void {
  const text = Buffer.alloc(Math.max(128, path.length + 1));
  text.write(path);
  attr.fill(0);
  pointer(0, text);
  attr.writeUInt32LE(fd, 8);
  call('OBJ_PIN', 16);
}

/** Descriptor of a pinned object; undefined when the pin does not exist. */
export function pinnedObject(path: string): number | undefined {
  const text = Buffer.alloc(Math.max(128, path.length + 1));
  text.write(path);
  attr.fill(0);
  pointer(0, text);
  const result = bpfCall(Command.OBJ_GET, attr, 16);
  if (result === -2) return undefined;
  if (result < 0) throw new SystemError(`bpf OBJ_GET ${path}`, -result);
  return result;
}

/** Attaches to an interface: TCX or XDP; returns the link. */
export function linkToInterface(
  program: number,
  ifindex: number,
  attachType: number,
  flags = 0,
): number {
  attr.fill(0);
  attr.writeUInt32LE(program, 0);
  attr.writeUInt32LE(ifindex, 4);
  attr.writeUInt32LE(attachType, 8);
  attr.writeUInt32LE(flags, 12);
  return call('LINK_CREATE', 64);
}

/** Attaches a BTF tracepoint program; returns the link. */
export function linkToTracepoint(program: number): number {
  attr.fill(0);
  attr.writeUInt32LE(program, 8);
  return call('RAW_TRACEPOINT_OPEN', 16);
}

/** Runs an iterator program once: a descriptor to read to its end. */
export function openIterator(program: number): number {
  attr.fill(0);
  attr.writeUInt32LE(program, 0);
  attr.writeUInt32LE(AttachType.TRACE_ITER, 8);
  const link = call('LINK_CREATE', 64);
  attr.fill(0);
  attr.writeUInt32LE(link, 0);
  try {
    return call('ITER_CREATE', 8);
  } finally {
    closeFd(link);
  }
}

/** Puts another program in a link's place at once: no packet passes between them. */
export function updateLink(link: number, program: number): void {
  attr.fill(0);
  attr.writeUInt32LE(link, 0);
  attr.writeUInt32LE(program, 4);
  call('LINK_UPDATE', 16);
}

/** struct bpf_link_info, bpf_prog_info or bpf_map_info of a descriptor. */
export function objectInfo(fd: number): Buffer {
  const info = Buffer.alloc(256);
  attr.fill(0);
  attr.writeUInt32LE(fd, 0);
  attr.writeUInt32LE(info.length, 4);
  pointer(8, info);
  call('OBJ_GET_INFO_BY_FD', 16);
  return info;
}

/** Runs a SYSCALL program on a request, which it may change. */
export function runRequest(program: number, request: Uint8Array): void {
  attr.fill(0);
  attr.writeUInt32LE(program, 0);
  attr.writeUInt32LE(request.length, 40);
  pointer(48, request);
  call('PROG_TEST_RUN', 80);
}

export interface TestRun {
  readonly retval: number;
  /** Mean of one run, nanoseconds. */
  readonly durationNs: number;
}

/** Runs a packet program `repeat` times on one frame (BPF_PROG_TEST_RUN); nothing is sent. */
export function testRun(
  program: number,
  frame: Uint8Array,
  repeat = 1,
  context?: Uint8Array,
): TestRun {
  const data = Buffer.alloc(Math.max(128, frame.length));
  data.set(frame);
  attr.fill(0);
  attr.writeUInt32LE(program, 0);
  attr.writeUInt32LE(frame.length, 8);
  pointer(16, data);
  attr.writeUInt32LE(repeat, 32);
  if (context) {
    attr.writeUInt32LE(context.length, 40);
    pointer(48, context);
  }
  call('PROG_TEST_RUN', 80);
  return { retval: attr.readInt32LE(4), durationNs: attr.readUInt32LE(36) };
}

import { addressOf, bpfCall, SystemError } from './libc.ts';

/** Commands of bpf(2), enum bpf_cmd in linux/bpf.h. */
export const Command = {
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
  PROG_QUERY: 16,
  RAW_TRACEPOINT_OPEN: 17,
  BTF_LOAD: 18,
  MAP_FREEZE: 22,
  LINK_CREATE: 28,
  LINK_UPDATE: 29,
  ITER_CREATE: 33,
  LINK_DETACH: 34,
} as const;

/** Memory for one call's attribute and what it points to, so that nothing is collected while the kernel reads it. */
export const attr: Buffer = Buffer.alloc(256);

export function call(name: keyof typeof Command, size: number): number {
  const result = bpfCall(Command[name], attr, size);
  if (result < 0) throw new SystemError(`bpf ${name}`, -result);
  return result;
}

export function pointer(at: number, array: Uint8Array): void {
  attr.writeBigUInt64LE(addressOf(array), at);
}

export function name16(at: number, name: string): void {
  attr.write(name.slice(0, 15), at, 'latin1');
}

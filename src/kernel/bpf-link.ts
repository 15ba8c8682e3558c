import { attr, Command, call, pointer } from './bpf-call.ts';
import { bpfCall, closeFd, readFd, SystemError } from './libc.ts';

export const AttachType = {
  TRACE_RAW_TP: 23,
  TRACE_ITER: 28,
  XDP: 37,
  TCX_INGRESS: 46,
  TCX_EGRESS: 47,
} as const;
/** Flags of an XDP link (linux/if_link.h). */
export const XdpMode = { GENERIC: 2, NATIVE: 4 } as const;
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

/** BPF_F_AFTER | BPF_F_LINK: behind the link that is named. */
const AFTER_LINK = (1 << 4) | (1 << 13);

/** Attaches to an interface: TCX or XDP; returns the link. */
export function linkToInterface(
  program: number,
  ifindex: number,
  attachType: number,
  flags = 0,
  relative = 0,
): number {
  attr.fill(0);
  attr.writeUInt32LE(program, 0);
  attr.writeUInt32LE(ifindex, 4);
  attr.writeUInt32LE(attachType, 8);
  attr.writeUInt32LE(flags, 12);
  attr.writeUInt32LE(relative, 16);
  return call('LINK_CREATE', 64);
}

/** Attaches to an interface by TCX, right behind another link there; returns the link. */
export function linkBehind(
  link: number,
  program: number,
  ifindex: number,
  attachType: number,
): number {
  return linkToInterface(program, ifindex, attachType, AFTER_LINK, link);
}

/** More than anybody attaches to one interface (BPF_MPROG_MAX). */
const LINKS = 64;

/** Ids of the links at an interface's TCX hook, of our programs and of others. */
export function linksOf(ifindex: number, attachType: number): number[] {
  const ids = Buffer.alloc(4 * LINKS);
  const programs = Buffer.alloc(4 * LINKS);
  attr.fill(0);
  attr.writeUInt32LE(ifindex, 0);
  attr.writeUInt32LE(attachType, 4);
  pointer(16, programs);
  attr.writeUInt32LE(LINKS, 24);
  pointer(40, ids);
  call('PROG_QUERY', 64);
  const count = attr.readUInt32LE(24);
  return Array.from({ length: count }, (_, n) => ids.readUInt32LE(4 * n));
}

/** Attaches a BTF tracepoint program; returns the link. */
export function linkToTracepoint(program: number): number {
  attr.fill(0);
  attr.writeUInt32LE(program, 8);
  return call('RAW_TRACEPOINT_OPEN', 16);
}

/**
 * Runs an iterator program once, and hands on what it writes.
 * @param size bytes of one read at most
 * @param take returns false to stop
 */
export function iterate(program: number, size: number, take: (chunk: Buffer) => boolean): void {
  const fd = openIterator(program);
  try {
    const buffer = Buffer.alloc(Math.max(128, size));
    for (;;) {
      const length = readFd(fd, buffer.subarray(0, size));
      if (length === 0 || !take(buffer.subarray(0, length))) return;
    }
  } finally {
    closeFd(fd);
  }
}

function openIterator(program: number): number {
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

/** Detaches a link at once; one without pin and descriptors goes by itself, but later. False: this kind can't. */
export function detachLink(link: number): boolean {
  attr.fill(0);
  attr.writeUInt32LE(link, 0);
  return bpfCall(Command.LINK_DETACH, attr, 4) >= 0;
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

/** enum bpf_link_type. */
const LinkType = { XDP: 6, TCX: 11 } as const;

/** What a link is: its and its program's number, and of one to an interface which (0: it is gone). */
export interface LinkInfo {
  readonly id: number;
  readonly program: number;
  readonly ifindex: number | undefined;
}

/** Of a link's descriptor. */
export function linkInfo(fd: number): LinkInfo {
  const info = objectInfo(fd);
  const type = info.readUInt32LE(0);
  const isOnInterface = type === LinkType.XDP || type === LinkType.TCX;
  return {
    id: info.readUInt32LE(4),
    program: info.readUInt32LE(8),
    ifindex: isOnInterface ? info.readUInt32LE(16) : undefined,
  };
}

/** The kernel's number of a map. */
export function mapId(fd: number): number {
  return objectInfo(fd).readUInt32LE(4);
}

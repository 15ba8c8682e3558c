import type { Kernel } from '../kernel/kernel.ts';
import type { Names } from '../sinks/sink.ts';
import type { Interfaces } from '../sources/interfaces.ts';

/** Docker, containerd, CRI-O, Podman and Kubernetes all put the container's 64 hex digits into the cgroup's name. */
const CONTAINER_ID = /(?:^|[-_:/])([0-9a-f]{64})(?:\.scope)?$/;
const CACHED = 4096;

/** Names that sinks ask for: interfaces by index, containers by cgroup. */
export class HostNames implements Names {
  readonly #kernel: Kernel | undefined;
  readonly #interfaces: Interfaces | undefined;
  readonly #containers = new Map<number, string>();

  constructor(kernel: Kernel | undefined, interfaces: Interfaces | undefined) {
    this.#kernel = kernel;
    this.#interfaces = interfaces;
  }

  iface(ifindex: number): string | undefined {
    return this.#interfaces?.name(ifindex);
  }

  container(cgroupLo: number, cgroupHi: number): string | undefined {
    const id = cgroupHi * 4294967296 + cgroupLo; // an inode's number: it fits
    if (id === 0 || !this.#kernel) return undefined;
    const known = this.#containers.get(id);
    if (known !== undefined) return known === '' ? undefined : known;
    const name = this.#kernel.cgroupName(BigInt(id));
    const container = name === undefined ? undefined : containerId(name);
    if (this.#containers.size >= CACHED) this.#containers.clear();
    this.#containers.set(id, container ?? '');
    return container;
  }
}

/** The container's id in a cgroup's name, as the first 12 of its 64 digits show it everywhere. */
export function containerId(cgroup: string): string | undefined {
  return CONTAINER_ID.exec(cgroup)?.[1]?.slice(0, 12);
}

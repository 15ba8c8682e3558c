/** What a running program holds: memory of its own, descriptors, memory of its maps in the kernel. */
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from '../proc.ts';

export interface Held {
  /** Resident, bytes; the mapped part of the kernel's tables is in it. */
  readonly rss: number;
  readonly fds: number;
  /** What the kernel says its maps take, bytes. */
  readonly maps: number;
}

/** A descriptor of a request that just ends is not held: it is gone at one of so many looks. */
const LOOKS = 5;

export async function heldBy(pid: number): Promise<Held> {
  const kib = Number(/VmRSS:\s+(\d+)/.exec(text(`/proc/${pid}/status`))?.[1] ?? 0);
  const fds = readdirSync(`/proc/${pid}/fd`);
  let fewest = fds.length;
  for (let look = 1; look < LOOKS; look++) {
    await sleep(50);
    fewest = Math.min(fewest, readdirSync(`/proc/${pid}/fd`).length);
  }
  return { rss: kib * 1024, fds: fewest, maps: mapBytes(pid, fds) };
}

/** Each map once, however many descriptors it has. */
function mapBytes(pid: number, fds: readonly string[]): number {
  const byId = new Map<string, number>();
  for (const fd of fds) {
    if (linkOf(`/proc/${pid}/fd/${fd}`) !== 'anon_inode:bpf-map') continue;
    const info = text(`/proc/${pid}/fdinfo/${fd}`);
    const id = /^map_id:\s+(\d+)/m.exec(info)?.[1];
    if (id !== undefined) byId.set(id, Number(/^memlock:\s+(\d+)/m.exec(info)?.[1] ?? 0));
  }
  return [...byId.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // it was closed meanwhile
  }
}

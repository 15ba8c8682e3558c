import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { OperatorError } from '../model/errors.ts';

const MIB = 1024 * 1024;
/**
 * What a start takes at its peak: the tables are 37 MiB, the rest Node's and the verifier's. Measured on 2 CPUs: 104 MiB.
 */
const NEEDED_MIB = 112;

/**
 * Is this process allowed the memory of a start? The kernel would end it in the middle, by SIGKILL and without a word.
 * Throws OperatorError.
 */
export function requireMemory(): void {
  const limit = memoryLimit() / MIB;
  if (limit < NEEDED_MIB)
    throw new OperatorError(
      `no memory for the tables: this process may use ${Math.floor(limit)} MiB (its cgroup's limit), and a start takes ${NEEDED_MIB} MiB`,
      'raise MemoryMax= of its service, memory.max, or the limit of its container',
    );
}

/**
 * The least memory limit of our cgroups (cgroups(7)), version 1 or 2, in bytes; Infinity where there is none or it
 * can't be read.
 * @param root under which /proc and /sys lie
 */
export function memoryLimit(root = ''): number {
  let least = Infinity;
  for (const line of read(`${root}/proc/self/cgroup`).split('\n')) {
    const [id, controllers, ...rest] = line.split(':');
    const path = rest.join(':');
    const isOurs = id === '0' || controllers?.split(',').includes('memory');
    if (!isOurs || !path.startsWith('/')) continue;
    const [mount, file] =
      id === '0'
        ? ['/sys/fs/cgroup', 'memory.max']
        : ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'];
    // Of a container the path may be the host's; then only that of the mount itself is there.
    for (let at = path; ; at = dirname(at)) {
      const limit = Number.parseInt(read(`${root}${mount}${at}/${file}`), 10);
      if (limit < least) least = limit; // `max` is not a number
      if (at === '/') break;
    }
  }
  return least;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

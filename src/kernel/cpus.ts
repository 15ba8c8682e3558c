import { readFileSync } from 'node:fs';

/** CPUs that the kernel has room for, as `0-3` or `0,2-5` says. */
export function possibleCpus(): number {
  const text = readFileSync('/sys/devices/system/cpu/possible', 'latin1').trim();
  const last = text.split(',').at(-1)?.split('-').at(-1);
  return Number(last ?? 0) + 1;
}

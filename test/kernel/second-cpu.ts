/**
 * Run as a program: the same guard on another CPU, over the tables of a running test (two-cpus.test.ts). Prints how many
 * SYNs passed.
 */
import { pathToFileURL } from 'node:url';
import type { KernelOptions } from '../../src/kernel/options.ts';
import { tcpFrame } from '../support/frames.ts';
import { Rig, VICTIM } from './rig.ts';
import { apartSources } from './sets.ts';

export const SOURCES = 4000;
/** Distinct ones on each CPU. */
export const PORTS = 5;
export const OPTIONS: Partial<KernelOptions> = { block: true, events: false };
const SOURCE = 14 + 12;

/** Every source tries all ports; both CPUs begin with each source at the same moment. */
export function scanAll(rig: Rig, cpu: 0 | 1): number {
  const frames = Array.from({ length: PORTS }, (_, i) =>
    tcpFrame({ src: '0.0.0.0', dst: VICTIM, dstPort: 100 * cpu + i + 1 }),
  );
  const sources = apartSources(rig, SOURCES);
  const mapping = rig.kernel.maps.map('pw_answers', true); // of no use here without events
  const progress = new Int32Array(mapping.buffer);
  let passed = 0;
  for (const [i, source] of sources.entries()) {
    for (const frame of frames) frame.writeUInt32BE(source, SOURCE);
    Atomics.store(progress, cpu, i + 1);
    while (Atomics.load(progress, 1 - cpu) < i + 1);
    for (const frame of frames) if (rig.run('tcx', frame) === 'pass') passed++;
  }
  mapping.unmap();
  return passed;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const rig = new Rig(OPTIONS, BigInt(process.argv[2]!));
  rig.run('tcx', Buffer.alloc(60)); // loads the program
  process.stdout.write('ready\n');
  const passed = scanAll(rig, 1);
  rig.close();
  process.stdout.write(`${passed}\n`);
}

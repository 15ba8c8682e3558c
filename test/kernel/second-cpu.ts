/**
 * Run as a program: the same guard on another CPU, over the tables of a running test (two-cpus.test.ts). Prints how many
 * SYNs passed, as JSON.
 */
import { pathToFileURL } from 'node:url';
import { tcpFrame } from '../support/frames.ts';
import { type HookName, Rig, VICTIM } from './rig.ts';

export const SOURCES = 20_000;
const PORTS = 6;
const SOURCE = 14 + 12;

/** Every source tries all ports, one after the other; how many SYNs passed. */
export function scanAll(rig: Rig, hook: HookName): number {
  const frames = Array.from({ length: PORTS }, (_, i) =>
    tcpFrame({ src: '11.0.0.0', dst: VICTIM, dstPort: i + 1 }),
  );
  let passed = 0;
  for (let source = 0; source < SOURCES; source++)
    for (const frame of frames) {
      frame.writeUInt32BE(0x0b000000 + source, SOURCE);
      if (rig.run(hook, frame) === 'pass') passed++;
    }
  return passed;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const rig = new Rig({ block: true, blockMax: 1e9, events: false }, BigInt(process.argv[2]!));
  rig.run('tcx', Buffer.alloc(60)); // loads the program
  process.stdout.write('ready\n');
  process.stdin.once('data', () => {
    process.stdout.write(`${scanAll(rig, 'tcx')}\n`);
    process.stdin.pause();
    rig.close();
  });
}

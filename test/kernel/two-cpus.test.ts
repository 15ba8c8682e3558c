import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { SOURCES, scanAll } from './second-cpu.ts';
import { withRig } from './with-rig.ts';

const SECOND = fileURLToPath(new URL('./second-cpu.ts', import.meta.url));
const rig = withRig({ block: true, blockMax: 1e9, events: false });

it('two CPUs that judge the same sources let exactly three ports of each pass', async () => {
  const second = spawn(process.execPath, ['--import', 'tsx', SECOND, String(rig().cookie)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(second.stdout, 'data'); // it is ready
  rig().moved();
  second.stdin.write('go\n');
  const here = scanAll(rig(), 'tcx');
  const [there] = (await once(second.stdout, 'data')) as [Buffer];
  await once(second, 'exit');
  const { contended, evicted, blocks_replaced: replaced, ...moved } = rig().moved();
  expect(moved).toMatchObject({ attempts: SOURCES * 12 });
  // whoever finds a set locked lets the packet pass, which is counted; so is what the full table forgot
  const forgiven = (contended ?? 0) + 3 * ((evicted ?? 0) + (replaced ?? 0));
  expect(here + Number(there)).toBeGreaterThanOrEqual(SOURCES * 3);
  expect(here + Number(there)).toBeLessThanOrEqual(SOURCES * 3 + forgiven);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { OPTIONS, PORTS, SOURCES, scanAll } from './second-cpu.ts';
import { withRig } from './with-rig.ts';

const SECOND = fileURLToPath(new URL('./second-cpu.ts', import.meta.url));
const rig = withRig(OPTIONS);

it('two CPUs that judge the same sources let three ports of each pass, exactly', {
  timeout: 120_000, // both loop, and other work may have the processors
}, async ({ skip }) => {
  skip(availableParallelism() < 2, 'there is one CPU');
  rig().run('tcx', Buffer.alloc(60)); // loads the program
  rig().moved();
  const second = spawn(process.execPath, ['--import', 'tsx', SECOND, String(rig().cookie)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(second, 'close');
  let said = '';
  second.stdout.on('data', (text: Buffer) => (said += text.toString()));
  await once(second.stdout, 'data'); // it is ready, and waits
  const here = scanAll(rig(), 0);
  await ended;
  const there = Number(said.trim().split('\n')[1]);
  const { attempts, contended, verdicts, blocked } = rig().moved();
  expect(attempts).toBe(2 * PORTS * SOURCES);
  expect([verdicts, blocked]).toEqual([SOURCES, SOURCES]);
  // whoever finds a set locked for long lets the packet pass, uncounted by the rule, and says so
  expect(here + there).toBe(3 * SOURCES + (contended ?? 0));
  expect(Math.min(here, there)).toBeGreaterThan(0);
});

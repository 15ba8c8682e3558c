/** Our own program, run as its users run it. */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Counters } from '../src/kernel/counters.ts';
import type { Blocker } from './blockers.ts';
import { onEnd, run, type Started, text, until } from './proc.ts';
import { ATTACKER, type Family, helper, PROBE, type Rig, VICTIM, VICTIM_IF } from './rig.ts';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** Why it can't be measured; undefined when it can. */
export async function ready(): Promise<string | undefined> {
  if (!existsSync(MAIN)) return 'not built (make build)';
  const help = await run([process.execPath, MAIN, 'watch', '--help'], { timeoutS: 20 });
  return help.code === 0 && help.stdout.includes('--source')
    ? undefined
    : 'its watch command does not run yet';
}

/** The command line in the victim. */
export function command(
  args: readonly string[],
  interfaces: readonly string[] = ['-i', VICTIM_IF],
): string[] {
  return [process.execPath, MAIN, 'watch', ...interfaces, '--source', 'ebpf', ...args];
}

/** One refused connection from the probe address: shows whether a watcher is at work yet. */
export async function probe(rig: Rig, folder: string): Promise<void> {
  const argv = [
    await helper('loadgen'),
    PROBE,
    '1',
    VICTIM[4],
    '9',
    '1',
    '0',
    '0.001',
    '1',
    'server',
    `${folder}/probe.log`,
  ];
  await rig.must('attacker', argv);
}

/** Starts it with its output in a file and returns when the probe shows there. */
export async function startToFile(
  rig: Rig,
  folder: string,
  args: readonly string[],
  output: string,
): Promise<Started> {
  const errors = `${folder}/packetwatch.err`;
  const started = await rig.start('victim', command(args), {
    stdout: { file: output },
    stderr: errors,
  });
  const lines = new Tail(output);
  let seen = false;
  const works = await until(async () => {
    await probe(rig, folder);
    seen ||= lines.more().some((line) => line.includes(PROBE));
    return seen || started.child.exitCode !== null;
  }, 30);
  if (works && seen) return started;
  await started.stop();
  throw new Error(`packetwatch did not report the probe: ${text(errors).trim().slice(-400)}`);
}

/** What the bench reads of `packetwatch status --json`. */
export interface Status {
  readonly kernel: Counters;
  readonly source_counts: { readonly lost: Readonly<Record<string, number>> };
  readonly flow: { readonly evicted: number; readonly live: number };
  readonly output: { readonly lines: number; readonly lost: number };
}

export async function status(rig: Rig): Promise<Status> {
  const argv = [process.execPath, MAIN, 'status', '--json'];
  return JSON.parse(await rig.must('victim', argv, { timeoutS: 20 })) as Status;
}

/** Takes away what --block leaves in force. */
export async function release(rig: Rig): Promise<void> {
  const done = await rig.run('victim', [process.execPath, MAIN, 'release'], { timeoutS: 20 });
  if (done.code !== 0) throw new Error(`packetwatch release: ${done.stderr.trim()}`);
}

/** The same; its end also takes away what --block leaves in force, whether it ends or the bench is interrupted. */
export async function startBlocking(
  rig: Rig,
  folder: string,
  args: readonly string[],
  output: string,
): Promise<Pick<Started, 'pid' | 'stop'>> {
  const started = await startToFile(rig, folder, args, output);
  const stop = onEnd(async () => {
    await started.stop();
    await release(rig);
  });
  return { pid: started.pid, stop };
}

/** `packetwatch watch --block` for the leak row. */
export const ourBlocker: Blocker = {
  name: 'packetwatch --block',
  needs: { node: 'nodejs' },
  async start(rig, folder) {
    const output = `${folder}/packetwatch.json`;
    const { pid, stop } = await startBlocking(rig, folder, ['--block', '-o', 'json'], output);
    const lines = new Tail(output);
    const blocked = new Set<string>();
    return {
      pids: [pid],
      blocked: (family: Family) => {
        for (const line of lines.more()) {
          if (!line.includes('"scan"') && !line.includes('"block"')) continue;
          blocked.add(String((JSON.parse(line) as { src_ip?: string }).src_ip));
        }
        return Promise.resolve(blocked.has(ATTACKER[family]));
      },
      stop,
    };
  },
};

/** The whole lines that were added to a growing file since the last look. */
export class Tail {
  readonly #path: string;
  #offset = 0;
  #rest = '';

  constructor(path: string) {
    this.#path = path;
  }

  more(): string[] {
    if (!existsSync(this.#path)) return [];
    const fd = openSync(this.#path, 'r');
    const chunk = Buffer.alloc(1 << 20);
    let added = '';
    for (
      let n = readSync(fd, chunk, 0, chunk.length, this.#offset);
      n > 0;
      n = readSync(fd, chunk, 0, chunk.length, this.#offset)
    ) {
      added += chunk.toString('latin1', 0, n);
      this.#offset += n;
    }
    closeSync(fd);
    const lines = (this.#rest + added).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines;
  }
}

/** Processes of the bench: running, accounting and ending them, always by id. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Clock ticks per second in /proc; the same on every Linux that Node runs on. */
const TICKS = 100;

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Everything that must be undone, newest last; also run when the bench is interrupted. */
const undo: Array<() => Promise<void> | void> = [];

/** Registers an undo step and returns the function that does it now, once. */
export function onEnd(step: () => Promise<void> | void): () => Promise<void> {
  undo.push(step);
  return async () => {
    const at = undo.indexOf(step);
    if (at < 0) return;
    undo.splice(at, 1);
    await step();
  };
}

/** Undoes everything that is still standing. */
export async function undoAll(): Promise<void> {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
    try {
      await step();
    } catch (error) {
      process.stderr.write(`bench: while tidying up: ${String(error)}\n`);
    }
  }
}

/** Runs a command to its end. A code other than 0 is the caller's business. */
export async function run(
  argv: readonly string[],
  options: { input?: string; timeoutS?: number } = {},
): Promise<Finished> {
  const child = spawn(argv[0]!, argv.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  child.stdin.on('error', () => {}).end(options.input ?? ''); // it may exit without reading
  const timer = setTimeout(() => child.kill('SIGKILL'), (options.timeoutS ?? 120) * 1000);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve(exitCode ?? 128));
  });
  clearTimeout(timer);
  return { code, stdout, stderr };
}

/** Runs a command that must succeed and returns its standard output. */
export async function must(
  argv: readonly string[],
  options: { input?: string; timeoutS?: number } = {},
): Promise<string> {
  const done = await run(argv, options);
  if (done.code !== 0)
    throw new Error(
      `${argv.join(' ')}: exit code ${done.code}: ${(done.stderr || done.stdout).trim().slice(-400)}`,
    );
  return done.stdout;
}

export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Ends it and its children: TERM, and KILL after five seconds. */
  stop(): Promise<void>;
}

/** Where the output of a command goes: a file (appended) by its path, a pipe, or an open descriptor. */
export interface Output {
  readonly stdout: { readonly file: string } | 'pipe' | number;
  /** A file's path. */
  readonly stderr: string;
}

/** Starts a command in the background. */
export async function start(argv: readonly string[], output: Output): Promise<Started> {
  const files: number[] = [];
  const open = (path: string): number => {
    const fd = openSync(path, 'a');
    files.push(fd);
    return fd;
  };
  const stdout = typeof output.stdout === 'object' ? open(output.stdout.file) : output.stdout;
  const stdio: StdioOptions = ['ignore', stdout, open(output.stderr)];
  const child = spawn(argv[0]!, argv.slice(1), { stdio });
  for (const fd of files) closeSync(fd);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid!;
  const stop = onEnd(() => stopPid(pid));
  return { child, pid, stop };
}

/** A process and all its descendants that are alive. */
export function tree(pid: number): number[] {
  const found: number[] = [];
  const visit = (id: number): void => {
    const tasks = list(`/proc/${id}/task`);
    if (tasks.length === 0) return; // it has ended
    found.push(id);
    for (const task of tasks) {
      for (const child of words(`/proc/${id}/task/${task}/children`)) visit(Number(child));
    }
  };
  visit(pid);
  return found;
}

/**
 * CPU seconds, user and system, of these processes and their descendants: to the nanosecond for threads that
 * live, and in ticks for children that ended.
 */
export function cpuSeconds(pids: readonly number[]): number {
  let seconds = 0;
  for (const pid of new Set(pids.flatMap(tree))) {
    for (const task of list(`/proc/${pid}/task`))
      seconds += Number(words(`/proc/${pid}/task/${task}/schedstat`)[0] ?? 0) / 1e9;
    const stat = text(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    seconds += (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) / TICKS;
  }
  return seconds;
}

/** Peak resident memory, MB, summed over these processes and their descendants. */
export function peakRssMb(pids: readonly number[]): number {
  let kib = 0;
  for (const pid of new Set(pids.flatMap(tree))) {
    kib += Number(/VmHWM:\s+(\d+)/.exec(text(`/proc/${pid}/status`))?.[1] ?? 0);
  }
  return (kib * 1024) / 1e6;
}

/** Processes of this name in the network namespace of a process; for daemons that detach themselves. */
export function inNamespaceOf(pid: number, name: string): number[] {
  const netns = link(`/proc/${pid}/ns/net`);
  return readdirSync('/proc')
    .filter(
      (entry) =>
        /^\d+$/.test(entry) &&
        text(`/proc/${entry}/comm`).trim() === name &&
        link(`/proc/${entry}/ns/net`) === netns,
    )
    .map(Number);
}

/** Ends a process tree and waits until it is gone. */
export async function stopPid(pid: number, graceS = 5): Promise<void> {
  const all = tree(pid);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const id of all) kill(id, signal);
    const end = Date.now() + graceS * 1000;
    while (Date.now() < end) {
      if (!all.some(isAlive)) return;
      await sleep(20);
    }
  }
}

/** Polls until `what` is true. Returns false after `seconds`. */
export async function until(
  what: () => boolean | Promise<boolean>,
  seconds: number,
  stepMs = 50,
): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    if (await what()) return true;
    if (Date.now() > end) return false;
    await sleep(stepMs);
  }
}

export function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // files of /proc go away with their process, logs come late
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // the process has ended
  }
}

function words(path: string): string[] {
  return text(path)
    .split(/\s+/)
    .filter((word) => word !== '');
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  const stat = text(`/proc/${pid}/stat`);
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended meanwhile
  }
}

/** Share of the machine's CPU, percent, that is in use while this process only waits. */
export async function otherWorkPct(): Promise<number> {
  const read = (): { busy: number; all: number } => {
    const times = words('/proc/stat').slice(1, 9).map(Number);
    const all = times.reduce((sum, ticks) => sum + ticks, 0);
    return { all, busy: all - times[3]! - times[4]! };
  };
  const before = read();
  await sleep(2000);
  const after = read();
  return (100 * (after.busy - before.busy)) / Math.max(1, after.all - before.all);
}

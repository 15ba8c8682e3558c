/** `packetwatch read` as its users start it, with files of the test's own. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Packet } from './captures.ts';
import { type Done, run, type RunOptions } from './command.ts';
import { tcpFrame } from './frames.ts';
import { PYTHON } from './peer.ts';
import { MAIN } from './rig.ts';

/** The second of the first packet. */
export const START = 1_700_000_000;
export const V4 = { src: '192.0.2.1', dst: '192.0.2.2' };
export const V6 = { src: '2001:db8::1', dst: '2001:db8::2' };

let seq = 0;
/** A SYN so many seconds after the start, of a connection of its own. */
export function syn(second: number, dstPort: number, ends = V4): Packet {
  return {
    frame: tcpFrame({ ...ends, dstPort, srcPort: 40_000, seq: seq++ }),
    seconds: START + second,
    fraction: 250_000,
  };
}

/** What starts the program; its times are UTC. */
export const READ: readonly string[] = ['env', 'TZ=UTC', process.execPath, MAIN, 'read'];

/** @param shell a script that has the command as "$0" "$@" */
export function read(args: readonly string[], shell?: string, options?: RunOptions): Promise<Done> {
  const argv = [...READ, ...args];
  return run(shell === undefined ? argv : ['bash', '-c', shell, ...argv], options);
}

/** Files of one suite; skips it where the program isn't built. */
export function useFiles(): (name: string, bytes: Uint8Array) => string {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'packetwatch-read-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach((context) => {
    if (!existsSync(MAIN)) context.skip('dist/cli/main.js is not there: make build');
  });
  return (name, bytes) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
}

/** Prints behind all else on standard error the most memory that a command had, KiB. */
const PEAK = `
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)`;

export interface Peak extends Done {
  readonly peakMB: number;
}

/** The same with the most memory that it had. @param pipe where its standard output goes: a shell command */
export async function readWithPeak(
  args: readonly string[],
  pipe = 'cat',
  options?: RunOptions,
): Promise<Peak> {
  const script = `set -o pipefail; ${PYTHON} -c '${PEAK}' "$0" "$@" | ${pipe}`;
  const done = await read(args, script, options);
  const [, notes, kib] = /^(.*)peak (\d+)\n$/s.exec(done.stderr) ?? [];
  if (kib === undefined) throw new Error(`it did not end as it should: ${done.stderr}`);
  return { ...done, stderr: notes!, peakMB: Number(kib) / 1000 };
}

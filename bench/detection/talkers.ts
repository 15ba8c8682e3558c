/** Connections that keep exchanging data with the victim, by src/talkers.mjs. */
import { fileURLToPath } from 'node:url';
import { type Started, text, until } from '../proc.ts';
import { CLIENT, VICTIM } from '../rig.ts';
import type { Victim } from './victim.ts';

export const TALKERS = 50;
const PORT = 7000;

export interface Talkers {
  /** Closes the connections. */
  end(): Promise<{ readonly ports: readonly number[]; readonly rounds: number }>;
}

/** Returns once all of them are open. */
export async function talk({ rig, folder }: Victim): Promise<Talkers> {
  const program = fileURLToPath(new URL('../src/talkers.mjs', import.meta.url));
  const begin = async (side: 'victim' | 'attacker', args: string[], word: string) => {
    const file = `${folder}/${side}.out`;
    const argv = [process.execPath, program, ...args];
    const started = await rig.start(side, argv, { stdout: { file }, stderr: file });
    if (!(await until(() => text(file).includes(word), 10)))
      throw new Error(`the talkers did not start: ${text(file)}`);
    return { started, file };
  };
  await begin('victim', ['serve', `${PORT}`], 'ready');
  const args = ['talk', VICTIM[4], `${PORT}`, CLIENT, `${TALKERS}`];
  const { started, file } = await begin('attacker', args, 'open');
  return { end: () => ended(started, file) };
}

async function ended(started: Started, file: string): ReturnType<Talkers['end']> {
  await started.stop();
  const last = text(file).trim().split('\n').at(-1)!;
  return JSON.parse(last) as Awaited<ReturnType<Talkers['end']>>;
}

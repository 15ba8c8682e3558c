/** What attempts from many sources cost in user space. */
import { cpuSeconds, peakRssMb } from '../proc.ts';
import { number, verdict } from '../report.ts';
import type { Part, Row } from './rows.ts';
import { Victim } from './victim.ts';

export const loadPart: Part = {
  name: 'load',
  title: 'Attempts from 50,000 sources',
  method: [
    '100,000 attempts a second, half of them on each of two CPUs, from 50,000 sources in turns, each for one closed port; 10 s, `--rule weighted -o text` to a file.',
    'Goal: under one core in user space, and nothing lost.',
  ],
  columns: [
    'attempts/s',
    'one by one',
    'summed',
    'lost',
    'evicted',
    'CPU, cores',
    'peak RSS MB',
    'goal',
  ],
  rows: ['text'],
  summary: () => [],
};

/** @param seconds of the load */
export async function manySources(seconds: number): Promise<Row> {
  const args = ['--rule', 'weighted', '-o', 'text'];
  return Victim.with(
    args,
    () => Promise.resolve(),
    async (victim) => {
      const before = (await victim.status()).kernel;
      const cpu = cpuSeconds([victim.pid]);
      const sources = { base: '11.0.0.0', sources: 50_000, port: 1000, ports: 1000 };
      await victim.syns({ ...sources, rate: 100_000, seconds });
      const cores = (cpuSeconds([victim.pid]) - cpu) / seconds;
      const { kernel, output } = await victim.status();
      const of = (name: keyof typeof kernel): number => kernel[name] - before[name];
      const lost = of('attempts_lost') + of('answers_lost') + of('sums_lost') + output.lost;
      const met = verdict(cores + lost, { atMost: 1 });
      return {
        cells: [
          number(of('attempts') / seconds),
          number(of('attempts_reported')),
          number(of('attempts_summed')),
          number(lost),
          number(of('evicted')),
          number(cores, 2),
          number(peakRssMb([victim.pid])),
          met,
        ],
        figures: {},
      };
    },
  );
}

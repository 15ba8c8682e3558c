/** Row `live`: what a page that is open costs the program at 5,000 connections a second. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate, onRig } from './load.ts';
import { ready, release, startToFile } from './packetwatch.ts';
import { cpuSeconds, peakRssMb, type Started, text } from './proc.ts';
import { median, number, type Options, type Section, verdict } from './report.ts';
import { type Rig, workFolder } from './rig.ts';

const RATE = 5000;
const LISTEN = ['--listen', '127.0.0.1:9470'];

interface Variant {
  readonly name: string;
  readonly args: readonly string[];
  /** Queries of the streams that are open. */
  readonly streams: readonly string[];
}

const VARIANTS: readonly Variant[] = [
  { name: 'without `--listen`', args: [], streams: [] },
  { name: '`--listen`, nobody reads', args: LISTEN, streams: [] },
  { name: 'one live stream', args: LISTEN, streams: [''] },
  { name: 'four live streams', args: LISTEN, streams: ['', '', '', ''] },
  {
    name: 'one with a filter that half passes',
    args: LISTEN,
    streams: ['?filter=portrange+8000-8007'],
  },
];

/** Of one run. */
interface Cost {
  /** Of a core, at RATE: a busy machine makes fewer connections. */
  readonly cpuPct: number;
  readonly rssMb: number;
  readonly perSecond: number;
  /** Events that the first stream was sent, and told to have missed, a second. */
  readonly sent: number;
  readonly skipped: number;
}

export async function live(options: Options): Promise<Section> {
  const why = await ready();
  const skipped = why === undefined ? [] : [`packetwatch: ${why}`];
  const seconds = options.quick ? 5 : 15;
  const costs = new Map<Variant, Cost[]>(VARIANTS.map((variant) => [variant, []]));
  for (let round = 0; why === undefined && round < (options.runs ?? 3); round++)
    for (const variant of VARIANTS) {
      const cost = await costOf(variant, seconds);
      options.log(`${variant.name}: ${cost.cpuPct.toFixed(1)} % of a core`);
      costs.get(variant)!.push(cost);
    }
  const of = (variant: Variant, what: keyof Cost): number =>
    median(costs.get(variant)!.map((cost) => cost[what]));
  const [, idle, one] = VARIANTS as [Variant, Variant, Variant];
  const more = of(one, 'cpuPct') - of(idle, 'cpuPct');
  return {
    title: 'Live stream',
    method: [
      `Short connections at ${RATE}/s over veth for ${seconds} s, each an attempt, an open and a close; the program's own CPU time for each connection, as of that rate, and its peak memory, with \`-o json\` to a file.`,
      'Each variant is a program of its own; medians of the rounds, in which the variants follow each other.',
      'Streams are read by curl.',
    ],
    tables: [
      {
        title: 'What each variant costs',
        columns: [
          'variant',
          'connections/s',
          `CPU at ${RATE}/s, % of a core`,
          'RSS MB',
          'events/s sent',
          'events/s skipped',
        ],
        rows: VARIANTS.map((variant) => [
          variant.name,
          number(of(variant, 'perSecond')),
          number(of(variant, 'cpuPct'), 1),
          number(of(variant, 'rssMb')),
          variant.streams.length === 0 ? '-' : number(of(variant, 'sent')),
          variant.streams.length === 0 ? '-' : number(of(variant, 'skipped')),
        ]),
        notes: [
          `Goal: one stream costs less than 5 % of a core: ${number(more, 1)} %: ${verdict(more, { atMost: 5 })}.`,
        ],
      },
    ],
    skipped,
  };
}

function costOf({ args, streams }: Variant, seconds: number): Promise<Cost> {
  return onRig('client', async (rig, folder) => {
    const state = workFolder('live-state');
    process.env['STATE_DIRECTORY'] = state;
    const watch = await startToFile(
      rig,
      folder,
      ['-o', 'json', ...args],
      join(folder, 'lines.json'),
    );
    try {
      const readers = await Promise.all(streams.map((query, i) => reader(rig, folder, query, i)));
      const before = cpuSeconds([watch.pid]);
      const startMs = performance.now();
      const { load } = await generate(rig, folder, RATE, 'client', seconds);
      const tookS = (performance.now() - startMs) / 1000;
      const used = cpuSeconds([watch.pid]) - before;
      const cpuPct = (used / load.started) * RATE * 100;
      const rssMb = peakRssMb([watch.pid]);
      for (const one of readers) await one.stop();
      return { cpuPct, rssMb, perSecond: load.perSecond, ...toldOf(folder, streams, tookS) };
    } finally {
      await watch.stop();
      await release(rig);
    }
  });
}

function reader(rig: Rig, folder: string, query: string, i: number): Promise<Started> {
  const argv = ['curl', '-gsN', `http://127.0.0.1:9470/api/v1/live${query}`];
  return rig.start('victim', argv, {
    stdout: { file: join(folder, `live-${i}`) },
    stderr: join(folder, `live-${i}.err`),
  });
}

/** What the first stream was sent, a second. */
function toldOf(
  folder: string,
  streams: readonly string[],
  seconds: number,
): Pick<Cost, 'sent' | 'skipped'> {
  if (streams.length === 0) return { sent: 0, skipped: 0 };
  const path = join(folder, 'live-0');
  if (text(`${path}.err`) !== '') throw new Error(`the stream: ${text(`${path}.err`)}`);
  let sent = 0;
  let skipped = 0;
  for (const [, data] of readFileSync(path, 'utf8').matchAll(/event: events\ndata: (.*)\n/g)) {
    const message = JSON.parse(data!) as { events: unknown[]; skipped: number };
    sent += message.events.length;
    skipped += message.skipped;
  }
  return { sent: sent / seconds, skipped: skipped / seconds };
}

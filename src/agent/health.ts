import { getHeapStatistics } from 'node:v8';
import type { Health, Stage } from '../model/api.ts';
import { EbpfSource } from '../sources/ebpf.ts';
import { lossesOf } from './loss.ts';
import type { Parts } from './status.ts';

/** Over which rates are told, in samples of a second. */
const SAMPLES = 10;

/** Totals at one moment, in the order of RATES. */
interface Sample {
  readonly atMs: number;
  readonly totals: Readonly<Health['rates']>;
  readonly cpuUs: number;
}

/** How the program is: what went through each part of it, how fast, and what it costs. */
export class HealthBook {
  readonly #parts: () => Parts;
  readonly #samples: Sample[] = [];

  /** @param parts of this moment */
  constructor(parts: () => Parts) {
    this.#parts = parts;
  }

  /** Call it about once a second. */
  sample(): void {
    this.#samples.push(sampleOf(this.#parts()));
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  health(): Health {
    const parts = this.#parts();
    const now = sampleOf(parts);
    const before = this.#samples[0] ?? { ...now, atMs: 0, totals: NONE, cpuUs: 0 };
    const seconds = Math.max((now.atMs - before.atMs) / 1000, 0.001);
    const rates = Object.fromEntries(
      RATES.map((name) => [name, perSecond(now.totals[name] - before.totals[name], seconds)]),
    );
    return {
      source: parts.source.name,
      limits: parts.source.limits(),
      stages: stagesOf(parts),
      rates: rates as unknown as Health['rates'],
      cost: {
        cpu_percent: perSecond((now.cpuUs - before.cpuUs) / 1e4, seconds),
        resident_bytes: process.memoryUsage.rss(),
        heap_bytes: getHeapStatistics().used_heap_size,
      },
    };
  }
}

const NONE = { records: 0, attempts: 0, opened: 0, failed: 0, closed: 0, lines: 0, lost: 0 };
const RATES = Object.keys(NONE) as (keyof typeof NONE)[];

function perSecond(count: number, seconds: number): number {
  return Math.round((Math.max(0, count) / seconds) * 100) / 100;
}

function sampleOf(parts: Parts): Sample {
  const { user, system } = process.cpuUsage();
  const { events } = parts.flow.counts();
  const { lines } = parts.sink.counts();
  return {
    atMs: performance.now(),
    cpuUs: user + system,
    totals: {
      records: parts.source.counts().records,
      attempts: events['connection.attempt'],
      opened: events['connection.open'],
      failed:
        events['connection.refused'] + events['connection.timeout'] + events['connection.reset'],
      closed: events['connection.close'],
      lines,
      lost: lostOf(parts),
    },
  };
}

/** Records and lines that were lost, wherever. */
export function lostOf(parts: Parts): number {
  return Object.values(lossesOf(parts)).reduce((sum, count) => sum + count, 0);
}

/** In the order in which an event goes through them. */
function stagesOf(parts: Parts): Stage[] {
  const { source, flow, sink, plugins, alerts } = parts;
  const counts = source.counts();
  const sourceLost = Object.values(counts.lost).reduce((sum, count) => sum + count, 0);
  const { events, evicted, unclosed, unopened } = flow.counts();
  const told = Object.values(events).reduce((sum, count) => sum + count, 0);
  const output = sink.counts();
  return [
    ...(source instanceof EbpfSource ? kernelStages(source) : []),
    stage('source', counts.records, sourceLost, `records of the source (${source.name})`),
    {
      stage: 'flow',
      in: counts.records,
      out: told,
      lost: evicted + unclosed + unopened,
      what: 'records in, events out; lost are connections that were let go without an end, and openings that were not seen',
    },
    stage('output', output.lines, output.lost, 'lines'),
    ...alerts.map(({ to, sent, lost }) => stage(`alerts to ${to}`, sent, lost, 'alerts')),
    ...plugins
      .counts()
      .map((each) =>
        stage(`plugin ${each.name}`, each.events, each.lost + each.suppressed, 'its events'),
      ),
  ];
}

function kernelStages({ kernel }: EbpfSource): Stage[] {
  const c = kernel.counters();
  return [
    stage(
      'attempts',
      c.attempts_reported + c.attempts_summed,
      c.attempts_lost,
      'SYNs, told or summed',
    ),
    stage('sums', c.sums_reported, c.sums_lost, 'sums of SYNs in a flood'),
    stage('answers', c.answers_reported, c.answers_lost, 'answers to SYNs'),
    stage('outbound', c.outbound_reported, c.outbound_lost, 'attempts of this host'),
    stage('sockets', c.sockets_reported, c.sockets_lost, 'sockets that opened and closed'),
    stage('verdicts', c.verdicts, c.verdicts_lost, 'verdicts on scans'),
  ];
}

/** What came in went out, or was lost. */
function stage(name: string, out: number, lost: number, what: string): Stage {
  return { stage: name, in: out + lost, out, lost, what };
}

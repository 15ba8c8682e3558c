import { getHeapStatistics } from 'node:v8';
import type {
  HttpCounts,
  KernelView,
  MetricsView,
  PcapView,
  ProcessUse,
  ProcView,
} from '../api/view.ts';
import { FLOW_DEFAULTS } from '../flow/flow.ts';
import { EbpfSource } from '../sources/ebpf.ts';
import { PcapSource } from '../sources/pcap.ts';
import type { Source } from '../sources/source.ts';
import type { Detectors } from './detectors.ts';
import type { Parts } from './status.ts';
import { version } from './version.ts';

/** The table is walked at most so often: that takes longer than all the rest of a scrape. */
const TABLE_NS = 1e9;

/** What of a running program the metrics are made of. */
export interface MetricsParts extends Parts {
  readonly detectors: Detectors;
}

/** The kernel table's occupancy, at most a second old. */
export class TableUse {
  #value: KernelView['table'] | undefined;
  #takenNs = 0;

  of(ebpf: EbpfSource, nowNs: number): KernelView['table'] {
    if (!this.#value || nowNs - this.#takenNs >= TABLE_NS) {
      this.#value = ebpf.kernel.table.occupancy(nowNs);
      this.#takenNs = nowNs;
    }
    return this.#value;
  }
}

/** Is anything watched? Interfaces may go away, /proc doesn't. */
export function isUp(source: Source): boolean {
  if (source instanceof PcapSource) return source.use().interfaces.length > 0;
  return !(source instanceof EbpfSource) || source.attachments().length > 0;
}

/** What metrics are made of. */
export function viewOf(parts: MetricsParts, table: TableUse, http: HttpCounts): MetricsView {
  const { source, flow, sink } = parts;
  return {
    version,
    source: source.name,
    up: isUp(source),
    flow: flow.counts(),
    flowLimit: FLOW_DEFAULTS.maxConnections,
    output: sink.counts(),
    alerts: parts.alerts,
    store: parts.store,
    plugins: { counts: parts.plugins.counts(), samples: parts.plugins.samples() },
    process: processUse(),
    http,
    ...sourceView(parts, table),
  };
}

/** What only one source has. */
function sourceView(
  parts: MetricsParts,
  table: TableUse,
): Pick<MetricsView, 'kernel' | 'pcap' | 'proc'> {
  const { source } = parts;
  if (source instanceof EbpfSource) return { kernel: kernelView(source, parts, table) };
  if (source instanceof PcapSource) return { pcap: pcapView(source, parts) };
  return { proc: procView(parts) };
}

function kernelView(ebpf: EbpfSource, parts: MetricsParts, table: TableUse): KernelView {
  const { kernel } = ebpf;
  return {
    counters: kernel.counters(),
    skips: kernel.tracepoints.skips(),
    attachments: ebpf.attachments(),
    interfaces: ebpf.watched.counts(),
    rings: (['attempts', 'events'] as const).map((name) => ({
      name,
      size: kernel[name].size,
      pending: kernel[name].pending(),
      highWater: kernel[name].highWater,
    })),
    table: table.of(ebpf, parts.nowNs),
    blocksLimit: parts.config.kernel.blockMax,
    slowEvicted: parts.detectors.counts().slow_evicted,
  };
}

function pcapView(source: PcapSource, { detectors }: MetricsParts): PcapView {
  const { reference_evicted: evicted, slow_evicted: slowEvicted } = detectors.counts();
  return { lost: source.counts().lost, use: source.use(), evicted, slowEvicted };
}

function procView({ source, detectors }: MetricsParts): ProcView {
  return { lost: source.counts().lost, evicted: detectors.counts().reference_evicted };
}

function processUse(): ProcessUse {
  const { user, system } = process.cpuUsage();
  return {
    userSeconds: user / 1e6,
    systemSeconds: system / 1e6,
    residentBytes: process.memoryUsage.rss(),
    heapBytes: getHeapStatistics().used_heap_size,
    startSeconds: performance.timeOrigin / 1000,
  };
}

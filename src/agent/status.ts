import type { Flow } from '../flow/flow.ts';
import type { Sink } from '../sinks/sink.ts';
import { EbpfSource } from '../sources/ebpf.ts';
import type { Source } from '../sources/source.ts';
import type { WatchConfig } from './config.ts';

export interface Parts {
  readonly config: WatchConfig;
  readonly source: Source;
  readonly flow: Flow;
  readonly sink: Sink;
  readonly startedNs: number;
  readonly nowNs: number;
}

/** What `packetwatch status` prints: what is watched and how, what was seen, what was lost and where. */
export function statusOf({ config, source, flow, sink, startedNs, nowNs }: Parts): unknown {
  const ebpf = source instanceof EbpfSource ? source : undefined;
  return {
    pid: process.pid,
    uptime_s: Math.round((nowNs - startedNs) / 1e9),
    source: source.name,
    blocking: config.kernel.block,
    limits: source.limits(),
    ...(ebpf
      ? {
          pins: ebpf.kernel.pins.directory,
          adopted: ebpf.kernel.maps.adopted,
          attachments: ebpf.attachments(),
          rings: [ebpf.kernel.attempts, ebpf.kernel.events].map((ring, i) => ({
            name: i === 0 ? 'attempts' : 'events',
            size: ring.size,
            pending: ring.pending(),
            high_water: ring.highWater,
            records: ring.records,
          })),
          kernel: ebpf.kernel.counters(),
          table: ebpf.kernel.table.occupancy(),
          blocks: ebpf.kernel.table.blocks(nowNs).active.length,
        }
      : {}),
    source_counts: source.counts(),
    flow: flow.counts(),
    output: sink.counts(),
  };
}

import type { FlowListener } from '../flow/listener.ts';
import { EbpfSource } from '../sources/ebpf.ts';
import { PcapSource } from '../sources/pcap.ts';
import type { Source } from '../sources/source.ts';
import type { WatchConfig } from './config.ts';
import { Pipeline } from './pipeline.ts';

/** The pipeline behind a live source, which knows what that source can see and judges what it doesn't. */
export function livePipeline(
  source: Source,
  { kernel }: WatchConfig,
  listener: FlowListener,
): Pipeline {
  const { name } = source;
  const asked = source instanceof EbpfSource || source instanceof PcapSource ? source : undefined;
  const windowNs = kernel.windowSeconds * 1e9;
  return new Pipeline({
    listener,
    reference: name === 'ebpf' ? undefined : { ports: kernel.ports, windowNs },
    slow: name === 'proc' ? undefined : { everywhere: false },
    scanWindowNs: windowNs,
    watchesAnswers: name !== 'proc',
    watchesSockets: name !== 'pcap',
    otherNamespaces: name === 'ebpf' && kernel.allNetns,
    answered: (low, high) => asked?.answered(low, high) ?? 0,
  });
}

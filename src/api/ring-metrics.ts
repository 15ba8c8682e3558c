import type { Metric } from './metric.ts';
import type { MetricsView, RingUse } from './view.ts';

const RINGS = ['attempts', 'events', 'packets'];

/** The rings between kernel and program, and what came through that of packets. */
export const RING_METRICS: readonly Metric[] = [
  ringGauge(
    'packetwatch_ring_size_bytes',
    'Size of a ring buffer between kernel and program.',
    ({ size }) => size,
  ),
  ringGauge(
    'packetwatch_ring_waiting_bytes',
    'What lies in a ring buffer and is not read yet.',
    ({ pending }) => pending,
  ),
  ringGauge(
    'packetwatch_ring_high_water_bytes',
    'The most that ever waited in a ring buffer since the start.',
    ({ highWater }) => highWater,
  ),
  {
    name: 'packetwatch_capture_packets_total',
    type: 'counter',
    help: 'Packets that passed the filter in the kernel, by what became of them; those that wait are in none.',
    labels: {
      fate: {
        read: 'read from the ring',
        lost: 'the ring was full',
      },
    },
    source: 'pcap',
    collect({ pcap }, put) {
      if (!pcap) return;
      put(pcap.use.read, 'read');
      put(pcap.lost['packets'] ?? 0, 'lost');
    },
  },
  {
    name: 'packetwatch_capture_unread_total',
    type: 'counter',
    help: 'Packets of these that were read and tell nothing.',
    labels: {
      why: {
        malformed: 'headers that contradict each other or the length of the packet',
        cut: 'headers beyond what is captured of a packet',
      },
    },
    source: 'pcap',
    collect({ pcap }, put) {
      if (!pcap) return;
      put(pcap.use.malformed, 'malformed');
      put(pcap.use.cut, 'cut');
    },
  },
];

/** A figure of each ring. */
function ringGauge(name: string, help: string, of: (ring: RingUse) => number): Metric {
  return {
    name,
    type: 'gauge',
    help,
    labels: { ring: RINGS },
    source: 'ebpf|pcap',
    collect: (view, put) => ringsOf(view).forEach((ring) => put(of(ring), ring.name)),
  };
}

function ringsOf({ kernel, pcap }: MetricsView): readonly RingUse[] {
  return kernel?.rings ?? (pcap ? [{ name: 'packets', ...pcap.use.ring }] : []);
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rig, type Spec } from '../../test/flow/records.ts';
import { parseExposition, sumOf } from '../../test/support/exposition.ts';
import type { FlowCounts } from '../flow/counts.ts';
import type { Counters } from '../kernel/counters.ts';
import { Samples } from '../plugins/samples.ts';
import { expose, type Form, formFor, sampleLine, unitOf } from './exposition.ts';
import { METRICS } from './metrics.ts';
import type { MetricsView } from './view.ts';

const FORMS: readonly Form[] = ['text', 'openmetrics'];

const COUNTERS = `packets malformed attempts attempts_reported attempts_summed attempts_lost attempts_dropped
  dropped_flags dropped_other sums_reported sums_lost answers_reported answers_lost outbound_reported outbound_lost
  sockets_reported sockets_lost verdicts verdicts_lost spared blocked blocks_refused blocks_replaced evicted contended
  odd strays unreachables excused trusted`;

/** Each counter has another value. */
const counters = Object.fromEntries(
  COUNTERS.split(/\s+/).map((name, i) => [name, i + 1]),
) as Counters;

const PLUGIN = {
  name: 'a-plugin',
  version: '1.0.0',
  on: true,
  sent: 10,
  lost: 2,
  records: 9,
  events: 7,
  suppressed: 3,
  errors: 1,
};

function viewOf(
  flow: FlowCounts,
  source: MetricsView['source'] = 'ebpf',
  iface = 'eth0',
): MetricsView {
  return {
    version: '1.2.3',
    source,
    up: true,
    flow,
    flowLimit: 1024,
    output: { lines: 3, bytes: 200, lost: 1 },
    store: {
      directory: '/x',
      state: 'open',
      kept: 11,
      waiting: 12,
      lost: 13,
      rows: 14,
      bytes: 15,
    },
    alerts: [{ by: 'syslog', to: 'x', sent: 7, waiting: 8, lost: 9 }],
    plugins: { counts: source === 'ebpf' ? [PLUGIN] : [], samples: [] },
    process: {
      userSeconds: 1.5,
      systemSeconds: 1e-6,
      residentBytes: 9e7,
      heapBytes: 1e7,
      startSeconds: 1.7e9,
    },
    http: {
      answers: new Map([[200, 4]]),
      refused: 2,
      refusals: new Map([['token', 5]]),
      streams: { open: 1, ended: 3 },
    },
    ...partOf(source, iface),
  };
}

/** What only one source has. */
function partOf(source: MetricsView['source'], iface: string): Partial<MetricsView> {
  const ring = { size: 64, pending: 1, highWater: 2 };
  if (source === 'ebpf')
    return {
      kernel: {
        counters,
        skips: { state: 31, 'state-again': 32 },
        attachments: [{ iface, ifindex: 2, layer3: false, why: '', hook: 'tcx', egress: true }],
        interfaces: { changes: 21, reread: 22, untold: 23 },
        rings: [
          { name: 'attempts', ...ring },
          { name: 'events', size: 32, pending: 3, highWater: 4 },
        ],
        table: { used: 5, blocks: 2, capacity: 100 },
        blocksLimit: 10,
        slowEvicted: 6,
      },
    };
  if (source === 'proc') return { proc: { lost: { malformed: 1, table: 2, read: 3 }, evicted: 4 } };
  const use = {
    interfaces: [iface],
    connections: 1,
    ring,
    packets: 9,
    read: 7,
    malformed: 3,
    cut: 4,
  };
  return { pcap: { lost: { packets: 2, connections: 8 }, use, evicted: 5, slowEvicted: 6 } };
}

const scrape = (view: MetricsView, form: Form = 'text') =>
  parseExposition(expose(view, form), form);

describe('the table of metrics', () => {
  it('has each name once, also without _total', () => {
    const families = METRICS.map(({ name }) => name.replace(/_total$/, ''));
    expect(new Set(families).size).toBe(METRICS.length);
  });

  it.each(METRICS.map((metric) => [metric.name, metric] as const))(
    'names %s well',
    (name, metric) => {
      expect(name).toMatch(/^packetwatch(?:_[a-z0-9]+)+$/);
      expect(name.endsWith('_total')).toBe(metric.type === 'counter');
      expect(name).not.toMatch(/_(?:ms|us|ns|kb|mb|count|sum|bucket|created|counter|gauge)(?:_|$)/);
      expect(metric.help).toMatch(/^[^\n]+[^.]\.$/);
      for (const label of Object.keys(metric.labels ?? {})) {
        expect(label).toMatch(/^[a-z][a-z_]*$/);
        expect(label).not.toMatch(/address|port|pid|process|src|dst|^le$|^quantile$/);
      }
    },
  );

  it('knows units by their names', () => {
    expect(unitOf({ name: 'a_cpu_seconds_total' })).toBe('seconds');
    expect(unitOf({ name: 'a_size_bytes' })).toBe('bytes');
    expect(unitOf({ name: 'a_bytes_limit' })).toBeUndefined();
  });
});

describe.each(FORMS)('a scrape as %s', (form) => {
  it.each(['ebpf', 'pcap', 'proc'] as const)(
    'of %s is well-formed, with declared labels only',
    (source) => {
      const series = scrape(viewOf(rig().flow.counts(), source), form);
      for (const { name, labels } of series) {
        const metric = METRICS.find((m) => m.name === name)!;
        expect(Object.keys(labels)).toEqual(Object.keys(metric.labels ?? {}));
        for (const [label, values] of Object.entries(metric.labels ?? {})) {
          if (typeof values === 'string') continue;
          const declared = Array.isArray(values) ? values : Object.keys(values);
          expect(declared).toContain(labels[label]);
        }
      }
      const told = METRICS.filter(
        (m) => m.source === undefined || m.source.split('|').includes(source),
      );
      expect([...new Set(series.map(({ name }) => name))]).toEqual(told.map(({ name }) => name));
    },
  );

  it('tells the kernel counter that each series is made of', () => {
    const series = scrape(viewOf(rig().flow.counts()), form);
    const of = (stage: string) => sumOf(series, 'packetwatch_lost_total', { stage });
    expect(of('attempts')).toBe(counters.attempts_lost);
    expect(of('verdicts')).toBe(counters.verdicts_lost);
    expect(of('table')).toBe(counters.evicted);
    expect(of('output')).toBe(1);
    expect(sumOf(series, 'packetwatch_program_skips_total')).toBe(31 + 32);
    const alerts = (by: string, fate: string) =>
      sumOf(series, 'packetwatch_alerts_total', { by, fate });
    expect([alerts('syslog', 'sent'), alerts('syslog', 'lost')]).toEqual([7, 9]);
    expect([alerts('webhook', 'sent'), alerts('webhook', 'lost')]).toEqual([0, 0]);
    expect(sumOf(series, 'packetwatch_alerts_waiting', { by: 'syslog' })).toBe(8);
    const dropped = (reason: string) =>
      sumOf(series, 'packetwatch_packets_dropped_total', { reason });
    expect(dropped('syn')).toBe(counters.attempts_dropped);
    expect(dropped('no_socket')).toBe(counters.dropped_other);
    expect(sumOf(series, 'packetwatch_blocks')).toBe(2);
  });

  it('tells what a plugin counts', () => {
    const metric = {
      name: 'packetwatch_plugin_a_packets_total',
      type: 'counter',
      help: 'A "help" with \\.',
      labels: { way: ['in', 'out'] },
    } as const;
    const samples = new Samples([metric]);
    samples.put(metric.name, 5, { way: 'out' });
    const view = viewOf(rig().flow.counts());
    const series = scrape({ ...view, plugins: { counts: [PLUGIN], samples: [samples] } }, form);
    expect(sumOf(series, metric.name, { way: 'out' })).toBe(5);
    const told = (fate: string) => sumOf(series, 'packetwatch_plugin_events_total', { fate });
    expect([told('told'), told('suppressed')]).toEqual([4, 3]);
  });

  it('reads an interface with any name back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (iface) => {
        const series = scrape(viewOf(rig().flow.counts(), 'ebpf', iface), form);
        const info = series.find(({ name }) => name === 'packetwatch_interface_info');
        expect(info!.labels['iface']).toBe(iface);
      }),
      { numRuns: 50 },
    );
  });

  it('has no more series after 10,000 sources than before', () => {
    const { feed, flow } = rig();
    const before = scrape(viewOf(flow.counts()), form).length;
    for (let i = 0; i < 10_000; i++) {
      const src = i % 2 === 0 ? `10.${i >> 8}.${i & 255}.9` : `2001:db8:${i.toString(16)}::9`;
      const dst = i % 2 === 0 ? '10.0.0.5' : '2001:db8::5';
      const record: Spec = {
        kind: 'ATTEMPT',
        src,
        dst,
        dstPort: 1 + i,
        isn: i,
        at: 100 + i / 1000,
      };
      feed(record, { ...record, kind: 'SCAN', verdict: { ports: [1, 2, 3, i] } });
      if (i % 3 === 0) feed({ ...record, kind: 'REFUSED' });
    }
    flow.tick(1000e9);
    const after = scrape(viewOf(flow.counts()), form);
    expect(after).toHaveLength(before);
    const family = (of: string) => sumOf(after, 'packetwatch_connections_total', { family: of });
    expect([family('ipv4'), family('ipv6')]).toEqual([5000, 5000]);
    expect(sumOf(after, 'packetwatch_connection_outcomes_total', { outcome: 'refused' })).toBe(
      3334,
    );
    expect(sumOf(after, 'packetwatch_scans_total', { kind: 'vertical' })).toBe(10_000);
  });
});

describe('a line', () => {
  it('escapes what a label may hold', () => {
    expect(sampleLine('a', ['b'], ['\\ " \n é'], 1)).toBe('a{b="\\\\ \\" \\n é"} 1\n');
    expect(sampleLine('a', [], [], 0.1)).toBe('a 0.1\n');
  });

  it('has all of its labels', () => {
    expect(() => sampleLine('a', ['b', 'c'], ['x'], 1)).toThrow('2 labels');
  });
});

describe('the form', () => {
  const prometheus =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,' +
    'application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,' +
    'text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

  it.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['text/html, */*', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    [prometheus, 'openmetrics'],
    ['application/openmetrics-text;version=0.0.1', 'text'],
    ['application/openmetrics-text;q=0.1, text/plain;q=0.5', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=nonsense', 'text'],
  ])('of Accept: %s is %s', (accept, form) => {
    expect(formFor(accept)).toBe(form);
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { linesOf } from '../../test/flow/lines.ts';
import type { Spec } from '../../test/flow/records.ts';
import { ALL_EVENTS } from '../model/events.ts';
import { Flag } from '../wire/layout.gen.ts';

beforeAll(() => {
  process.env['TZ'] = 'UTC';
});

const OTHER = { src: '198.51.100.7', srcPort: 999 };
/** Of each kind of event one, of 192.0.2.56 to port 80 of 10.0.0.5, and attempts of others. */
const RECORDS: Spec[] = [
  { kind: 'ATTEMPT' },
  { kind: 'ATTEMPT', ...OTHER, isn: 8 },
  { kind: 'REFUSED' },
  { kind: 'SCAN', flags: Flag.BLOCKED, verdict: { ports: [79, 80, 81, 82], until: 160 } },
  { kind: 'BLOCK', src: '2001:db8::', verdict: { until: 700 } },
  { kind: 'UNBLOCK', verdict: {} },
  { kind: 'SUM', src: '::', srcPort: 0, dstPort: 22, count: 5 },
];
const TOLD = {
  attempt: 'New connection: 192.0.2.56:5973 -> 10.0.0.5:80',
  other: 'New connection: 198.51.100.7:999 -> 10.0.0.5:80',
  refused: 'Connection refused: 192.0.2.56:5973 -> 10.0.0.5:80 0.000s',
  scan: 'Port scan detected: 192.0.2.56 -> 10.0.0.5 on ports 79,80,81,82',
  block: 'Blocked 192.0.2.56 for 60s: port scan',
  block6: 'Blocked 2001:db8:: for 600s: by command',
  unblock: 'Unblocked 192.0.2.56',
  sum: '5 connection attempts to 10.0.0.5:22 summed in the kernel (flood)',
} as const;

/** Of each its number, and what stands in the place of the originator's port. */
const PROTO = { tcp: [6, 5973], udp: [17, 5973], icmp: [1, 8], icmp6: [58, 128] } as const;

function told(filter: string) {
  const { feed, sink, lines, flow } = linesOf('text', ALL_EVENTS, {}, filter);
  feed(...RECORDS);
  sink.loss('ring', 3, 100e9);
  return { lines: lines().map((line) => line.slice(21)), sink, flow };
}

describe('a filtered sink', () => {
  it.each<[string, (keyof typeof TOLD)[]]>([
    ['', Object.keys(TOLD) as (keyof typeof TOLD)[]],
    ['src host 192.0.2.56', ['attempt', 'refused', 'scan', 'block', 'unblock']],
    ['dst host 10.0.0.5', ['attempt', 'other', 'refused', 'scan', 'sum']],
    ['port 79', ['scan']],
    ['src port 5973', ['attempt', 'refused']],
    ['port 22 or ip6', ['block6', 'sum']],
    ['not host 192.0.2.56', ['other', 'block6', 'sum']],
    ['udp and not tcp', []],
  ])("'%s' passes what it is about, and losses", (filter, wanted) => {
    const { lines, sink } = told(filter);
    expect(lines).toEqual([...wanted.map((name) => TOLD[name]), 'Lost 3 events at ring']);
    expect(sink.counts()).toMatchObject({
      lines: wanted.length + 1,
      filtered: Object.keys(TOLD).length - wanted.length,
    });
  });

  it.each<[string, (keyof typeof PROTO)[]]>([
    ['udp', ['udp']],
    ['not tcp and not udp', ['icmp', 'icmp6']],
    ['port 8 or port 128', []],
    ['not tcp and host 10.0.0.5', ['udp', 'icmp', 'icmp6']],
  ])("'%s' passes conversations by their protocol, and ICMP has no ports", (filter, wanted) => {
    const { feed, lines } = linesOf('json', ALL_EVENTS, {}, filter);
    for (const [at, [proto, srcPort]] of Object.values(PROTO).entries())
      feed({ kind: 'ENDED', isn: at, srcPort, packets: { proto } });
    const passed = lines().map((line) => (JSON.parse(line) as { proto: string }).proto);
    expect(passed).toEqual(wanted.map((name) => (name === 'icmp6' ? 'icmp' : name)));
  });

  it('leaves what was seen and judged as it is', () => {
    const [all, none] = [told(''), told('port 1')];
    expect(none.lines).toEqual(['Lost 3 events at ring']);
    expect(none.flow.counts()).toEqual(all.flow.counts());
  });

  it.each([
    ['port 21', true],
    ['dst port 25', true],
    ['portrange 70-90', true],
    ['portrange 26-79', false],
    ['port 21 and 25', false],
    ['not port 21', true],
    ['not portrange 21-80', false],
    ['port 25 and not host 192.0.2.57', true],
    ['src port 25', false],
    ['not src port 25', true],
    ['src and dst port 25', false],
    ['udp', false],
  ])('passes a scan when one of its attempts would pass: %s', (filter, wanted) => {
    const { feed, lines } = linesOf('text', ALL_EVENTS, {}, filter);
    feed({ kind: 'SCAN', verdict: { ports: [21, 23, 25, 80] } });
    expect(lines()).toHaveLength(wanted ? 1 : 0);
  });

  it('tells a scan once it has grown into it', () => {
    const { feed, lines } = linesOf('text', ALL_EVENTS, {}, 'port 90 and not dst port 70');
    feed({ kind: 'SCAN', verdict: { ports: [80, 81, 82, 83] } });
    expect(lines()).toEqual([]);
    feed(...[87, 88, 89, 90].map((dstPort): Spec => ({ kind: 'ATTEMPT', dstPort, isn: dstPort })));
    expect(lines().map((line) => line.slice(21))).toEqual([
      'Port scan detected: 192.0.2.56 -> 10.0.0.5 on ports 80,81,82,83,87,88,89,90',
      'New connection: 192.0.2.56:5973 -> 10.0.0.5:90',
    ]);
  });
});

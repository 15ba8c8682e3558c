/** Every way in which headers may stand before a SYN: one attempt, the same record. */
import { describe, expect, it } from 'vitest';
import {
  ATTEMPTS,
  NO_ATTEMPTS,
  ODD,
  SCANNER,
  SCANNER6,
  VICTIM,
  VICTIM6,
} from '../contract/attempt-frames.ts';
import { ethernet, type Ip4Spec, ip, ipv4, tcp } from '../support/frames.ts';
import { idOf } from './id-of.ts';
import { HOOKS } from './rig.ts';
import { withRig } from './with-rig.ts';

describe.each(HOOKS)('headers before a SYN, %s', (hook) => {
  const rig = withRig();

  it.each(Object.entries(ATTEMPTS))('%s: an attempt', (_, frame) => {
    expect(rig().run(hook, frame)).toBe('pass');
    const [record, ...more] = rig().records();
    const [src, dst, family] = frame.includes('20010db8', 0, 'hex')
      ? [`[${SCANNER6}]:5973`, `[${VICTIM6}]:80`, 6]
      : [`${SCANNER}:5973`, `${VICTIM}:80`, 4];
    expect(more).toEqual([]);
    expect(record).toMatchObject({ kind: 'ATTEMPT', direction: 'INBOUND', flags: 0, count: 1 });
    expect(record).toMatchObject({ src, dst, family, isn: 0xfeedbeef, id: idOf(record!) });
    expect(rig().moved()).toEqual({ packets: 1, attempts: 1, attempts_reported: 1 });
  });

  it.each(Object.entries(NO_ATTEMPTS))('%s: none', (name, frame) => {
    expect(rig().run(hook, frame)).toBe('pass');
    expect(rig().records()).toEqual([]);
    expect(rig().moved()).toEqual({ packets: 1, ...(ODD.has(name) ? { odd: 1 } : {}) });
  });

  it('a record tells the time of CLOCK_MONOTONIC, the interface, the namespace, no process', () => {
    const before = Number(process.hrtime.bigint());
    rig().run(hook, ethernet(ipv4({ src: SCANNER, dst: VICTIM }, tcp())));
    const after = Number(process.hrtime.bigint());
    const [record] = rig().records();
    expect(record!.tsNs).toBeGreaterThanOrEqual(before);
    expect(record!.tsNs).toBeLessThanOrEqual(after);
    expect(record!.netns).toBeGreaterThan(0n);
    expect(record!.ifindex).toBe(1); // lo, for BPF_PROG_TEST_RUN
    expect(record!.socket).toBeUndefined();
  });
});

/** BPF_PROG_TEST_RUN takes bytes 12 and 13 for the EtherType: the addresses here have it there. */
describe('devices without an Ethernet header', () => {
  const rig = withRig();
  const packets: [string, Ip4Spec, number][] = [
    ['IPv4', { src: '8.0.2.1', dst: VICTIM }, 4],
    ['IPv6', { src: '2001:db8:86dd::1', dst: VICTIM6 }, 6],
  ];

  it.each(packets)('%s', (_, ends, family) => {
    for (const port of [80, 81, 82, 83])
      expect(rig().runLayer3(ip(ends, tcp({ srcPort: 5973, dstPort: port })))).toBe('pass');
    const records = rig().records();
    expect(records.map((r) => r.kind)).toEqual([...Array<string>(4).fill('ATTEMPT'), 'SCAN']);
    expect(records[0]).toMatchObject({ family, direction: 'INBOUND', id: idOf(records[0]!) });
  });
});

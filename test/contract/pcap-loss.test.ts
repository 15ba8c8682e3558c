/** What finds no place in the ring of packets is counted, and nothing else is lost. */
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Interfaces } from '../../src/sources/interfaces.ts';
import { PCAP_DEFAULTS, PcapSource } from '../../src/sources/pcap.ts';
import { captureMissing } from '../support/capture.ts';
import { until } from '../support/command.ts';
import { plain } from './records.ts';

const missing = captureMissing();
/** 127.66.0.0/16 is nobody else's on this machine, so that its attempts can be counted. */
const OURS = '127.66.0.1';

let interfaces: Interfaces;
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
  interfaces = new Interfaces();
  interfaces.start();
});
afterEach(() => interfaces?.stop());

function start(ring: { blockBytes: number; blocks: number; retireMs: number }): PcapSource {
  const source = new PcapSource({ interfaces, asked: ['lo'], seed: 1, ring });
  source.start();
  return source;
}

/** Attempts on a closed port, each with its RST. */
async function refused(count: number): Promise<void> {
  for (let n = 0; n < count; n++)
    await new Promise<void>((resolve) => {
      connect(9, OURS).on('error', () => resolve());
    });
}

function drain(source: PcapSource): number {
  let attempts = 0;
  source.drain(Number(process.hrtime.bigint()), (batch) => {
    for (const { kind, dst } of plain(batch))
      if (kind === 'ATTEMPT' && dst === `${OURS}:9`) attempts++;
  });
  return attempts;
}

it('a small ring: packets = read + lost, and lost is told', async () => {
  const source = start({ blockBytes: 4096, blocks: 2, retireMs: 1 });
  try {
    await refused(200);
    const told = drain(source);
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThan(200);
    // the last block closes by time, and others use the loopback, too
    await until('the sum', () => {
      drain(source);
      const { packets, read } = source.use();
      return packets === read + source.counts().lost['packets']!;
    });
    expect(source.counts().lost['packets']).toBeGreaterThan(0);
  } finally {
    source.stop();
  }
});

it('the ring as shipped: each attempt, none lost', async () => {
  const source = start(PCAP_DEFAULTS.ring);
  try {
    await refused(500);
    let told = 0;
    await until('all of them', () => {
      told += drain(source);
      return told >= 500;
    });
    expect(told).toBe(500);
    expect(source.counts().lost).toEqual({ packets: 0, connections: 0 });
  } finally {
    source.stop();
  }
});

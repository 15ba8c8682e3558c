/** What a plugin has of packets, of the host, and of its maps. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as bpf from '../../src/kernel/bpf.ts';
import { netnsCookie } from '../../src/kernel/libc-sockets.ts';
import type { KernelPlugin } from '../../src/kernel/plugin.ts';
import { ethernet, EtherType, ip, tcp } from '../support/frames.ts';
import { compile } from '../support/plugin.ts';
import { onPath } from '../support/suite.ts';
import { SCANNER, VICTIM } from './rig.ts';
import { withRig } from './with-rig.ts';

const SOURCE = `
struct seen { __u64 netns; __u32 l3; __u32 size; __be16 protocol; __u8 layer3; __u8 leaves; __u32 runs; };
PACKETWATCH_EVENTS(4096);
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} table SEC(".maps");
static __u32 runs; /* .bss */
static volatile __u32 from = 100; /* .data */

static __always_inline void look(struct pw_packet *packet, int leaves)
{
	struct seen seen = { .netns = pw_host.netns, .l3 = packet->l3, .protocol = packet->protocol, .leaves = leaves };

	seen.layer3 = pw_host.layer3;
	seen.size = packet->data_end - packet->data;
	seen.runs = from + __sync_fetch_and_add(&runs, 1);
	pw_emit(&seen);
}

PACKETWATCH_INGRESS(packet)
{
	look(packet, 0);
}

PACKETWATCH_EGRESS(packet)
{
	look(packet, 1);
}`;

const packet = ip({ src: SCANNER, dst: VICTIM }, tcp());
/** A test run takes the EtherType from where a frame has it: here that is the start of the source. */
const layer3Packet = ip({ src: '8.0.0.1', dst: VICTIM }, tcp());
const tag = (id: number) => ({ type: EtherType.VLAN, id });
const FRAMES: [string, Buffer, { l3: number; protocol: number }][] = [
  ['a plain frame', ethernet(packet), { l3: 14, protocol: 0x0800 }],
  ['a frame behind a tag', ethernet(packet, [tag(5)]), { l3: 18, protocol: 0x0800 }],
  ['a frame behind two tags', ethernet(packet, [tag(5), tag(6)]), { l3: 22, protocol: 0x0800 }],
  [
    'a frame behind three',
    ethernet(packet, [tag(5), tag(6), tag(7)]),
    { l3: 22, protocol: 0x8100 },
  ],
];

describe.skipIf(!onPath('clang'))('a plugin', () => {
  const rig = withRig();
  const folder = mkdtempSync(join(tmpdir(), 'packetwatch-plugin-host-'));
  const object = join(folder, 'host.o');
  let plugin: KernelPlugin | undefined;
  beforeAll(() => compile(SOURCE, object));
  beforeEach(() => {
    plugin = rig().kernel.plugIn(object, () => {});
  });
  afterEach(() => {
    if (plugin) rig().kernel.unplug(plugin);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (section: string, frame: Buffer, layer3 = false) =>
    bpf.testRun(plugin!.program(section, { pass: -1 }, layer3), frame).retval;
  const seen = () => {
    const { ring } = plugin!;
    ring!.collect();
    const all = Array.from({ length: ring!.count }, (_, i) => {
      const record = ring!.record(i);
      return {
        netns: record.readBigUInt64LE(0),
        l3: record.readUInt32LE(8),
        size: record.readUInt32LE(12),
        protocol: record.readUInt16BE(16),
        layer3: record[18] === 1,
        leaves: record[19] === 1,
        runs: record.readUInt32LE(20),
      };
    });
    ring!.release(ring!.count);
    return all;
  };

  describe.each(['tcx/ingress', 'xdp', 'tcx/egress'])('at %s', (section) => {
    it.each(FRAMES)('is handed %s', (_, frame, wanted) => {
      expect(run(section, frame)).toBe(section === 'xdp' ? 2 : -1);
      const leaves = section === 'tcx/egress';
      const host = { netns: netnsCookie(), layer3: false, leaves };
      expect(seen()).toEqual([{ ...wanted, ...host, size: frame.length, runs: 100 }]);
    });
  });

  it.each(['tcx/ingress', 'tcx/egress'])('is handed packets without Ethernet, %s', (section) => {
    run(section, layer3Packet, true);
    expect(seen()).toMatchObject([{ l3: 0, protocol: 0x0800, layer3: true }]);
  });

  it('has one copy of its variables, whatever runs', () => {
    for (const section of ['tcx/ingress', 'xdp', 'tcx/egress']) run(section, ethernet(packet));
    run('tcx/ingress', layer3Packet, true);
    expect(seen().map(({ runs }) => runs)).toEqual([100, 101, 102, 103]);
  });

  it('has maps that its decoder reads and writes', () => {
    const table = plugin!.map('table')!;
    const key = (n: number) => Buffer.from([n, 0, 0, 0]);
    const value = Buffer.alloc(8, 7);
    for (const n of [1, 2, 3]) table.set(key(n), value);
    expect(table.get(key(2))).toEqual(value);
    expect(table.get(key(9))).toBeUndefined();
    expect([table.delete(key(2)), table.delete(key(2))]).toEqual([true, false]);
    expect(new Set(Array.from(table.entries(), ([k]) => k[0]))).toEqual(new Set([1, 3]));
    expect(() => table.get(Buffer.alloc(3))).toThrow('a key of table has 4 bytes, not 3');
    expect(() => table.set(key(1), Buffer.alloc(9))).toThrow('a value of table has 8 bytes, not 9');
    expect(plugin!.map('nothing')).toBeUndefined();
  });
});

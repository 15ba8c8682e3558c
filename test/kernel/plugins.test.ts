/** Plugins in the kernel: their order, and that none of them can do anything but look. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as bpf from '../../src/kernel/bpf.ts';
import { BpfObject } from '../../src/kernel/object.ts';
import { objectPath } from '../../src/kernel/objects.ts';
import { kernelDefaults } from '../../src/kernel/options.ts';
import type { KernelPlugin } from '../../src/kernel/plugin.ts';
import { Programs } from '../../src/kernel/programs.ts';
import { tcpFrame } from '../support/frames.ts';
import { compile, SEES } from '../support/plugin.ts';
import { onPath } from '../support/suite.ts';
import { type Rig, SCANNER, VICTIM } from './rig.ts';
import { withRig } from './with-rig.ts';

/** Ends in three ways, none of which passes the packet. */
const DROPS = `
struct seen { __u64 ts_ns; __be16 protocol; __u8 pad[6]; };
PACKETWATCH_EVENTS(4096);
SEC("tcx/ingress") int drop_skb(struct __sk_buff *skb) { return 2; /* TC_ACT_SHOT */ }
SEC("xdp") int drop_xdp(struct xdp_md *xdp)
{
	struct seen seen = { .ts_ns = bpf_ktime_get_ns() };

	pw_emit(&seen);
	if (xdp->data_end - xdp->data < 60)
		return XDP_DROP;
	return seen.ts_ns & 1 ? XDP_TX : XDP_ABORTED;
}`;

const REFUSED = {
  'reads behind the packet': [
    `PACKETWATCH_INGRESS(p) { if (*((__u8 *)p->data + 2000) == 7) bpf_printk("x"); }`,
    /verifier refused its program tcx\/ingress: .*outside of the packet/,
  ],
  'writes to a socket buffer': [
    `SEC("tcx/ingress") int f(struct __sk_buff *s) { __u8 b = 0; bpf_skb_store_bytes(s, 0, &b, 1, 0); return -1; }`,
    /it calls helper 9, and a plugin only looks/,
  ],
  'jumps elsewhere': [
    `struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32); } j SEC(".maps");
     SEC("xdp") int f(struct xdp_md *x) { bpf_tail_call(x, &j, 0); return XDP_PASS; }`,
    /it calls helper 12/,
  ],
  'calls a function of its own': [
    `static __attribute__((noinline)) int g(struct xdp_md *x) { return x->data_end - x->data > 99; }
     SEC("xdp") int f(struct xdp_md *x) { return g(x) + 1; }`,
    /it has a function that its programs call/,
  ],
  'wants 100 MiB': [
    `struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 100 << 20); __type(key, __u32); __type(value, __u64); } big SEC(".maps");
     SEC("xdp") int f(struct xdp_md *x) { __u32 k = 0; return bpf_map_lookup_elem(&big, &k) ? 1 : 2; }`,
    /its maps want \d+ MiB/,
  ],
  'follows a tracepoint that is not there': [
    `SEC("tp_btf/no_such_thing") int f(__u64 *ctx) { return 0; }`,
    /no_such_thing/,
  ],
} as const;

describe.skipIf(!onPath('clang'))('plugins', () => {
  const rig = withRig({ block: true });
  let folder: string;
  let plugged: KernelPlugin[] = [];
  const objects: Record<string, string> = {};

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'packetwatch-plugins-'));
    const sources = { sees: SEES, drops: DROPS };
    for (const [name, source] of Object.entries(sources))
      await compile(source, (objects[name] = join(folder, `${name}.o`)));
  });
  beforeEach(() => {
    plugged = [];
  });
  afterEach(() => plugged.forEach((plugin) => rig().kernel.unplug(plugin)));
  afterAll(() => rmSync(folder, { recursive: true }));

  const plug = (...names: string[]): KernelPlugin[] => {
    for (const name of names)
      plugged.push(rig().kernel.plugIn(objects[name]!, () => expect.fail('nothing is attached')));
    return plugged;
  };
  const guard = (of: Rig) => of.guard('xdp', { plugins: true });
  const frame = tcpFrame({ src: SCANNER, dst: VICTIM });

  it('see at XDP what the guard lets pass, in their order', () => {
    const plugins = plug('sees', 'sees', 'sees');
    for (let i = 0; i < 3; i++) expect(guard(rig())(frame)).toBe('pass');
    const times = plugins.map(timesOf);
    expect(times.map((all) => all.length)).toEqual([3, 3, 3]);
    for (let i = 0; i < 3; i++) {
      const [a, b, c] = times.map((all) => all[i]!);
      expect(a! < b! && b! < c!).toBe(true);
    }
    expect(plugins.map((plugin) => plugin.counts())).toEqual(
      plugins.map(() => ({ sent: 3, lost: 0 })),
    );
  });

  it('see nothing of what the guard drops', () => {
    const [plugin] = plug('sees');
    rig().block(SCANNER);
    expect(guard(rig())(frame)).toBe('drop');
    expect(timesOf(plugin!)).toEqual([]);
  });

  it('pass every packet on, whatever they return', () => {
    const [, drops, after] = plug('sees', 'drops', 'sees');
    for (const bytes of [20, 100, 100, 100, 100]) {
      const payload = Buffer.alloc(bytes);
      expect(guard(rig())(Buffer.concat([frame, payload]))).toBe('pass');
    }
    expect([timesOf(drops!).length, timesOf(after!).length]).toEqual([5, 5]);
    const [sees, shot] = [plugged[0]!, plugged[1]!].map((p) => p.program('tcx/ingress'));
    expect(bpf.testRun(sees!, frame).retval).toBe(-1);
    expect(bpf.testRun(shot!, frame).retval).toBe(-1);
  });

  it('go on when one of them goes', () => {
    const [first, second, third] = plug('sees', 'sees', 'sees');
    const counts = () => [first, third].map((plugin) => timesOf(plugin!).length);
    rig().kernel.unplug(second!);
    guard(rig())(frame);
    expect(counts()).toEqual([1, 1]);
    rig().kernel.unplug(first!);
    expect(guard(rig())(frame)).toBe('pass');
    expect(timesOf(third!)).toHaveLength(1);
    rig().kernel.unplug(third!);
    expect(guard(rig())(frame)).toBe('pass');
  });

  it('lose what finds no room, and count it', () => {
    const [plugin] = plug('sees');
    const run = guard(rig());
    for (let i = 0; i < 300; i++) run(frame);
    const { sent, lost } = plugin!.counts();
    expect(sent + lost).toBe(300);
    expect(lost).toBeGreaterThan(0);
    expect(timesOf(plugin!)).toHaveLength(sent);
  });

  it('cost the guard nothing when there is none', () => {
    const object = new BpfObject(objectPath('guard'));
    const sizes = [false, true].map((plugins) => {
      const programs = new Programs(rig().kernel.maps, { ...kernelDefaults, plugins });
      const size = bpf.objectInfo(programs.program(object, 'xdp')).readUInt32LE(20); // xlated_prog_len
      programs.stop();
      return size;
    });
    expect(sizes[0]).toBeLessThan(sizes[1]!);
  });

  it.each(Object.entries(REFUSED))(
    'one that %s is refused in one line',
    async (what, [source, why]) => {
      const path = join(folder, `${what.replaceAll(' ', '-')}.o`);
      await compile(source, path);
      let message = '';
      try {
        rig().kernel.plugIn(path, () => {});
      } catch (error) {
        ({ message } = error as Error);
      }
      expect(message).toMatch(why);
      expect(message).not.toContain('\n');
      expect(guard(rig())(frame)).toBe('pass');
    },
  );

  it('one that is no BPF object is refused in one line', () => {
    const path = join(folder, 'text.o');
    writeFileSync(path, 'not an object');
    expect(() => rig().kernel.plugIn(path, () => {})).toThrow(/^its BPF object can't be read: /);
  });
});

/** Times of the records that wait, which are taken. */
function timesOf({ ring }: KernelPlugin): bigint[] {
  const times: bigint[] = [];
  do {
    ring!.collect();
    for (let i = 0; i < ring!.count; i++) times.push(ring!.record(i).readBigUInt64LE(0));
    ring!.release(ring!.count);
  } while (ring!.more);
  return times;
}

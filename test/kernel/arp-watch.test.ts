/** What the programs of arp-watch tell of each frame. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Claim, readClaim } from '../../plugins/arp-watch/claim.ts';
import * as bpf from '../../src/kernel/bpf.ts';
import type { KernelPlugin } from '../../src/kernel/plugin.ts';
import { bundledFolder } from '../../src/plugins/folder.ts';
import { EtherType, tcpFrame } from '../support/frames.ts';
import { arp, nd } from '../support/neighbours.ts';
import { HOOKS, SCANNER, VICTIM } from './rig.ts';
import { withRig } from './with-rig.ts';

const OBJECT = join(bundledFolder(), 'arp-watch/arp-watch.bpf.o');
const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';
/** Index in enum aw_kind. */
const COUNTS = { request: 0, reply: 1, solicitation: 2, advertisement: 3, router: 4, malformed: 5 };
const UNSOLICITED = 6;
const KNOWN = 7;

const tag = (id: number) => ({ type: EtherType.VLAN, id });
const CASES: [string, Buffer, Partial<Claim>][] = [
  ['a request', arp({ mac: A, ip: '10.0.0.7', target: '10.0.0.1' }), { ip: '10.0.0.7', mac: A }],
  ['a reply', arp({ mac: A, ip: '10.0.0.7', target: '10.0.0.1', reply: true }), { mac: A }],
  [
    'a request behind two tags',
    arp({ mac: A, ip: '10.0.0.8', target: '10.0.0.1', tags: [tag(5), tag(6)] }),
    { ip: '10.0.0.8' },
  ],
  [
    'a reply in the name of another',
    arp({ mac: A, ip: '10.0.0.7', target: '10.0.0.1', reply: true, frame: B }),
    { mac: A, frame: B },
  ],
  [
    'a probe',
    arp({ mac: A, ip: '0.0.0.0', target: '10.0.0.9' }),
    { ip: '10.0.0.9', mac: A, probe: true },
  ],
  [
    'a solicitation',
    nd({ kind: 'solicitation', src: 'fe80::7', target: 'fe80::1', mac: A, frame: B }),
    { ip: 'fe80::7', mac: A, frame: B },
  ],
  [
    'a solicitation without an option',
    nd({ kind: 'solicitation', src: 'fe80::7', target: 'fe80::1', frame: B }),
    { mac: B },
  ],
  [
    'a solicitation that detects duplicates',
    nd({ kind: 'solicitation', src: '::', target: 'fe80::9', frame: A }),
    { ip: 'fe80::9', mac: A, probe: true },
  ],
  [
    'an advertisement',
    nd({ kind: 'advertisement', src: 'fe80::7', target: '2001:db8::7', mac: A, frame: B }),
    { ip: '2001:db8::7', mac: A },
  ],
  [
    'a router',
    nd({ kind: 'router', src: 'fe80::1', mac: A, frame: A, lifetime: 600 }),
    { ip: 'fe80::1', mac: A, router: true, lifetime: 600 },
  ],
];
const SILENT: [string, Buffer][] = [
  ['half an ARP', arp({ mac: A, ip: '10.0.0.7', target: '10.0.0.1' }).subarray(0, 40)],
  [
    'a router from behind a router',
    nd({ kind: 'router', src: 'fe80::1', frame: A, hopLimit: 254 }),
  ],
  ['a SYN', tcpFrame({ src: SCANNER, dst: VICTIM })],
];

describe.skipIf(!existsSync(OBJECT))('arp-watch', () => {
  const rig = withRig();
  let plugin: KernelPlugin | undefined;
  beforeEach(() => {
    plugin = rig().kernel.plugIn(OBJECT, () => {});
  });
  afterEach(() => {
    if (plugin) rig().kernel.unplug(plugin);
  });

  const run = (hook: (typeof HOOKS)[number], frame: Buffer) =>
    bpf.testRun(plugin!.program(hook === 'tcx' ? 'tcx/ingress' : 'xdp'), padded(frame)).retval;
  const counts = () => {
    const values = plugin!.map('aw_counts')!.get(Buffer.alloc(4))!;
    const sums = Array.from({ length: 8 }, () => 0);
    for (let at = 0; at < values.length; at += 8)
      sums[(at / 8) % 8]! += Number(values.readBigUInt64LE(at));
    return sums;
  };

  describe.each(HOOKS)('at %s', (hook) => {
    it.each(CASES)('tells %s', (_, frame, wanted) => {
      expect(run(hook, frame)).toBe(hook === 'tcx' ? -1 : 2);
      expect(claims(plugin!)).toMatchObject([wanted]);
    });

    it.each(SILENT)('tells nothing of %s', (_, frame) => {
      run(hook, frame);
      expect(claims(plugin!)).toEqual([]);
    });

    it('tells a claim once, and another MAC at once', () => {
      for (const mac of [A, A, A, B, A])
        run(hook, arp({ mac, ip: '10.0.0.7', target: '10.0.0.7' }));
      expect(claims(plugin!).map(({ mac }) => mac)).toEqual([A, B, A]);
      const all = counts();
      expect([all[COUNTS.request], all[UNSOLICITED], all[KNOWN]]).toEqual([5, 5, 2]);
    });

    it('counts every one by its kind', () => {
      for (const [, frame] of CASES) run(hook, frame);
      const all = counts();
      expect(all.slice(0, 6)).toEqual([3, 2, 3, 1, 1, 0]);
      // Each is told or known already.
      expect(claims(plugin!).length + all[KNOWN]!).toBe(CASES.length);
    });
  });
});

/** Frames as a card has them: BPF_PROG_TEST_RUN wants no short ones. */
function padded(frame: Buffer): Buffer {
  return frame.length < 60 && frame.length > 41
    ? Buffer.concat([frame, Buffer.alloc(60 - frame.length)])
    : frame;
}

function claims({ ring }: KernelPlugin): Claim[] {
  ring!.collect();
  const all = Array.from({ length: ring!.count }, (_, i) => readClaim(ring!.record(i)));
  ring!.release(ring!.count);
  return all;
}

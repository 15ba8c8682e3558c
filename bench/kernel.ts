/** Row kernel: what one packet costs in the kernel, by BPF_PROG_TEST_RUN, next to an empty program and xdp-filter. */
import * as bpf from '../src/kernel/bpf.ts';
import { bpfCall } from '../src/kernel/libc.ts';
import {
  bpfHelper,
  closeFd,
  emptyProgram,
  FRAME,
  Guard,
  guardMissing,
  sprayInto,
} from './guard.ts';
import { type Case, emptyCase, ourCases, peerCases, REPEAT, RING_REPEAT } from './kernel-cases.ts';
import { missingPackages } from './needs.ts';
import { median, number, type Options, type Section, spread, verdict } from './report.ts';
import { Rig, VICTIM_IF } from './rig.ts';

/** Times of each case in nanoseconds, one of each call; the cases take turns. */
export async function measure(
  cases: readonly Case[],
  calls: number,
): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(cases.map((one) => [one.name, []]));
  for (let call = -1; call < calls; call++) {
    for (const one of cases) {
      const { retval, durationNs } = bpf.testRun(one.program, one.frame, one.repeat);
      one.after?.();
      if (retval !== one.expect)
        throw new Error(`${one.name}: the program returned ${retval}, not ${one.expect}`);
      if (call >= 0) times.get(one.name)!.push(durationNs); // the first round warms up
    }
    await new Promise(setImmediate); // signals get their turn
  }
  return times;
}

/** xdp-filter on a veth of its own rig, with one blocked source. */
async function xdpFilter(rig: Rig, features: readonly string[]): Promise<number> {
  await rig.must('victim', ['xdp-filter', 'load', VICTIM_IF, '-m', 'native', ...features]);
  await rig.must('victim', ['xdp-filter', 'ip', '-m', 'src', FRAME.blocked]);
  const shown = JSON.parse(
    await rig.must('victim', ['ip', '-j', 'link', 'show', 'dev', VICTIM_IF]),
  ) as Array<{
    xdp?: { prog?: { id: number } };
  }>;
  const id = shown[0]?.xdp?.prog?.id;
  if (id === undefined) throw new Error('xdp-filter has left no program on the interface');
  const attr = Buffer.alloc(128);
  attr.writeUInt32LE(id, 0);
  const fd = bpfCall(13, attr, 12); // PROG_GET_FD_BY_ID
  if (fd < 0) throw new Error(`program ${id} can't be opened: errno ${-fd}`);
  return fd;
}

export async function kernel(options: Options): Promise<Section> {
  const skipped: string[] = [];
  const cases: Case[] = [emptyCase(emptyProgram())];
  const missing = await missingPackages({ 'xdp-filter': 'xdp-tools' });
  if (missing.length > 0) skipped.push(`xdp-filter: install ${missing.join(' ')}`);
  const rigs: Rig[] = [];
  for (const [name, features] of missing.length > 0
    ? []
    : ([
        ['xdp-filter', []],
        ['xdp-filter -f ipv4', ['-f', 'ipv4']],
      ] as const)) {
    const rig = await new Rig(`${process.pid}${rigs.length}`).up();
    rigs.push(rig);
    cases.push(...peerCases(name, await xdpFilter(rig, features)));
  }
  const notReady = guardMissing();
  const guards: Guard[] = [];
  if (notReady === undefined) {
    const spray = await bpfHelper('spray');
    const rule = new Guard({ events: false });
    const events = new Guard({ sumAbove: 0xffffffff });
    const shipped = new Guard({});
    const blocking = new Guard({ block: true });
    guards.push(rule, events, shipped, blocking);
    blocking.block(FRAME.blocked);
    cases.push(...ourCases(spray, { rule, events, shipped, blocking }));
    const [empty] = cases;
    cases.push({
      ...empty!,
      name: 'fixed empty',
      program: sprayInto(spray, empty!.program, 'xdp/fixed'),
    });
  } else {
    skipped.push(`packetwatch: ${notReady}`);
  }
  const calls = options.runs ?? (options.quick ? 3 : 9);
  const times = await measure(cases, calls);
  for (const one of cases) closeFd(one.program);
  for (const guard of guards) await guard.stop();
  for (const rig of rigs) {
    await rig.run('victim', ['xdp-filter', 'unload', VICTIM_IF]);
    await rig.down();
  }
  for (const [name, all] of times)
    options.log(`kernel: ${name} ${number(median(all))} ns (${spread(all)})`);
  return section(times, calls, skipped);
}

function section(
  times: ReadonlyMap<string, number[]>,
  calls: number,
  skipped: readonly string[],
): Section {
  const ns = (name: string): number => median(times.get(name) ?? []);
  // what the spray program and its tail call cost, so that it can be taken off
  const detour = ns('fixed empty') - ns('empty');
  const row = (packet: string, own: number, against: string, goal: string): string[] => [
    packet,
    number(own),
    against === '' ? '-' : number(ns(`xdp-filter ${against}`)),
    against === '' ? '-' : number(ns(`xdp-filter -f ipv4 ${against}`)),
    against === '' ? '-' : number(own / ns(`xdp-filter ${against}`), 2),
    against === '' ? '-' : number(own / ns(`xdp-filter -f ipv4 ${against}`), 2),
    goal,
  ];
  const ofPeer = (name: string, against: string): string =>
    `at most 0.6 of xdp-filter: ${verdict(ns(name) / ns(`xdp-filter ${against}`), { atMost: 0.6 })}`;
  const random = (kind: string, known: string): string =>
    `at most 1.1 of the known source: ${verdict((ns(`random ${kind}`) - detour) / ns(known), { atMost: 1.1 })}`;
  return {
    title: 'Kernel time per packet',
    method: [
      `BPF_PROG_TEST_RUN of the XDP program, ${REPEAT.toLocaleString('en')} repetitions a call (${RING_REPEAT.toLocaleString('en')} where each writes a record into the ring), median of ${calls} calls taken in turn.`,
      `An empty program costs ${number(ns('empty'))} ns.`,
      'xdp-filter is measured as it loads by default, with all its features, which is what the goal is set against, and cut down to its IPv4 address filter.',
      'Random sources are written into the packet by a small program in front; its own cost was measured with the empty program and taken off.',
    ],
    tables: [
      {
        title: 'Nanoseconds per packet',
        columns: [
          'packet',
          'packetwatch',
          'xdp-filter',
          'xdp-filter -f ipv4',
          'ratio',
          'ratio to -f ipv4',
          'goal',
        ],
        rows: [
          row('established ACK', ns('ACK'), 'ACK', ofPeer('ACK', 'ACK')),
          row(
            'established ACK while another source is blocked',
            ns('ACK, others blocked'),
            'ACK',
            ofPeer('ACK, others blocked', 'ACK'),
          ),
          row(
            'SYN of a blocked source',
            ns('blocked SYN'),
            'blocked',
            ofPeer('blocked SYN', 'blocked'),
          ),
          row('ACK of a blocked source, no such socket', ns('blocked ACK'), 'blocked', ''),
          row(
            'SYN of a known source, detection only',
            ns('SYN rule'),
            'SYN',
            ofPeer('SYN rule', 'SYN'),
          ),
          row(
            'SYN of a known source, as shipped',
            ns('SYN events'),
            'SYN',
            `at most 220 ns: ${verdict(ns('SYN events'), { atMost: 220 })}`,
          ),
          row(
            'SYN of a known source, as shipped, in a flood (summed)',
            ns('SYN summed'),
            'SYN',
            `at most 220 ns: ${verdict(ns('SYN summed'), { atMost: 220 })}`,
          ),
          row(
            'SYN of random sources, detection only',
            ns('random rule') - detour,
            '',
            random('rule', 'SYN rule'),
          ),
          row(
            'SYN of random sources, as shipped',
            ns('random events') - detour,
            '',
            random('events', 'SYN events'),
          ),
        ],
      },
    ],
    skipped,
  };
}

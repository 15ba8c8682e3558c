/** Row plugins: what the guard and each plugin behind it cost a packet, by BPF_PROG_TEST_RUN. */
import { bpfHelper, closeFd, emptyProgram, FRAME, Guard, guardMissing, tcpFrame } from './guard.ts';
import { measure } from './kernel.ts';
import { type Case, REPEAT } from './kernel-cases.ts';
import { median, number, type Options, type Section, spread, verdict } from './report.ts';

const ACK = 0x10;
const XDP_PASS = 2;
const TCX_NEXT = -1;
const COUNTS = [0, 1, 4, 8] as const;
const GOAL_NS = 10;

export async function plugins(options: Options): Promise<Section> {
  const notReady = guardMissing();
  if (notReady !== undefined) return section(new Map(), 0, [`packetwatch: ${notReady}`]);
  const object = await bpfHelper('plugin');
  const frame = tcpFrame(FRAME.source, ACK);
  const xdp = { frame, expect: XDP_PASS, repeat: REPEAT } as const;
  const bare = new Guard({});
  const guards = COUNTS.map((count) => {
    const guard = new Guard({ plugins: true });
    for (let i = 0; i < count; i++) guard.plugIn(object);
    return { count, guard };
  });
  const tcx = guards[1]!.guard.plugged[0]!.program('tcx/ingress');
  const empty = emptyProgram('tcx');
  const cases: Case[] = [
    { name: 'bare', program: bare.program, ...xdp },
    ...guards.map(({ count, guard }) => ({ name: `${count}`, program: guard.program, ...xdp })),
    { name: 'tcx', program: tcx, frame, expect: TCX_NEXT, repeat: REPEAT },
    { name: 'tcx empty', program: empty, frame, expect: TCX_NEXT, repeat: REPEAT },
  ];
  const calls = options.runs ?? (options.quick ? 3 : 9);
  const times = await measure(cases, calls);
  closeFd(empty);
  for (const guard of [bare, ...guards.map((one) => one.guard)]) await guard.stop();
  for (const [name, all] of times)
    options.log(`plugins: ${name} ${number(median(all))} ns (${spread(all)})`);
  return section(times, calls, []);
}

function section(
  times: ReadonlyMap<string, number[]>,
  calls: number,
  skipped: readonly string[],
): Section {
  const ns = (name: string): number => median(times.get(name) ?? []);
  const each = (count: number): number => (ns(`${count}`) - ns('0')) / count;
  const row = (what: string, name: string, per = '', goal = ''): string[] => [
    what,
    number(ns(name)),
    spread(times.get(name) ?? []),
    per,
    goal,
  ];
  const of = (count: number): string[] =>
    row(
      `and ${count} in its chain`,
      `${count}`,
      number(each(count), 1),
      `at most ${GOAL_NS} ns: ${verdict(each(count), { atMost: GOAL_NS })}`,
    );
  return {
    title: 'Plugins',
    method: [
      `An established ACK through the guard and plugins that look at its EtherType, BPF_PROG_TEST_RUN, ${REPEAT.toLocaleString('en')} repetitions a call, median of ${calls} calls taken in turn.`,
      'At TCX the kernel runs the links one after another, which a test run of one program does not show: the figure is that of one plugin alone, less an empty program.',
    ],
    tables: [
      {
        title: 'Nanoseconds per packet',
        columns: ['what', 'median', 'range', 'per plugin', 'goal'],
        rows: [
          row('guard at XDP, no plugins', 'bare'),
          row('guard at XDP, empty chain', '0'),
          of(1),
          of(4),
          of(8),
          row('an empty program at TCX', 'tcx empty'),
          row('one plugin at TCX, alone', 'tcx', number(ns('tcx') - ns('tcx empty'), 1)),
        ],
      },
    ],
    skipped,
  };
}

/** Row page: what a browser does with 5,000 connections a second, and what the page costs the program. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openPage, type Seen, traceUses, watchPage } from './browser-page.ts';
import { generate, onRig } from './load.ts';
import { missingPackages } from './needs.ts';
import { ready, startToFile } from './packetwatch.ts';
import { cpuSeconds, peakRssMb, text, tree } from './proc.ts';
import { number, type Options, type Section, verdict } from './report.ts';

const RATE = 5000;
const LISTEN = '127.0.0.1:9470';
/** Seconds of load; PAGE_SECONDS=600 is the long run. */
const SECONDS = 30;
/** Of these the first are not looked at: the page loads, code becomes hot, the table fills. */
const WARM_UP_S = 8;
const LOOK_S = 5;
/** Rows of the table over time, about. */
const LOOKS = 24;
/** Tracing has its own cost, and a trace of more would be hundreds of megabytes; with taking it out of the browser. */
const TRACES_S = 90;

/** What a browser's main thread may do at once (HTML's long task). */
const LONG_TASK_MS = 50;
/** Rows in sight at 800 px, with those beyond the edges, and the frame around them. */
const NODES = 3000;
const GROWTH_MB = 10;
/** A few, since a row has one and rows come and go with the window. */
const GROWTH_LISTENERS = 20;
const CPU_PCT = 5;

interface Run {
  readonly perSecond: number;
  readonly programPct: number;
  readonly generatorPct: number;
  readonly browserPct: number;
  readonly seen: Seen | undefined;
  /** The longest task of each use, by what the processor did for it: other work on the machine doesn't lengthen it. */
  readonly longestCpuMs: ReadonlyMap<string, number>;
}

export async function browser(options: Options): Promise<Section> {
  const title = 'The page in a browser';
  const seconds = Number(process.env['PAGE_SECONDS'] ?? (options.quick ? 15 : SECONDS));
  const method = [
    `${RATE} connections/s are made towards a host where \`watch --listen\` runs; Debian's Chromium, headless and without a GPU, shows the live view there.`,
    `It is looked at for ${seconds} s, after ${WARM_UP_S} s that are not; generator, server, program and browser share the processors of this machine.`,
  ];
  const missing = [
    ...(await missingPackages({ chromium: 'chromium' })),
    (await ready()) ?? '',
  ].filter((word) => word !== '');
  if (missing.length > 0) return { title, method, tables: [], skipped: missing };
  const without = await measure(seconds, false, options);
  const withPage = await measure(seconds, true, options);
  const { longestCpuMs } = withPage;
  const { looks, longTasksMs, rows, share } = withPage.seen!;
  const longest = Math.max(0, ...longTasksMs);
  const nodes = Math.max(...looks.map((each) => each.nodes));
  const growth = looks.at(-1)!.heapMb - looks[0]!.heapMb;
  const listeners = looks.at(-1)!.listeners - looks[0]!.listeners;
  const rise = withPage.programPct - without.programPct;
  return {
    title,
    method,
    tables: [
      {
        title: 'Goals',
        columns: ['', 'goal', 'measured', ''],
        rows: [
          [
            'longest task of the main thread',
            `${LONG_TASK_MS} ms`,
            longest === 0
              ? `none over ${LONG_TASK_MS} ms`
              : `${number(longest)} ms, ${longTasksMs.length} over ${LONG_TASK_MS} ms`,
            verdict(longest, { atMost: LONG_TASK_MS }),
          ],
          ...[...longestCpuMs].map(([use, ms]) => [
            `in processor time, while ${use}`,
            `${LONG_TASK_MS} ms`,
            `${number(ms, 1)} ms`,
            verdict(ms, { atMost: LONG_TASK_MS }),
          ]),
          [
            'elements and texts of the document',
            `${NODES}`,
            number(nodes),
            verdict(nodes, { atMost: NODES }),
          ],
          [
            `heap, from the first look to the last, ${number(looks.at(-1)!.second - looks[0]!.second)} s later`,
            `+${GROWTH_MB} MB`,
            `${growth >= 0 ? '+' : ''}${number(growth, 1)} MB`,
            verdict(growth, { atMost: GROWTH_MB }),
          ],
          [
            'listeners of events, the same',
            `+${GROWTH_LISTENERS}`,
            `${listeners >= 0 ? '+' : ''}${number(listeners)}`,
            verdict(listeners, { atMost: GROWTH_LISTENERS }),
          ],
          [
            "program's CPU with the page against without",
            `+${CPU_PCT} % of a core`,
            `${rise >= 0 ? '+' : ''}${number(rise, 1)} %`,
            verdict(rise, { atMost: CPU_PCT }),
          ],
        ],
        notes: [`The table had ${rows} rows in the document; ${share}`],
      },
      {
        title: 'CPU, % of a core',
        columns: ['', 'connections/s', 'program', 'generator', 'browser'],
        rows: [
          [
            'without the page',
            number(without.perSecond),
            number(without.programPct, 1),
            number(without.generatorPct, 1),
            '-',
          ],
          [
            'with the page',
            number(withPage.perSecond),
            number(withPage.programPct, 1),
            number(withPage.generatorPct, 1),
            number(withPage.browserPct, 1),
          ],
        ],
      },
      {
        title: 'Over time',
        columns: [
          'second',
          'nodes',
          'listeners',
          'heap after collection, MB',
          "program's RSS at most, MB",
        ],
        rows: looks.map((each) => [
          number(each.second),
          number(each.nodes),
          number(each.listeners),
          number(each.heapMb, 1),
          number(each.peakMb),
        ]),
        notes: [
          'The program keeps connections of the last hour in bounded memory, which fills at first.',
        ],
      },
    ],
    skipped: [],
  };
}

/** One load, with the page open or not. */
function measure(seconds: number, isOpen: boolean, { log }: Options): Promise<Run> {
  return onRig('client', async (rig, folder) => {
    // Only what shows that it works is written; what the page gets doesn't depend on it
    const args = ['--listen', LISTEN, '-o', 'json', '--events', 'connection.refused'];
    const program = await startToFile(rig, folder, args, `${folder}/lines.json`);
    const page = isOpen ? await openPage(rig, `http://${LISTEN}/`) : undefined;
    try {
      const all = WARM_UP_S + seconds + (page ? TRACES_S : 1);
      const load = generate(rig, folder, RATE, 'client', all);
      await sleep(WARM_UP_S * 1000);
      const begin = performance.now();
      const before = cpuOf(program.pid);
      const peak = () => peakRssMb([program.pid]);
      const seen = page
        ? await watchPage(page, seconds, Math.max(LOOK_S, seconds / LOOKS), peak)
        : await sleep(seconds * 1000, undefined);
      const tookS = (performance.now() - begin) / 1000;
      const after = cpuOf(program.pid);
      const percent = (which: keyof Cpu) => ((after[which] - before[which]) / tookS) * 100;
      // Last, since tracing has its own cost
      const longestCpuMs = page ? await traceUses(page) : new Map<string, number>();
      const { load: made } = await load;
      log(`${isOpen ? 'with' : 'without'} the page: program ${percent('program').toFixed(1)} %`);
      return {
        perSecond: made.perSecond,
        programPct: percent('program'),
        generatorPct: percent('loadgen'),
        browserPct: percent('chromium'),
        seen,
        longestCpuMs,
      };
    } finally {
      await page?.context().browser()?.close();
      await program.stop();
    }
  });
}

interface Cpu {
  readonly program: number;
  readonly loadgen: number;
  readonly chromium: number;
}

/** CPU seconds so far of what shares this machine. */
function cpuOf(program: number): Cpu {
  const children = tree(process.pid);
  const named = (name: string) =>
    children.filter((pid) => text(`/proc/${pid}/comm`).trim() === name);
  return {
    program: cpuSeconds([program]),
    loadgen: cpuSeconds(named('loadgen')),
    chromium: cpuSeconds(named('chromium')),
  };
}

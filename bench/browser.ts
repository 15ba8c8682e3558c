/** Row page: what a browser does with 5,000 connections a second, and what the page costs the program. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CDPSession, Page } from 'playwright-core';
import { startChromium } from '../test/support/chromium.ts';
import { generate, onRig } from './load.ts';
import { missingPackages } from './needs.ts';
import { ready, startToFile } from './packetwatch.ts';
import { cpuSeconds, onEnd, text, tree } from './proc.ts';
import { number, type Options, type Section, verdict } from './report.ts';
import type { Rig } from './rig.ts';

const RATE = 5000;
const LISTEN = '127.0.0.1:9470';
/** Seconds of load; PAGE_SECONDS=600 is the long run. */
const SECONDS = 30;
/** Of these the first are not looked at: the page loads, code becomes hot, the table fills. */
const WARM_UP_S = 8;
const LOOK_S = 5;
/** A trace of more would be hundreds of megabytes; taking it out of the browser takes as long again. */
const TRACED_S = 8;
const TRACE_END_S = 12;

/** What a browser's main thread may do at once (HTML's long task). */
const LONG_TASK_MS = 50;
/** Rows in sight at 800 px, with those beyond the edges, and the frame around them. */
const NODES = 3000;
const GROWTH_MB = 10;
const CPU_PCT = 5;

/** One moment of the page. */
interface Look {
  readonly second: number;
  readonly nodes: number;
  readonly heapMb: number;
}

interface Seen {
  readonly looks: readonly Look[];
  readonly longTasksMs: readonly number[];
  readonly rows: number;
  readonly share: string;
}

interface Run {
  readonly perSecond: number;
  readonly programPct: number;
  readonly generatorPct: number;
  readonly browserPct: number;
  readonly seen: Seen | undefined;
  /** The longest task by what the processor did for it: other work on the machine doesn't lengthen it. */
  readonly longestCpuMs: number;
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
          [
            'the same in processor time',
            `${LONG_TASK_MS} ms`,
            `${number(longestCpuMs, 1)} ms`,
            verdict(longestCpuMs, { atMost: LONG_TASK_MS }),
          ],
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
        columns: ['second', 'nodes', 'heap after collection, MB'],
        rows: looks.map((each) => [
          number(each.second),
          number(each.nodes),
          number(each.heapMb, 1),
        ]),
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
    const page = isOpen ? await openPage(rig) : undefined;
    try {
      const all = WARM_UP_S + seconds + (page ? TRACED_S + TRACE_END_S : 1);
      const load = generate(rig, folder, RATE, 'client', all);
      await sleep(WARM_UP_S * 1000);
      const begin = performance.now();
      const before = cpuOf(program.pid);
      const seen = page ? await watchPage(page, seconds) : await sleep(seconds * 1000, undefined);
      const tookS = (performance.now() - begin) / 1000;
      const after = cpuOf(program.pid);
      const percent = (which: keyof Cpu) => ((after[which] - before[which]) / tookS) * 100;
      // Last, since tracing has its own cost
      const longestCpuMs = page ? await traceTasks(page, TRACED_S) : Number.NaN;
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

/** Tells of each long task by what stands in the page. */
const OBSERVE = `
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) globalThis.longTasks.push(duration);
  }).observe({ type: 'longtask' });
`;

async function openPage(rig: Rig): Promise<Page> {
  const chromium = await startChromium((argv) => rig.inside('victim', argv));
  onEnd(() => chromium.close());
  const page = await chromium.newPage({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript(OBSERVE);
  await page.goto(`http://${LISTEN}/`);
  await page.locator('tbody [role=row]').first().waitFor({ state: 'attached' });
  return page;
}

/** Looks at the page from time to time; collecting its garbage first is no task of its own, so those are let go. */
async function watchPage(page: Page, seconds: number): Promise<Seen> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const begin = performance.now();
  const looks: Look[] = [];
  const longTasksMs: number[] = [];
  await page.evaluate('globalThis.longTasks.length = 0');
  for (;;) {
    const second = (performance.now() - begin) / 1000;
    longTasksMs.push(...(await page.evaluate<number[]>('globalThis.longTasks')));
    looks.push(await lookAt(session, second));
    await page.evaluate('globalThis.longTasks.length = 0');
    if (second >= seconds) break;
    await sleep(Math.min(LOOK_S, Math.max(0.1, seconds - second)) * 1000);
  }
  return {
    looks,
    longTasksMs,
    rows: await page.locator('tbody [role=row]').count(),
    share:
      (await page
        .locator('.strip')
        .first()
        .textContent({ timeout: 1000 })
        .catch(() => null)) ?? 'no sampling',
  };
}

async function lookAt(session: CDPSession, second: number): Promise<Look> {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const of = (name: string) => metrics.find((metric) => metric.name === name)!.value;
  return { second, nodes: of('Nodes'), heapMb: of('JSHeapUsedSize') / 1e6 };
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name?: string };
  /** Microseconds of the thread's own time. */
  readonly tdur?: number;
}

/** The longest task of the page's main thread, ms of processor time. */
async function traceTasks(page: Page, seconds: number): Promise<number> {
  const chromium = page.context().browser()!;
  await chromium.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
  await sleep(seconds * 1000);
  const trace = JSON.parse((await chromium.stopTracing()).toString()) as {
    traceEvents: readonly TraceEvent[];
  };
  const mains = new Set(
    trace.traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = trace.traceEvents.filter(
    ({ name, pid, tid }) => name === 'RunTask' && mains.has(`${pid} ${tid}`),
  );
  if (tasks.length === 0) throw new Error('the trace has no tasks of a main thread');
  return tasks.reduce((most, { tdur = 0 }) => Math.max(most, tdur), 0) / 1000;
}

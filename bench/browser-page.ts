/** The page in a browser, as the row `page` looks at it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CDPSession, Page } from 'playwright-core';
import { startChromium } from '../test/support/chromium.ts';
import { onEnd } from './proc.ts';
import type { Rig } from './rig.ts';

/** One moment of the page, its garbage collected. */
export interface Look {
  readonly second: number;
  readonly nodes: number;
  readonly listeners: number;
  readonly heapMb: number;
  /** Resident memory of the program until then, at most. */
  readonly peakMb: number;
}

export interface Seen {
  readonly looks: readonly Look[];
  readonly longTasksMs: readonly number[];
  readonly rows: number;
  readonly share: string;
}

/** Tells of each long task by what stands in the page. */
const OBSERVE = `
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) globalThis.longTasks.push(duration);
  }).observe({ type: 'longtask' });
`;

export async function openPage(rig: Rig, url: string): Promise<Page> {
  const chromium = await startChromium((argv) => rig.inside('victim', argv));
  onEnd(() => chromium.close());
  const page = await chromium.newPage({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript(OBSERVE);
  await page.goto(url);
  await page.locator('tbody [role=row]').first().waitFor({ state: 'attached' });
  return page;
}

/** Looks at the page from time to time; collecting its garbage first is no task of its own, so those are let go. */
export async function watchPage(
  page: Page,
  seconds: number,
  everyS: number,
  peakMb: () => number,
): Promise<Seen> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const begin = performance.now();
  const looks: Look[] = [];
  const longTasksMs: number[] = [];
  await page.evaluate('globalThis.longTasks.length = 0');
  for (;;) {
    const second = (performance.now() - begin) / 1000;
    longTasksMs.push(...(await page.evaluate<number[]>('globalThis.longTasks')));
    looks.push({ second, ...(await lookAt(session)), peakMb: peakMb() });
    await page.evaluate('globalThis.longTasks.length = 0');
    if (second >= seconds) break;
    await sleep(Math.min(everyS, Math.max(0.1, seconds - second)) * 1000);
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

async function lookAt(session: CDPSession): Promise<Pick<Look, 'nodes' | 'listeners' | 'heapMb'>> {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const of = (name: string) => metrics.find((metric) => metric.name === name)!.value;
  return {
    nodes: of('Nodes'),
    listeners: of('JSEventListeners'),
    heapMb: of('JSHeapUsedSize') / 1e6,
  };
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name?: string };
  /** Microseconds of the thread's own time. */
  readonly tdur?: number;
}

/** What a person does with it, each with the time in which it is drawn. */
const USES: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  'nobody touches it': (page) => page.waitForTimeout(8000),
  'the filter changes': (page) => inTurn(page, ['#/live?filter=tcp', '#/live', '#/live?show=open']),
  'views change': (page) =>
    inTurn(
      page,
      ['map', 'map?as=table', 'scans', 'tcp', 'sockets', 'health'].flatMap((view) => [
        `#/${view}`,
        '#/live',
      ]),
    ),
  'it is paused, and goes on': async (page) => {
    for (let n = 0; n < 4; n++) {
      await page.keyboard.press('p');
      await page.waitForTimeout(1000);
    }
  },
  'it is scrolled': async (page) => {
    await page.mouse.move(600, 500);
    for (let n = 0; n < 40; n++) {
      await page.mouse.wheel(0, n < 20 ? 800 : -800);
      await page.waitForTimeout(50);
    }
  },
};

async function inTurn(page: Page, hashes: readonly string[]): Promise<void> {
  for (const hash of hashes) {
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await page.waitForTimeout(1200);
  }
}

/** The longest task of the page's main thread during each of the uses, ms of processor time. */
export async function traceUses(page: Page): Promise<ReadonlyMap<string, number>> {
  const longest = new Map<string, number>();
  for (const [name, use] of Object.entries(USES)) longest.set(name, await traced(page, use));
  return longest;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name?: string };
  /** Microseconds of the thread's own time. */
  readonly tdur?: number;
}

async function traced(page: Page, use: (page: Page) => Promise<unknown>): Promise<number> {
  const chromium = page.context().browser()!;
  await chromium.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
  await use(page);
  const { traceEvents } = JSON.parse((await chromium.stopTracing()).toString()) as {
    traceEvents: readonly TraceEvent[];
  };
  const thread = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(thread),
  );
  const tasks = traceEvents.filter((each) => each.name === 'RunTask' && mains.has(thread(each)));
  if (tasks.length === 0) throw new Error('the trace has no tasks of a main thread');
  return tasks.reduce((most, { tdur = 0 }) => Math.max(most, tdur), 0) / 1000;
}

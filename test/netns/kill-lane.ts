/** One victim whose program is killed again and again, under a scan that never stops. */
import { existsSync, type FSWatcher, watch as watchFiles } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../cases/random.ts';
import { type Running, until } from '../support/command.ts';
import { Watch } from '../support/packetwatch.ts';
import { PYTHON } from '../support/peer.ts';
import { MAIN, otherScanner, Rig, SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { HOOKS } from '../support/suite.ts';
import { tables } from '../support/tables.ts';
import { Stack } from './scans.ts';

const DRIP = fileURLToPath(new URL('../support/drip.py', import.meta.url));
/** SYNs per second from each scanner. */
const RATE = 200;
const FAMILIES = [4, 6] as const;
const SCANNERS = FAMILIES.map((family) => otherScanner(1, family));
const ALWAYS = ['-i', VICTIM_IF, '-o', 'json', '--block', '--block-ttl', '1h'];
/** How long it runs before it is killed, at most. */
const RUN_MS = 400;
/** After the change of the pins at which it is killed, at most: all tables are pinned within a millisecond. */
const AIM_MS = 1;
/** Of a start, or an end, that changes pins: one from 1 to this. */
const CHANGES = 24;

export const PHASES = ['start', 'run', 'swap', 'stop', 'hand-over'] as const;

/** When, and under which options, the program is killed. */
export interface Kill {
  readonly phase: (typeof PHASES)[number];
  /** Of the phase's length: 0 to 1. */
  readonly share: number;
  /** Instead: so many changes of pins later, and then a share of a millisecond. */
  readonly changes: number | undefined;
  /** Of the program that is killed. */
  readonly options: readonly string[];
  /** Of the one before it, in a swap: it is killed as well, and doesn't end. */
  readonly both: boolean;
}

export function killOf(random: Random, phase: Kill['phase']): Kill {
  const aimed = phase !== 'run' && random.share() < 0.4;
  return {
    phase,
    share: random.share(),
    changes: aimed ? random.between(1, CHANGES) : undefined,
    options: [
      '--attach',
      random.pick(HOOKS),
      '--rule',
      random.pick(['reference', 'reference,ports=5', 'weighted']),
      ...random.pick([[], ['--block-established'], ['--block-max', '100']]),
    ],
    both: random.share() < 0.5,
  };
}

export class KillLane {
  readonly #rig: Rig;
  readonly #stack: Stack;
  /** Packets of the blocked scanners that the stack saw; undefined: they are not blocked. */
  #through: number[] | undefined;
  #pins: string | undefined;
  /** The last one that was not started to be killed at once. */
  #running: Running | undefined;
  #ms = { start: 0, stop: 0 };
  /** What went wrong. */
  readonly faults: string[] = [];

  private constructor(rig: Rig, stack: Stack) {
    this.#rig = rig;
    this.#stack = stack;
  }

  static async make(): Promise<KillLane> {
    const rig = await Rig.direct();
    const lane = new KillLane(rig, await Stack.watch(rig.victim));
    const pairs = FAMILIES.flatMap((family, i) => [VICTIM[family], SCANNERS[i]!]);
    await rig.scanner.start([PYTHON, DRIP, `${RATE}`, ...pairs]);
    const watch = await lane.#start([]);
    lane.#pins = (await watch.status()).pins;
    const ending = performance.now();
    await watch.running.end('SIGTERM');
    lane.#ms.stop = performance.now() - ending;
    return lane;
  }

  /** How long a start and an end take here, milliseconds. */
  get durations(): { readonly start: number; readonly stop: number } {
    return this.#ms;
  }

  async kill(kill: Kill): Promise<void> {
    try {
      await this.#kill(kill, await this.#works(kill.options));
      await this.#check();
    } catch (error) {
      this.faults.push(String(error));
      await this.#running?.end('SIGKILL');
    }
  }

  async #kill(kill: Kill, watch: Watch): Promise<void> {
    switch (kill.phase) {
      case 'run':
        await sleep(kill.share * RUN_MS);
        await watch.running.end('SIGKILL');
        break;
      case 'stop': {
        const killed = this.#killAt(kill, this.#ms.stop);
        watch.running.child.kill('SIGTERM');
        await killed(watch.running);
        break;
      }
      case 'swap':
        await watch.running.end(kill.both ? 'SIGKILL' : 'SIGTERM');
        await this.#killStart(kill);
        break;
      case 'hand-over':
        await this.#killStart(kill, '--replace');
        await watch.running.end('SIGKILL'); // whether it had handed over by then or not
        break;
      case 'start':
        await watch.stop();
        this.#through = undefined;
        await this.#killStart(kill);
        break;
    }
  }

  /** A last start must work as well. */
  async down(): Promise<void> {
    const last = await this.#works([]).catch((error: unknown) => this.faults.push(String(error)));
    if (last instanceof Watch) await last.stop();
    await this.#rig.down();
  }

  #start(options: readonly string[]): Promise<Watch> {
    return Watch.start(this.#rig.victim, [...ALWAYS, ...options]);
  }

  /** Starts it: it tells connections, and who was blocked still is. */
  async #works(options: readonly string[]): Promise<Watch> {
    const began = performance.now();
    const watch = await this.#start(options);
    this.#running = watch.running;
    this.#ms.start = performance.now() - began;
    const scanner = await this.#rig.scanner.peer();
    const { port } = await scanner.connect({ host: VICTIM[4], port: 9, source: SCANNER[4] });
    await watch.event({ event: 'connection.refused', src_port: port });
    await this.#check();
    if (!this.#through) {
      await until('both are blocked', async () => (await tables(this.#pins!))?.blocks === 2);
      this.#through = await this.#seen();
    }
    return watch;
  }

  async #check(): Promise<void> {
    const found = await tables(this.#pins!);
    this.faults.push(...(found?.wrong ?? []));
    if (!this.#through) return;
    const seen = await this.#seen();
    seen.forEach((count, i) => {
      const more = count - this.#through![i]!;
      if (more > 0) this.faults.push(`${more} packets of ${SCANNERS[i]}, which is blocked`);
    });
    this.#through = seen;
  }

  #seen(): Promise<number[]> {
    return Promise.all(SCANNERS.map((source) => this.#stack.syns(source)));
  }

  async #killStart(kill: Kill, ...more: string[]): Promise<void> {
    const killed = this.#killAt(kill, this.#ms.start);
    const argv = [process.execPath, MAIN, 'watch', ...ALWAYS, ...kill.options, ...more];
    await killed(await this.#rig.victim.start(argv));
  }

  /** Gets ready to kill a program that is about to start or end; what is returned waits for its end. */
  #killAt({ share, changes }: Kill, ms: number): (running: Running) => Promise<void> {
    if (changes === undefined)
      return async (running) => {
        await sleep(share * ms);
        await running.end('SIGKILL');
      };
    const reached = afterChanges(this.#pins!, changes);
    return async (running) => {
      await Promise.race([reached.promise, running.ended, sleep(2 * ms)]);
      const moment = performance.now() + share * AIM_MS;
      while (performance.now() < moment); // a timer is a millisecond late
      await running.end('SIGKILL');
      reached.stop();
    };
  }
}

/** Waits for so many changes of a directory of pins, which need not be there yet. */
function afterChanges(pins: string, count: number): { promise: Promise<void>; stop: () => void } {
  const watchers: FSWatcher[] = [];
  const promise = new Promise<void>((resolve) => {
    let left = count;
    const changed = (): void => {
      if (--left === 0) resolve();
    };
    const within = (): void => {
      if (watchers.length < 2 && existsSync(pins)) watchers.push(watchFiles(pins, changed));
    };
    const above = (_: string, name: string | null): void => {
      if (name !== basename(pins)) return;
      changed();
      within();
    };
    watchers.push(watchFiles(dirname(pins), above));
    within();
  });
  return { promise, stop: () => watchers.forEach((watcher) => watcher.close()) };
}

/** Row `swap`: one program takes over from another, under a blocked scan and under connections. */
import { readFileSync } from 'node:fs';
import type { Status as Told } from '../src/agent/status.ts';
import { MOVED, type Variant, variant } from '../test/support/variant.ts';
import { generate, onRig } from './load.ts';
import { command, ready, release, startToFile, status } from './packetwatch.ts';
import { onEnd, type Started, text, until } from './proc.ts';
import { number, type Options, percentile, type Section, verdict } from './report.ts';
import { ATTACKER, helper, Rig, VICTIM, workFolder } from './rig.ts';

const SYNS_PER_S = 2000;
const CONNECTIONS_PER_S = 1000;
const BLOCK = ['--block', '--block-ttl', '1h', '-o', 'json'];
const WATCH = ['-o', 'json'];

/** At the very last input hook of the victim. */
const RULES = `table inet pwcount {
  counter reached { }
  chain c { type filter hook input priority 2147483000; policy accept;
    ip saddr ${ATTACKER[4]} tcp flags & (fin|syn|rst|ack) == syn counter name reached
  }
}
`;

/** Programs that take over from one another: what they wrote, and how long each took. */
class Relay {
  readonly outputs: string[] = [];
  readonly guardMs: number[] = [];
  readonly unreadMs: number[] = [];
  readonly #rig: Rig;
  readonly #folder: string;
  readonly #args: readonly string[];
  #last: Started | undefined;

  constructor(rig: Rig, folder: string, args: readonly string[]) {
    this.#rig = rig;
    this.#folder = folder;
    this.#args = args;
  }

  async begin(): Promise<void> {
    const output = this.#next();
    this.#last = await startToFile(this.#rig, this.#folder, this.#args, output);
  }

  async swap(main: string | undefined): Promise<void> {
    const before = this.#last;
    const errors = `${this.#folder}/errors-${this.outputs.length}`;
    const argv = command([...this.#args, '--replace']);
    if (main !== undefined) argv[1] = main;
    const next = await this.#rig.start('victim', argv, {
      stdout: { file: this.#next() },
      stderr: errors,
    });
    const runs = await until(() => text(errors).includes('watching') || gone(next), 30);
    if (!runs || gone(next)) throw new Error(`no swap: ${text(errors).trim()}`);
    this.#last = next;
    await before?.stop(); // it has ended
    let told: Told['swap'];
    const reads = await until(async () => {
      told = ((await status(this.#rig)) as unknown as Told).swap;
      return told !== undefined;
    }, 10);
    if (!reads || told?.from_pid !== before?.pid) throw new Error('the program did not hand over');
    this.guardMs.push(told?.guard_ms ?? Number.NaN);
    this.unreadMs.push(told?.unread_ms ?? Number.NaN);
  }

  async stop(): Promise<void> {
    await this.#last?.stop();
    await release(this.#rig);
  }

  #next(): string {
    this.outputs.push(`${this.#folder}/out-${this.outputs.length}.json`);
    return this.outputs.at(-1)!;
  }
}

const gone = ({ child }: Started): boolean => child.exitCode !== null || child.signalCode !== null;

/** Swaps while a blocked source scans on. */
async function underScan(
  swaps: number,
  other: string | undefined,
): Promise<{ relay: Relay; reached: number; sent: number }> {
  const folder = workFolder('swap');
  const rig = await new Rig().up();
  const relay = new Relay(rig, folder, BLOCK);
  const stop = onEnd(() => relay.stop());
  try {
    await rig.nft('victim', RULES);
    await relay.begin();
    const scan = [ATTACKER[4], VICTIM[4], 1, 1000, 1e8, SYNS_PER_S].map(String);
    const scanning = await rig.start('attacker', [await helper('synflood'), ...scan], {
      stdout: { file: `${folder}/scan` },
      stderr: `${folder}/scan.err`,
    });
    const begun = Date.now();
    const blocked = await until(() => text(relay.outputs[0]!).includes('"event":"block"'), 20);
    if (!blocked) throw new Error('the scan was not blocked');
    for (let i = 0; i < swaps; i++) await relay.swap(i % 2 === 0 ? other : undefined);
    const sent = Math.round(((Date.now() - begun) / 1000) * SYNS_PER_S);
    await scanning.stop();
    const listing = await rig.must('victim', ['nft', 'list', 'table', 'inet', 'pwcount']);
    const reached = Number(/counter reached \{\s*packets (\d+)/.exec(listing)?.[1]);
    return { relay, reached, sent };
  } finally {
    await stop();
    await rig.down();
  }
}

/** Swaps under connections; each must be told, by whichever program. */
async function underLoad(
  swaps: number,
  seconds: number,
): Promise<{ relay: Relay; made: number; told: number; ids: number; lost: number }> {
  return onRig('client', async (rig, folder) => {
    const relay = new Relay(rig, folder, WATCH);
    const stop = onEnd(() => relay.stop());
    try {
      await relay.begin();
      const loading = generate(rig, folder, CONNECTIONS_PER_S, 'client', seconds);
      for (let i = 0; i < swaps; i++) await relay.swap(undefined);
      const { load: made } = await loading;
      const closed = new Set<string>();
      const ids = new Set<string>();
      const look = (): boolean => {
        for (const output of relay.outputs)
          for (const line of readFileSync(output, 'latin1').split('\n')) {
            const id = /"id":"(\w+)","src_ip":"10\.77\.1\./.exec(line)?.[1];
            if (id === undefined) continue;
            ids.add(id);
            if (line.includes('"connection.close"')) closed.add(id);
          }
        return closed.size >= made.started;
      };
      await until(look, 10, 500);
      const counts = (await status(rig)) as unknown as Told;
      const lost = Object.values(counts.source_counts.lost).reduce((sum, n) => sum + n, 0);
      return { relay, made: made.started, told: closed.size, ids: ids.size, lost };
    } finally {
      await stop();
    }
  });
}

export async function swap(options: Options): Promise<Section> {
  const notReady = await ready();
  if (notReady !== undefined) throw new Error(`packetwatch: ${notReady}`);
  const each = options.runs ?? (options.quick ? 5 : 50);
  const versions: Variant[] = [];
  const undo = onEnd(() => versions.forEach(({ remove }) => remove()));
  const rows: string[][] = [];
  try {
    versions.push(await variant(MOVED));
    for (const [name, main] of [
      ['the same', undefined],
      ['another', versions[0]!.main],
    ] as const) {
      const { relay, reached, sent } = await underScan(each, main);
      // three before the block, as in "Scan leak"
      rows.push([
        `${name} layout, under a blocked scan`,
        `${each}`,
        `about ${sent} SYNs sent, ${reached - 3} through: ${verdict(reached - 3, { exactly: 0 })}`,
        ...times(relay.guardMs),
        ...times(relay.unreadMs),
        verdict(percentile(relay.guardMs, 1), { atMost: 50 }),
      ]);
      options.log(`swap ${rows.at(-1)!.join(' | ')}`);
    }
    const swaps = options.quick ? 2 : 10;
    const { relay, made, told, ids, lost } = await underLoad(swaps, swaps * 4);
    rows.push([
      `the same layout, ${CONNECTIONS_PER_S} connections/s`,
      `${swaps}`,
      `${made} made, ${told} told whole, ${lost} lost and counted, ${ids - made} ids too many: ${verdict(made - told - lost + Math.abs(ids - made), { atMost: 0 })}`,
      ...times(relay.guardMs),
      ...times(relay.unreadMs),
      verdict(percentile(relay.guardMs, 1), { atMost: 50 }),
    ]);
    options.log(`swap ${rows.at(-1)!.join(' | ')}`);
  } finally {
    await undo();
  }
  return {
    title: 'From one program to the next: watch --replace',
    method: [
      `A blocked source sends ${SYNS_PER_S} SYNs a second to 1,000 ports while programs take over from one another; what gets through is counted at the very last input hook of the victim, and what was sent is that rate by the time it took.`,
      'Another layout: every second program is one whose tables have other members, sizes and numbers of sets, so that each swap carries the block over.',
      'Guard replaced: from the first link that got the new program to the last (ingress and egress), as `status` tells it.',
      'Nobody reads: from the last look of the old program at the rings to the first of the new one; events wait there meanwhile.',
    ],
    tables: [
      {
        title: 'Swaps',
        columns: [
          'swap',
          'swaps',
          'what got through or was lost',
          'guard replaced, ms, median',
          'most',
          'nobody reads, ms, median',
          'most',
          'guard: at most 50 ms',
        ],
        rows,
      },
    ],
    skipped: [],
  };
}

function times(ms: readonly number[]): [string, string] {
  return [number(percentile(ms, 0.5), 2), number(percentile(ms, 1), 2)];
}

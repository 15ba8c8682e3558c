/** Row soak: half an hour of connections, scans, blocks, interfaces that come and go, and scrapes; is memory flat? */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Counters } from '../src/kernel/counters.ts';
import { command, ready, release, type Status, status } from './packetwatch.ts';
import { onEnd, text, until } from './proc.ts';
import { type Check, number, type Options, type Section } from './report.ts';
import { FIRST_PORT, PORTS, Rig, workFolder } from './rig.ts';
import { heldBy, type Held } from './soak/sample.ts';
import { Told } from './soak/told.ts';
import { Traffic } from './soak/traffic.ts';

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 30);
const PER_SECOND = Number(process.env['SOAK_RATE'] ?? 5000);
const SAMPLES = 30;
/** What later samples are compared with: of 30 minutes the fifth. */
const BASE = 5;
const TOLERANCE = 0.1;
const ENDS = ['connection.close', 'connection.reset', 'connection.timeout', 'connection.refused'];
const METRICS = 'http://127.0.0.1:9470/metrics';

interface Sample extends Held {
  readonly minute: number;
  /** JavaScript heap in use, bytes. */
  readonly heap: number;
  readonly made: number;
  readonly told: number;
  readonly lost: number;
  readonly blocked: number;
  readonly followed: number;
}

export async function soak(options: Options): Promise<Section> {
  const notReady = await ready();
  if (notReady !== undefined) throw new Error(notReady);
  const folder = workFolder('soak');
  const rig = await new Rig(`s${process.pid}`).up();
  const traffic = new Traffic(rig, folder);
  await traffic.prepare();
  await rig.serve(folder, 'client', `${FIRST_PORT}-${FIRST_PORT + PORTS - 1}`);
  const args = ['-o', 'json', '--block', '--rule', 'weighted', '--block-ttl', '5s'];
  const argv = command([...args, '--listen', '127.0.0.1:9470'], []);
  const watch = await rig.start('victim', argv, { stdout: 'pipe', stderr: `${folder}/err` });
  const told = new Told(watch.child.stdout!, (line) => Traffic.isIts(line));
  const stop = onEnd(async () => {
    await watch.stop();
    await release(rig);
  });
  if (!(await until(() => text(`${folder}/err`).includes('watching'), 30)))
    throw new Error(`packetwatch did not start: ${text(`${folder}/err`)}`);

  const samples: Sample[] = [];
  const take = async (minute: number): Promise<void> => {
    const sample = await sampled(rig, watch.pid, minute, traffic, told);
    samples.push(sample);
    options.log(rowOf(sample).join(' | '));
  };
  const slice = (MINUTES * 60) / SAMPLES;
  await take(0);
  for (let n = 1; n <= SAMPLES; n++) {
    let over = false;
    const load = traffic.connect(PER_SECOND, slice).finally(() => (over = true));
    load.catch(() => {}); // told where it is waited for
    for (let second = 0; !over; second++) {
      const turn: Promise<unknown>[] = [sleep(1000)];
      if (second % 2 === 0) turn.push(scrape(rig));
      if (second % 3 === 1) turn.push(traffic.churn());
      if (second % 5 === 2) turn.push(traffic.scan());
      if (second % 10 === 9) turn.push(status(rig));
      await Promise.all(turn);
    }
    await load;
    await take((n * slice) / 60);
  }
  const { end, lines } = await settled(rig, told);
  const checks = judged(samples, traffic, told, end, lines);
  await stop();
  await rig.down();
  return section(samples, checks, traffic, told, text(`${folder}/err`));
}

async function scrape(rig: Rig): Promise<string> {
  return (await rig.run('victim', ['curl', '-s', '-m', '20', METRICS])).stdout;
}

/** The program's state between two slices, when no interface of ours is there any more. */
async function sampled(
  rig: Rig,
  pid: number,
  minute: number,
  { made }: Traffic,
  told: Told,
): Promise<Sample> {
  let metrics = '';
  await until(async () => !(metrics = await scrape(rig)).includes('iface="soak'), 10, 200);
  const { flow, kernel, source_counts: source, output } = await status(rig);
  const lost = [...Object.values(source.lost), output.lost, flow.evicted];
  return {
    ...(await heldBy(pid)),
    minute,
    heap: Number(/^packetwatch_process_heap_bytes (\d+)/m.exec(metrics)?.[1] ?? Number.NaN),
    made: made.opened,
    told: told.load['connection.attempt'] ?? 0,
    lost: lost.reduce((sum, count) => sum + count, 0),
    blocked: kernel.blocked,
    followed: flow.live,
  };
}

/** Everything is told: no connection is open, and every line that the program counts was read here. */
async function settled(rig: Rig, told: Told): Promise<{ end: Status; lines: number }> {
  let end = await status(rig);
  await until(
    async () => {
      end = await status(rig);
      return end.flow.live <= lostIn(end) && told.lines === end.output.lines;
    },
    90,
    500,
  );
  return { end, lines: told.lines };
}

function lostIn({ source_counts: source, output }: Status): number {
  return Object.values(source.lost).reduce((sum, count) => sum + count, output.lost);
}

function judged(
  samples: readonly Sample[],
  { made }: Traffic,
  told: Told,
  end: Status,
  lines: number,
): Check[] {
  const base = samples[BASE]!;
  const later = samples.slice(BASE);
  const off = (of: (sample: Sample) => number): number =>
    Math.max(...later.map((sample) => Math.abs(of(sample) / of(base) - 1)));
  const flat = (name: string, of: (sample: Sample) => number, digits = 1): Check => ({
    name: `${name} stays within ${TOLERANCE * 100} % of its value at minute ${number(base.minute, 1)} (furthest off: ${number(100 * off(of), digits)} %)`,
    ok: off(of) <= TOLERANCE,
  });
  const { kernel: k, source_counts: source, flow, output } = end;
  const lost = { ...source.lost, output: output.lost };
  const same = (name: string, a: number, b: number): Check => ({
    name: `${name}: ${a} and ${b}`,
    ok: a === b,
  });
  const all = Object.values(lost).reduce((sum, count) => sum + count, 0);
  /** Each is told, but for what is counted as lost. */
  const whole = (name: string, count: number, ...events: string[]): Check => {
    const seen = events.reduce((sum, event) => sum + (told.load[event] ?? 0), 0);
    const missing =
      all > 0 ? `; ${count - seen} are missing, of ${all} records that were lost` : '';
    return {
      name: `${name}: ${count} and ${seen}${missing}`,
      ok: seen <= count && count - seen <= all,
    };
  };
  return [
    flat('resident memory', (sample) => sample.rss),
    flat('memory of the maps in the kernel', (sample) => sample.maps),
    {
      name: `descriptors stay as many: ${[...new Set(later.map(({ fds }) => fds))].join(', ')}`,
      ok: later.every(({ fds }) => fds === base.fds),
    },
    whole('connections made and attempts told', made.opened + made.failed, 'connection.attempt'),
    whole('connections opened and told as opened', made.opened, 'connection.open'),
    whole('connections opened and told as over', made.opened, ...ENDS),
    same('scans made and told', made.scans, told.scans),
    same('lines counted and read', output.lines, lines),
    same('torn lines, none', told.torn, 0),
    {
      name: `rows left in the flow: ${flow.live}, no more than what was lost`,
      ok: flow.live <= all,
    },
    same('attempts in the kernel and what became of them', k.attempts, becameOf(k)),
    ...Object.entries(lost).map(([where, count]) =>
      same(`lost at ${where}, and told as lost`, count, told.lost[where] ?? 0),
    ),
  ];
}

function becameOf(k: Counters): number {
  return k.attempts_reported + k.attempts_summed + k.attempts_lost + k.attempts_dropped;
}

const COLUMNS = [
  'minute',
  'RSS MB',
  'heap MB',
  'maps MB',
  'descriptors',
  'connections made',
  'told',
  'lost',
  'blocks set',
  'followed',
];

function rowOf(sample: Sample): string[] {
  const { minute, rss, heap, maps, fds, made, told, lost, blocked, followed } = sample;
  const mb = (bytes: number): string => number(bytes / 1e6, 1);
  const counts = [fds, made, told, lost, blocked, followed].map(String);
  return [number(minute, 1), mb(rss), mb(heap), mb(maps), ...counts];
}

function section(
  samples: readonly Sample[],
  checks: readonly Check[],
  { made }: Traffic,
  told: Told,
  notes: string,
): Section {
  const verdicts = checks.map(({ name, ok }) => [name, ok ? 'met' : '**not met**']);
  const watched = notes.split('\n').filter((line) => / is (gone|watched)/.test(line)).length;
  return {
    title: 'Soak: memory over time',
    method: [
      `${number(MINUTES)} minutes of ${PER_SECOND} short connections a second, one in ten over IPv6, with \`--block --rule weighted -o json\` into a pipe that is read at once.`,
      'Beside them a scan of 20 closed ports every 5 s, each from another address and blocked for 5 s; an interface that comes and goes every 3 s; a scrape every 2 s and a `status` every 10 s.',
      'A sample is taken when a slice of the load is over; what is told may lag behind by what is still on its way.',
      `In all ${made.opened} connections (${Object.entries(told.load)
        .map(([event, count]) => `${event.slice(11)} ${count}`)
        .join(
          ', ',
        )}), ${made.failed} that failed, ${made.scans} scans, ${made.interfaces} interfaces (${watched} notes of them), ${told.lines} lines.`,
    ],
    tables: [
      { title: 'Samples', columns: COLUMNS, rows: samples.map(rowOf) },
      { title: 'What must hold', columns: ['', ''], rows: verdicts },
    ],
    skipped: [],
    checks,
  };
}

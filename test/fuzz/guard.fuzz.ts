/**
 * Mutated frames into the guard, and out, by BPF_PROG_TEST_RUN. Every one passes or is dropped; what the kernel counts
 * is what oracle.ts says of them; every attempt is accounted for, and its record is whole.
 */
import type { CounterName } from '../../src/kernel/counters.ts';
import { stampId } from '../../src/wire/id.ts';
import { Direction, Head, Kind } from '../../src/wire/layout.gen.ts';
import { HOOKS, type HookName, Rig, type Verdict } from '../kernel/rig.ts';
import { mutant, randomOf } from './mutate.ts';
import { natureOf } from './oracle.ts';

export interface FuzzReport {
  /** Into each of the hooks. */
  readonly frames: number;
  readonly attempts: number;
  readonly malformed: number;
  readonly dropped: number;
  readonly refused: number;
  /** What went wrong, a sentence each; the frame in hex where one is to blame. */
  readonly faults: string[];
}

/** Frames between two looks at the counters. */
const BATCH = 1000;
const MOST_FAULTS = 10;

/** One guard in the run, and what it should have counted. */
interface Subject {
  readonly rig: Rig;
  readonly blocking: boolean;
  /** In this batch, as the oracle says. */
  batch: Record<(typeof EXPECTED)[number], number>;
  /** In the whole run, as the kernel says. */
  readonly total: Partial<Record<CounterName, number>>;
  /** In the whole run, by kind; a sum counts for all its attempts. */
  readonly records: Map<number, number>;
  dropped: number;
}

const EXPECTED = ['packets', 'attempts', 'malformed'] as const;
const KINDS = new Set<number>([Kind.ATTEMPT, Kind.SUM, Kind.SCAN, Kind.REFUSED]);
/** Nothing but LOCAL, which the kernel leaves to user space. */
const DIRECTIONS = new Set<number>(Object.values(Direction).filter((d) => d !== Direction.LOCAL));

/** @param seed the same seed makes the same frames */
export function fuzzGuard(frames: number, seed: number): FuzzReport {
  const watching = subject(false);
  const blocking = subject(true);
  const subjects = [watching, blocking];
  const random = randomOf(seed);
  const faults: string[] = [];
  let refused = 0;
  try {
    for (let done = 0; done < frames && faults.length < MOST_FAULTS; done += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, frames - done) }, () => mutant(random));
      for (const [i, frame] of batch.entries()) {
        // each frame through both hooks: one of them only watches
        for (const [n, one] of subjects.entries()) {
          const verdict = give(one, HOOKS[(i + n) % 2]!, frame, faults);
          if (verdict === 'refused') refused++;
        }
        if (watching.rig.leave(frame) === 'drop')
          faults.push(`not let out: ${frame.toString('hex')}`);
      }
      for (const one of subjects) check(one, batch, faults);
    }
    for (const one of subjects) account(one, faults);
    const sum = (name: CounterName): number =>
      (watching.total[name] ?? 0) + (blocking.total[name] ?? 0);
    return {
      frames,
      attempts: sum('attempts'),
      malformed: sum('malformed'),
      dropped: watching.dropped + blocking.dropped,
      refused,
      faults,
    };
  } finally {
    for (const { rig } of subjects) rig.stop();
  }
}

function subject(blocking: boolean): Subject {
  const rig = new Rig({
    block: blocking,
    blockSeconds: 1,
    sumAbove: blocking ? 1000 : 2 ** 32 - 1,
  });
  if (blocking) for (const source of ['198.51.100.1', '2001:db8:bad:1::']) rig.block(source);
  rig.discard();
  rig.moved();
  const batch = { packets: 0, attempts: 0, malformed: 0 };
  return { rig, blocking, batch, total: {}, records: new Map(), dropped: 0 };
}

function give(one: Subject, hook: HookName, frame: Buffer, faults: string[]): Verdict {
  let verdict: Verdict;
  try {
    verdict = one.rig.run(hook, frame);
  } catch (error) {
    faults.push(`${hook}: ${String(error)}: ${frame.toString('hex')}`);
    return 'refused';
  }
  if (verdict === 'refused') return verdict;
  if (verdict === 'drop') one.dropped++;
  if (verdict === 'drop' && !one.blocking)
    faults.push(`${hook} dropped without a block: ${frame.toString('hex')}`);
  const nature = natureOf(frame, one.blocking);
  one.batch.packets++;
  if (nature === 'attempt') one.batch.attempts++;
  if (nature === 'malformed') one.batch.malformed++;
  return verdict;
}

/** Compares what the kernel counted in a batch with what it should have, and reads the records. */
function check(one: Subject, batch: readonly Buffer[], faults: string[]): void {
  readRecords(one, faults);
  const moved = addMoved(one);
  const expected = EXPECTED.map((name) => one.batch[name]);
  one.batch = { packets: 0, attempts: 0, malformed: 0 };
  if (EXPECTED.every((name, i) => (moved[name] ?? 0) === expected[i])) return;
  faults.push(`a batch moved ${JSON.stringify(moved)}, not ${EXPECTED.join()} ${expected.join()}`);
  for (const frame of batch) blame(one, frame, faults);
}

/** One frame again by itself, to find the one that is taken for something else. */
function blame(one: Subject, frame: Buffer, faults: string[]): void {
  for (const hook of HOOKS) {
    if (one.rig.run(hook, frame) === 'refused') continue;
    const moved = addMoved(one);
    const nature = natureOf(frame, one.blocking);
    if (
      !!moved['attempts'] !== (nature === 'attempt') ||
      !!moved['malformed'] !== (nature === 'malformed')
    )
      faults.push(`${hook}: ${nature}, but ${JSON.stringify(moved)}: ${frame.toString('hex')}`);
  }
}

function addMoved(one: Subject): Partial<Record<CounterName, number>> {
  const moved = one.rig.moved();
  for (const [name, by] of Object.entries(moved))
    one.total[name as CounterName] = (one.total[name as CounterName] ?? 0) + by;
  return moved;
}

/** Whatever came out is an attempt, a sum of them, an answer or a verdict, under its id. */
function readRecords(one: Subject, faults: string[]): void {
  const head = new ArrayBuffer(Head.size);
  const [words, bytes] = [new Uint32Array(head), new Uint8Array(head)];
  for (const ring of [one.rig.kernel.attempts, one.rig.kernel.events])
    do {
      ring.collect();
      for (const at of ring.at.subarray(0, ring.count)) {
        bytes.set(ring.bytes.subarray(at, at + Head.size));
        const id = [words[Head.id >> 2], words[(Head.id >> 2) + 1]];
        stampId(words, bytes, 0);
        const kind = bytes[Head.kind]!;
        const count = words[Head.count >> 2]!;
        one.records.set(kind, (one.records.get(kind) ?? 0) + count);
        const whole =
          KINDS.has(kind) &&
          DIRECTIONS.has(bytes[Head.direction]!) &&
          (bytes[Head.family] === 4 || bytes[Head.family] === 6) &&
          id[0] === words[Head.id >> 2] &&
          id[1] === words[(Head.id >> 2) + 1];
        if (!whole)
          faults.push(`a record that nobody can read: ${Buffer.from(bytes).toString('hex')}`);
      }
      ring.release(ring.count);
    } while (ring.more);
}

/** Every attempt is in a record, in a sum, lost or dropped, and exactly that came out. */
function account(one: Subject, faults: string[]): void {
  one.rig.kernel.flushSums(true);
  readRecords(one, faults);
  addMoved(one);
  const of = (name: CounterName): number => one.total[name] ?? 0;
  const equal = (what: string, a: number, b: number): void => {
    if (a !== b) faults.push(`${what}: ${a}, not ${b}`);
  };
  const reported = of('attempts_reported');
  const summed = of('attempts_summed');
  const gone = of('attempts_lost') + of('attempts_dropped');
  equal('attempts = reported + summed + lost + dropped', reported + summed + gone, of('attempts'));
  const outbound = of('outbound_reported');
  equal('attempts in the rings', one.records.get(Kind.ATTEMPT) ?? 0, reported + outbound);
  equal('answers in the ring', one.records.get(Kind.REFUSED) ?? 0, of('answers_reported'));
  equal('attempts in sums', one.records.get(Kind.SUM) ?? 0, summed - of('sums_lost'));
  equal('verdicts', one.records.get(Kind.SCAN) ?? 0, of('verdicts') - of('verdicts_lost'));
  const drops = of('attempts_dropped') + of('dropped_flags') + of('dropped_other') + of('blocked');
  equal('drops', drops, one.dropped);
}

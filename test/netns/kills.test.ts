/** kill -9 at random moments of a start, a run, a swap, a hand-over and an end, under a scan: nothing is let in, nothing is left broken. */
import { expect, test } from 'vitest';
import { Random } from '../cases/random.ts';
import { suite } from '../support/suite.ts';
import { type Kill, KillLane, killOf, PHASES } from './kill-lane.ts';

/** `make test-faults` sets 200. */
const KILLS = Number(process.env['PACKETWATCH_KILLS'] ?? 15);
const SEED = process.env['PACKETWATCH_SEED'] ?? '1';
/** Namespaces at a time: a start waits for the kernel as often as it computes. */
const LANES = 3;
/** One takes two starts. */
const PATIENCE_MS = 60_000 + KILLS * 10_000;

suite('kill -9', [], () => {
  test(`${KILLS} times, seed ${SEED}: blocks hold, and the next start works`, {
    timeout: PATIENCE_MS,
  }, async () => {
    const random = new Random(SEED);
    const kills = Array.from({ length: KILLS }, (_, n) =>
      killOf(random, PHASES[n % PHASES.length]!),
    );
    const lanes = await Promise.all(Array.from({ length: LANES }, () => KillLane.make()));
    const faults: unknown[] = [];
    let next = 0;
    const work = async (lane: KillLane) => {
      for (let n = next++; n < kills.length; n = next++) {
        const kill: Kill = kills[n]!;
        await lane.kill(kill);
        for (const fault of lane.faults.splice(0)) faults.push({ n, ...kill, fault });
      }
      await lane.down();
      for (const fault of lane.faults) faults.push({ n: 'after all', fault });
    };
    await Promise.all(lanes.map(work));
    console.info(
      `kill -9, seed ${SEED}: ${KILLS} kills; ${JSON.stringify(lanes[0]!.durations)} ms`,
    );
    expect(faults).toEqual([]);
  });
});

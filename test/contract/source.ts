import { beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../../src/sources/source.ts';
import type { RecordBatch } from '../../src/wire/batch.ts';
import { isV4 } from '../../src/wire/address.ts';
import { stampId } from '../../src/wire/id.ts';
import {
  Direction,
  Flag,
  From,
  Head,
  Kind,
  SocketPart,
  VerdictPart,
} from '../../src/wire/layout.gen.ts';

/** A source and what makes it see something. */
export interface SourceScene {
  readonly source: Source;
  /** CLOCK_MONOTONIC in nanoseconds, as `drain` wants it. */
  readonly now: () => number;
  /** Makes at least one record due, unless the source has some from its start. */
  readonly provoke: () => void | Promise<void>;
  readonly close: () => void | Promise<void>;
}

/**
 * What every Source must do (src/sources/source.ts).
 * @param makeScene a source that is not started
 * @param missing what the source needs and this machine hasn't: the suite is skipped
 */
export function sourceSuite(
  name: string,
  makeScene: () => SourceScene | Promise<SourceScene>,
  missing?: string,
): void {
  async function withScene(use: (scene: SourceScene) => void | Promise<void>): Promise<void> {
    const scene = await makeScene();
    try {
      await use(scene);
    } finally {
      scene.source.stop();
      await scene.close();
    }
  }

  async function started(use: (scene: SourceScene) => void | Promise<void>): Promise<void> {
    await withScene(async (scene) => {
      scene.source.start();
      await scene.provoke();
      await use(scene);
    });
  }

  describe(`source: ${name}`, () => {
    beforeEach((context) => {
      if (missing !== undefined) context.skip(missing);
    });

    it('says what it can not see, one sentence each', () =>
      withScene(({ source }) => {
        const limits = source.limits();
        for (const limit of limits) expect(limit).toMatch(/^[A-Z].*\.$/s);
        expect(new Set(limits).size).toBe(limits.length);
      }));

    it('has counted nothing before its start', () =>
      withScene(({ source }) => {
        const { records, lost } = source.counts();
        expect(records).toBe(0);
        for (const count of Object.values(lost)) expect(count).toBe(0);
      }));

    it('hands on well-formed records and returns their number', () =>
      started(({ source, now }) => {
        let handed = 0;
        const returned = source.drain(now(), (batch) => {
          expect(batch.count).toBeGreaterThan(0);
          handed += batch.count;
          for (let i = 0; i < batch.count; i++) expectWellFormed(batch, batch.at[i]!);
        });
        expect(handed).toBeGreaterThan(0);
        expect(returned).toBe(handed);
        expect(source.counts().records).toBe(handed);
      }));

    it('hands on each record once', () =>
      started(({ source, now }) => {
        const nowNs = now();
        expect(source.drain(nowNs, () => undefined)).toBeGreaterThan(0);
        const before = source.counts().records;
        const again = source.drain(nowNs, () => undefined);
        expect(source.counts().records).toBe(before + again);
      }));

    it('commits what it handed on, and nothing before', () =>
      started(({ source, now }) => {
        let taken = 0;
        const takenAtCommit: number[] = [];
        source.drain(
          now(),
          () => {
            taken++;
          },
          () => {
            takenAtCommit.push(taken);
            return { made: 0, written: 0 };
          },
        );
        expect(takenAtCommit.length).toBeGreaterThan(0);
        expect(takenAtCommit[0]).toBeGreaterThan(0);
      }));

    it('lets the failure of a taker out, and does not commit its batch', () =>
      started(({ source, now }) => {
        const failure = new Error('full disk');
        let commits = 0;
        const drain = (): number =>
          source.drain(
            now(),
            () => {
              throw failure;
            },
            () => {
              commits++;
              return { made: 0, written: 0 };
            },
          );
        expect(drain).toThrow(failure);
        expect(commits).toBe(0);
      }));

    it('hands on nothing when it is stopped, which may be done twice', () =>
      started(({ source, now }) => {
        source.stop();
        source.stop();
        expect(source.drain(now(), () => undefined)).toBe(0);
      }));
  });
}

function expectWellFormed({ words, bytes }: RecordBatch, at: number): void {
  expect(bytes.buffer).toBe(words.buffer);
  expect(at % 8).toBe(0);
  const kind = bytes[at + Head.kind]!;
  expect(kind).toBeGreaterThan(Kind.NONE);
  expect(kind).toBeLessThanOrEqual(Kind.UNBLOCK);
  const flags = bytes[at + Head.flags]!;
  const whole = (flags & Flag.WHOLE) !== 0;
  const size = whole ? SocketPart.size : Head.size;
  expect(at + (kind >= Kind.SCAN ? VerdictPart.size : size)).toBeLessThanOrEqual(bytes.length);
  const family = bytes[at + Head.family];
  expect([4, 6]).toContain(family);
  const isSum = kind === Kind.SUM; // it has no source, and counts many
  expect(isSum || isV4(bytes, at + Head.src) === (family === 4)).toBe(true);
  expect(isV4(bytes, at + Head.dst)).toBe(family === 4);
  expect(bytes[at + Head.direction]).toBeLessThanOrEqual(Direction.FORWARDED);
  expect(words[(at + Head.ts_ns) >> 2]! + words[(at >> 2) + 1]!).toBeGreaterThan(0);
  expect(isSum || words[(at + Head.count) >> 2] === 1).toBe(true);
  const hasSocket = whole && kind < Kind.SUM;
  expect(hasSocket ? bytes[at + SocketPart.state]! : 0).toBeLessThanOrEqual(LAST_STATE);
  expect(hasSocket ? bytes[at + SocketPart.from]! : 0).toBeLessThanOrEqual(From.CLOSE);
  const expected = new Uint8Array(size);
  expected.set(bytes.subarray(at, at + size));
  stampId(new Uint32Array(expected.buffer), expected, 0);
  expect(bytes.subarray(at + Head.id, at + Head.id + 8)).toEqual(
    expected.subarray(Head.id, Head.id + 8),
  );
}

/** TCP_NEW_SYN_RECV (include/net/tcp_states.h). */
const LAST_STATE = 12;

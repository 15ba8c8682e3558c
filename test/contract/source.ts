import { describe, expect, it } from 'vitest';
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
  now(): number;
  /** Makes at least one record due, unless the source has some from its start. */
  provoke(): void | Promise<void>;
  close(): void | Promise<void>;
}

/**
 * What every Source must do (src/sources/source.ts).
 * @param makeScene a source that is not started
 */
export function sourceSuite(
  name: string,
  makeScene: () => SourceScene | Promise<SourceScene>,
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

    it('keeps a batch whose taker failed', () =>
      started(({ source, now }) => {
        const nowNs = now();
        const failure = new Error('full disk');
        let first: Uint8Array | undefined;
        const failing = (): number =>
          source.drain(nowNs, (batch) => {
            first = headOf(batch);
            throw failure;
          });
        expect(failing).toThrow(failure);
        expect(source.counts().records).toBe(0);
        let again: Uint8Array | undefined;
        source.drain(nowNs, (batch) => {
          again ??= headOf(batch);
        });
        expect(again).toEqual(first);
      }));

    it('hands on nothing when it is stopped, which may be done twice', () =>
      started(({ source, now }) => {
        source.stop();
        source.stop();
        expect(source.drain(now(), () => undefined)).toBe(0);
      }));
  });
}

function headOf(batch: RecordBatch): Uint8Array {
  return batch.bytes.slice(batch.at[0], batch.at[0]! + Head.size);
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
  if (kind !== Kind.SUM) expect(isV4(bytes, at + Head.src)).toBe(family === 4);
  expect(isV4(bytes, at + Head.dst)).toBe(family === 4);
  expect(bytes[at + Head.direction]).toBeLessThanOrEqual(Direction.FORWARDED);
  expect(words[(at + Head.ts_ns) >> 2]! + words[(at >> 2) + 1]!).toBeGreaterThan(0);
  if (kind !== Kind.SUM) expect(words[(at + Head.count) >> 2]).toBe(1);
  if (whole && kind < Kind.SUM) {
    expect(bytes[at + SocketPart.state]).toBeLessThanOrEqual(12);
    expect(bytes[at + SocketPart.from]).toBeLessThanOrEqual(From.CLOSE);
  }
  const expected = new Uint8Array(size);
  expected.set(bytes.subarray(at, at + size));
  stampId(new Uint32Array(expected.buffer), expected, 0);
  expect(bytes.subarray(at + Head.id, at + Head.id + 8)).toEqual(
    expected.subarray(Head.id, Head.id + 8),
  );
}

import { describe, expect, it } from 'vitest';
import { type PlainRecord, plain } from '../../test/contract/records.ts';
import { parseAddress } from '../wire/address.ts';
import { stampId } from '../wire/id.ts';
import { Direction, Flag, Head, Kind, SocketPart } from '../wire/layout.gen.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { type ReferenceOptions, ReferenceRule } from './reference.ts';

interface Syn {
  port: number;
  src?: string;
  dst?: string;
  ns?: number;
  direction?: number;
  kind?: number;
}

/** Judges SYNs as one batch; the wire rule itself is tested by test/contract/reference-rule.ts. */
function judge(rule: ReferenceRule, syns: readonly Syn[]): PlainRecord[] {
  const batch = new RecordWriter();
  for (const syn of syns) {
    const { src = '192.0.2.56', dst = '10.0.0.5', ns = 5e9 } = syn;
    const at = batch.append(syn.kind ?? Kind.ATTEMPT, Head.size);
    batch.setU64(at + Head.ts_ns, ns);
    batch.bytes.set(parseAddress(src)!, at + Head.src);
    batch.bytes.set(parseAddress(dst)!, at + Head.dst);
    batch.halves[(at + Head.src_port) >> 1] = 5973;
    batch.halves[(at + Head.dst_port) >> 1] = syn.port;
    batch.words[(at + Head.isn) >> 2] = 77;
    batch.words[(at + Head.ifindex) >> 2] = 3;
    batch.words[(at + Head.netns) >> 2] = 9;
    batch.bytes[at + Head.family] = src.includes(':') ? 6 : 4;
    batch.bytes[at + Head.direction] = syn.direction ?? Direction.INBOUND;
    stampId(batch.words, batch.bytes, at);
  }
  const verdicts = new RecordWriter();
  expect(rule.judge(batch, verdicts)).toBe(verdicts.count);
  return plain(verdicts);
}

const rule = (options: Partial<ReferenceOptions> = {}): ReferenceRule =>
  new ReferenceRule({ seed: 1, ...options });
const ports = (...list: number[]): Syn[] => list.map((port) => ({ port }));

describe('the verdict', () => {
  it('is a SCAN record with the evidence', () => {
    const big = 2 ** 40 + 12345;
    const syns: Syn[] = [
      { port: 80, ns: big },
      { port: 80, ns: big + 1 },
      { port: 443, ns: big + 2 },
    ];
    const verdicts = judge(rule(), [
      ...syns,
      { port: 22, ns: big + 3 },
      { port: 8080, ns: big + 4 },
    ]);
    expect(verdicts).toEqual([
      {
        kind: 'SCAN',
        direction: 'INBOUND',
        flags: Flag.WHOLE,
        src: '192.0.2.56:0',
        dst: '10.0.0.5:8080',
        family: 4,
        isn: 0,
        id: expect.stringMatching(/^[\da-f]{16}$/) as string,
        tsNs: big + 4,
        netns: 9n,
        count: 1,
        scan: {
          kind: 'VERTICAL',
          closed: 0,
          silent: 0,
          half: 0,
          opened: 0,
          hosts: 1,
          score: 0,
        },
        verdict: {
          ports: expect.any(Array) as number[],
          portCount: 4,
          syns: 5,
          firstNs: big,
          untilNs: 0,
        },
      },
    ]);
    const found = verdicts[0]!.verdict!.ports;
    expect(new Set(found.slice(0, 4))).toEqual(new Set([22, 80, 443, 8080]));
    expect(found.slice(4)).toEqual(Array.from({ length: 12 }, () => 0));
  });

  it('fills all 16 ports with T=15, and leaves the rest alone', () => {
    const list = Array.from({ length: 16 }, (_, i) => i + 100);
    const [scan] = judge(rule({ ports: 15 }), ports(...list));
    expect(scan!.verdict!.ports.toSorted((a, b) => a - b)).toEqual(list);
    expect(scan!.verdict).toMatchObject({ portCount: 16, syns: 16, firstNs: 5e9 });
  });

  it('is as long as the records of the kernel', () => {
    const verdicts = new RecordWriter();
    const batch = new RecordWriter();
    for (const port of [1, 2, 3, 4]) {
      const at = batch.append(Kind.ATTEMPT, Head.size);
      batch.halves[(at + Head.dst_port) >> 1] = port;
      batch.bytes[at + Head.direction] = Direction.INBOUND;
    }
    rule().judge(batch, verdicts);
    expect(verdicts.append(Kind.NONE, Head.size)).toBe(SocketPart.size);
  });
});

describe('what is judged', () => {
  it.each([
    ['inbound', Direction.INBOUND, 1],
    ['local', Direction.LOCAL, 1],
    ['outbound', Direction.OUTBOUND, 0],
    ['forwarded', Direction.FORWARDED, 0],
    ['unknown', Direction.UNKNOWN, 0],
  ])('%s attempts: %i', (_, direction, found) => {
    const reference = rule();
    const syns = [1, 2, 3, 4].map((port) => ({ port, direction }));
    expect(judge(reference, syns)).toHaveLength(found);
    expect(reference.counts()).toEqual({ judged: found * 4, verdicts: found, evicted: 0 });
  });

  it('all attempts, when nobody knows whose victims they are', () => {
    const syns = [1, 2, 3, 4].map((port) => ({ port, direction: Direction.UNKNOWN }));
    expect(judge(rule({ everywhere: true }), syns)).toHaveLength(1);
  });

  it('no other kind of record', () => {
    const kinds = Object.values(Kind).filter((kind) => kind !== Kind.ATTEMPT);
    const syns = kinds.flatMap((kind) => [1, 2, 3, 4].map((port) => ({ port, kind })));
    expect(judge(rule(), syns)).toEqual([]);
  });

  it('several scanners in one batch', () => {
    const syns = [1, 2, 3, 4].flatMap((port) => [{ port }, { port, src: '192.0.2.57' }]);
    expect(judge(rule(), syns).map(({ src }) => src)).toEqual(['192.0.2.56:0', '192.0.2.57:0']);
  });

  it('IPv6 by the prefix that is set', () => {
    const syns = [1, 2, 3, 4].map((port) => ({
      port,
      src: `2001:db8:0:${port}::1`,
      dst: '2001:db8::5',
    }));
    expect(judge(rule(), syns)).toHaveLength(0);
    expect(judge(rule({ v6Prefix: 48 }), syns)).toHaveLength(1);
    const within = [1, 2, 3, 4].map((port) => ({
      port,
      src: `2001:db8::${port}`,
      dst: '2001:db8::5',
    }));
    expect(judge(rule(), within)).toHaveLength(1);
    expect(judge(rule({ v6Prefix: 128 }), within)).toHaveLength(0);
  });
});

describe('a full table', () => {
  const single = { sources: 4 }; // one set
  const from = (n: number, port: number, ns: number): Syn => ({ port, src: `192.0.2.${n}`, ns });

  it('forgets the least suspicious pair and counts it', () => {
    const reference = rule(single);
    judge(reference, [from(1, 1, 1), from(1, 2, 2), from(1, 3, 3)]);
    judge(reference, [from(2, 1, 4), from(2, 2, 5), from(3, 1, 6), from(4, 1, 7), from(4, 2, 8)]);
    expect(reference.counts().evicted).toBe(0);
    judge(reference, [from(5, 1, 9)]); // in place of 3
    expect(reference.counts().evicted).toBe(1);
    expect(judge(reference, [from(2, 3, 10), from(2, 4, 11)])).toHaveLength(1);
    expect(judge(reference, [from(4, 3, 12), from(4, 4, 13)])).toHaveLength(1);
    expect(judge(reference, [from(1, 4, 14)])).toHaveLength(1);
  });

  it('of two alike it forgets the older', () => {
    const reference = rule(single);
    judge(
      reference,
      [1, 2, 3, 4].flatMap((n) => [from(n, 1, n), from(n, 2, 10 - n), from(n, 3, 20 - n)]),
    );
    judge(reference, [from(5, 1, 30)]); // in place of 4, which was seen at 16 last
    expect(judge(reference, [from(1, 4, 31)])).toHaveLength(1);
    expect(judge(reference, [from(4, 4, 32)])).toHaveLength(0);
  });

  it('takes pairs that were quiet for a window first, and does not count them', () => {
    const reference = rule({ ...single, windowNs: 100 });
    judge(
      reference,
      [1, 2, 3].flatMap((port) => [from(1, port, 1)]),
    );
    judge(reference, [from(2, 1, 102), from(3, 1, 102), from(4, 1, 102)]);
    judge(reference, [from(5, 1, 102)]);
    expect(reference.counts().evicted).toBe(0);
  });

  it('is never full for a few hundred scanners with the default size', () => {
    const reference = rule();
    const syns = Array.from({ length: 800 }, (_, i) => ({
      port: i % 4,
      src: `198.51.100.${i >> 2}`,
    }));
    expect(judge(reference, syns)).toHaveLength(200);
    expect(reference.counts()).toEqual({ judged: 800, verdicts: 200, evicted: 0 });
  });

  it('another seed puts sources into other sets', () => {
    // Five sources that share a set under one seed do not under most others.
    const evictions = (seed: number): number => {
      const reference = rule({ sources: 64, seed });
      judge(
        reference,
        Array.from({ length: 40 }, (_, n) => from(n + 1, 1, 5)),
      );
      return reference.counts().evicted;
    };
    expect(new Set([1, 2, 3, 4, 5, 6, 7, 8].map(evictions)).size).toBeGreaterThan(1);
  });
});

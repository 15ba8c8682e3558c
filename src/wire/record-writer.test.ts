import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Head, Kind, SocketPart, VerdictPart } from './layout.gen.ts';
import { RecordWriter } from './record-writer.ts';

describe('RecordWriter', () => {
  it('is empty at first', () => {
    expect(new RecordWriter().count).toBe(0);
  });

  it('appends zeroed records at multiples of 8, with kind and count set', () => {
    const writer = new RecordWriter(1);
    expect(writer.append(Kind.ATTEMPT, Head.size)).toBe(0);
    expect(writer.append(Kind.SCAN, VerdictPart.size)).toBe(80);
    expect(writer.append(Kind.CLOSE, SocketPart.size)).toBe(232);
    expect([...writer.at.subarray(0, writer.count)]).toEqual([0, 80, 232]);
    expect(writer.bytes[232 + Head.kind]).toBe(Kind.CLOSE);
    expect(writer.words[(232 + Head.count) / 4]).toBe(1);
  });

  it('keeps what was written when it grows, in all views', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom<number>(Head.size, SocketPart.size, VerdictPart.size),
            fc.integer({ min: 1, max: 0xffff }),
          ),
          { maxLength: 200 },
        ),
        (records) => {
          const writer = new RecordWriter(1);
          for (const [size, port] of records) {
            const at = writer.append(Kind.OPEN, size);
            writer.halves[(at + Head.src_port) >> 1] = port;
            writer.bytes[at + size - 1] = port & 0xff;
          }
          expect(writer.count).toBe(records.length);
          records.forEach(([size, port], i) => {
            const at = writer.at[i]!;
            expect(at % 8).toBe(0);
            expect(writer.words[(at + Head.src_port) >> 2]! & 0xffff).toBe(port);
            expect(writer.bytes[at + size - 1]).toBe(port & 0xff);
          });
        },
      ),
    );
  });

  it('clears to zeroed memory', () => {
    const writer = new RecordWriter();
    writer.append(Kind.OPEN, SocketPart.size);
    writer.bytes.fill(0xff, 0, SocketPart.size);
    writer.clear();
    expect(writer.count).toBe(0);
    const at = writer.append(Kind.NONE, SocketPart.size);
    const expected = new Uint8Array(SocketPart.size);
    expected[Head.count] = 1;
    expect(writer.bytes.subarray(at, at + SocketPart.size)).toEqual(expected);
  });

  it('writes 64-bit numbers up to 2^53', () => {
    const writer = new RecordWriter();
    const at = writer.append(Kind.OPEN, Head.size);
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        writer.setU64(at + Head.ts_ns, value);
        const view = new DataView(writer.bytes.buffer);
        expect(view.getBigUint64(at + Head.ts_ns, true)).toBe(BigInt(value));
      }),
    );
  });
});

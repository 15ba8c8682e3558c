import { expect, it } from 'vitest';
import { parseAddress } from '../wire/address.ts';
import { Direction, Head, Kind } from '../wire/layout.gen.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { ScanAgain } from './scan-again.ts';

const WINDOW_NS = 60e9;

function scene() {
  const again = new ScanAgain({ ports: 3, windowNs: WINDOW_NS, seed: 1 });
  /** Verdicts on an attempt of the source on a port. */
  const attempt = (source: string, port: number, seconds: number): number => {
    const batch = new RecordWriter();
    const at = batch.append(Kind.ATTEMPT, Head.size);
    batch.setU64(at, seconds * 1e9);
    batch.bytes.set(parseAddress(source)!, at + Head.src);
    batch.bytes.set(parseAddress('10.0.0.5')!, at + Head.dst);
    batch.halves[(at + Head.dst_port) >> 1] = port;
    batch.bytes[at + Head.family] = source.includes(':') ? 6 : 4;
    batch.bytes[at + Head.direction] = Direction.INBOUND;
    return again.judge(batch, seconds * 1e9)?.count ?? 0;
  };
  return { again, attempt };
}

it.each(['192.0.2.7', '2001:db8::7'])('judges %s anew once its block is over', (source) => {
  const { again, attempt } = scene();
  const scan = (from: number) => [1, 2, 3, 4].map((port) => attempt(source, port, from));
  expect(scan(10)).toEqual([0, 0, 0, 0]);
  again.begin(parseAddress(source)!, 20e9);
  expect(scan(21)).toEqual([0, 0, 0, 1]);
  again.end(parseAddress(source)!);
  expect(scan(22)).toEqual([0, 0, 0, 0]);
  again.begin(parseAddress(source)!, 23e9);
  expect(scan(24)).toEqual([0, 0, 0, 1]);
});

it('judges nobody else, and lets go of who is silent', () => {
  const { again, attempt } = scene();
  again.begin(parseAddress('192.0.2.7')!, 0);
  expect([1, 2, 3, 4].map((port) => attempt('192.0.2.8', port, 1))).toEqual([0, 0, 0, 0]);
  again.sweep(2 * WINDOW_NS + 1);
  expect([1, 2, 3, 4].map((port) => attempt('192.0.2.7', port, 121))).toEqual([0, 0, 0, 0]);
});

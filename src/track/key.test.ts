import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ip, tcp } from '../../test/support/frames.ts';
import { parseRaw } from '../packet/ip.ts';
import { Layers } from '../packet/layers.ts';
import { PacketKey } from './key.ts';
import { TrackTable } from './table.ts';

const layersOf = (src: string, dst: string): Layers => {
  const packet = ip({ src, dst }, tcp());
  const layers = new Layers();
  layers.begin(packet, 0, packet.length, packet.length);
  parseRaw(layers, 0);
  return layers;
};

it('finds each row by its packets of both directions, through growth and removal', () => {
  const family = fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(fc.ipV6(), fc.ipV6()));
  const tuple = fc.tuple(family, fc.nat(65_535), fc.nat(65_535));
  fc.assert(
    fc.property(
      fc.uniqueArray(tuple, { maxLength: 30, selector: String }),
      fc.nat(),
      (tuples, seed) => {
        const table = new TrackTable(64);
        const key = new PacketKey(seed);
        const rows = new Map<number, (typeof tuples)[number]>();
        const fill = ([[src, dst], from, to]: (typeof tuples)[number], back: boolean): void =>
          back
            ? key.fill(layersOf(dst, src), 6, to, from, false)
            : key.fill(layersOf(src, dst), 6, from, to, false);
        for (const one of tuples) {
          fill(one, false);
          if (table.find(key) < 0) rows.set(table.add(key), one);
        }
        for (const [row, one] of rows) {
          fill(one, false);
          const { hash } = key;
          expect([table.find(key), table.reversed]).toEqual([row, false]);
          fill(one, true);
          expect(key.hash).toBe(hash);
          expect(table.find(key)).toBe(row);
          key.kind = 17 | (key.kind & 0xff00);
          expect(table.find(key)).toBe(-1);
          fill(one, true);
          table.remove(row);
          expect(table.find(key)).toBe(-1);
        }
        expect(table.size).toBe(0);
      },
    ),
  );
});

it('finds as many rows as it may have', () => {
  const table = new TrackTable(10_000);
  const key = new PacketKey(1);
  const rows: number[] = [];
  for (let n = 0; n < 10_000; n++) {
    key.fill(layersOf('192.0.2.1', '192.0.2.2'), 6, n, 80, false);
    rows.push(table.add(key));
  }
  for (const n of [0, 4095, 4096, 9999]) {
    key.fill(layersOf('192.0.2.2', '192.0.2.1'), 6, 80, n, false);
    expect(table.find(key)).toBe(rows[n]);
  }
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ScanKind } from '../wire/layout.gen.ts';
import { Touch, touchOf } from './touch.ts';

/** The entries of pw_touch_of in bpf/guard.h, by their names. */
function kernelTable(): number[] {
  const source = readFileSync(new URL('../../bpf/guard.h', import.meta.url), 'utf8');
  const body = /pw_touch_of\[64\] = \{(.*?)\};/s.exec(source)![1]!.replace(/\/\*.*?\*\//gs, '');
  return body.match(/\w+/g)!.map((word) => {
    if (word === '0') return 0;
    if (word === 'PW_TOUCH_SYN_ACK') return Touch.synAck;
    if (word === 'PW_TOUCH_RESET') return Touch.reset;
    return ScanKind[word.replace('PW_SCAN_', '') as keyof typeof ScanKind];
  });
}

describe('what a segment touches', () => {
  it('is for all 64 sets of flags what the guard says', () => {
    const table = kernelTable();
    expect(table).toHaveLength(64);
    expect(Array.from({ length: 64 }, (_, flags) => touchOf(flags))).toEqual(table);
  });

  it('is not changed by the flags of congestion', () => {
    for (let flags = 0; flags < 256; flags++) expect(touchOf(flags)).toBe(touchOf(flags & 63));
  });
});

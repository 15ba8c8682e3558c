import { describe, expect, it } from 'vitest';
import { addressBytes, tcpFrame } from '../support/frames.ts';
import { attemptOf } from './attempt.ts';
import { NftRule } from './nft-rule.ts';
import { SEQUENCES, SHORT } from './nft-sequences.ts';

describe('the model of the nftables rule', () => {
  it.each(SEQUENCES)('$name', ({ attempts }) => {
    const rule = new NftRule(SHORT);
    const src = addressBytes('192.0.2.56', 4);
    const found = attempts.map(([atS, port]) => {
      const passes = rule.judge(atS * 1000, { src, dstPort: port }) === 'accept';
      return [atS, port, passes];
    });
    expect(found).toEqual(attempts);
  });

  it('a full set blocks nobody', () => {
    const rule = new NftRule();
    for (let i = 0; i < 65_536; i++)
      rule.judge(0, { src: Buffer.from([10, 1, i >> 8, i & 255]), dstPort: 80 });
    const src = addressBytes('192.0.2.56', 4);
    const found = [1, 2, 3, 4, 5].map((dstPort) => rule.judge(1, { src, dstPort }));
    expect(found).toEqual(Array(5).fill('accept'));
  });
});

describe('what is an attempt', () => {
  const ends = { src: '192.0.2.56', dst: '10.0.0.5', srcPort: 40_000, dstPort: 80 };

  it('a SYN', () => {
    expect(attemptOf(tcpFrame(ends))).toMatchObject({ family: 4, srcPort: 40_000, dstPort: 80 });
    const v6 = { ...ends, src: '2001:db8::1', dst: '2001:db8:5::5' };
    expect(attemptOf(tcpFrame(v6))).toMatchObject({ family: 6, srcPort: 40_000, dstPort: 80 });
  });

  it.each([0, 1, 3, 4, 6, 16, 18])('not flags %i', (flags) => {
    expect(attemptOf(tcpFrame({ ...ends, flags }))).toBeUndefined();
  });

  it.each([
    [8, 0, undefined],
    [16, 0, false],
    [24, 0, true],
    [24, 8, undefined],
  ])('a fragment of %i bytes at %i', (length, offset, whole) => {
    const frame = tcpFrame({ ...ends, tcpOptions: Buffer.alloc(4), fragment: { offset, length } });
    expect(attemptOf(frame)?.whole).toBe(whole);
  });
});

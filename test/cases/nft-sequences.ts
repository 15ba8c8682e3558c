/** Attempts of one source that tell the nftables rule from others; its sets' times are a second, a block's two. */
import type { NftTimeouts } from './nft-rule.ts';

export const SHORT: NftTimeouts = { seenS: 1, blockedS: 2 };

export interface Sequence {
  readonly name: string;
  /** When, in seconds, to which port, and whether it gets through. A quarter of a second lies on each side of an end. */
  readonly attempts: readonly (readonly [atS: number, port: number, passes: boolean])[];
}

export const SEQUENCES: readonly Sequence[] = [
  {
    name: 'the fourth port blocks, and is dropped',
    attempts: [
      [0, 1, true],
      [0, 2, true],
      [0, 3, true],
      [0, 4, false],
      [0.3, 1, false],
    ],
  },
  {
    name: 'ports that come again do not count',
    attempts: [
      [0, 1, true],
      [0, 2, true],
      [0.2, 1, true],
      [0.3, 3, true],
      [0.5, 2, true],
      [0.6, 4, false],
    ],
  },
  {
    name: 'the window tumbles: five ports within a second, two before its end and three after',
    attempts: [
      [0, 1, true],
      [0.7, 2, true],
      [0.75, 3, true],
      [1.3, 4, true],
      [1.35, 5, true],
      [1.4, 6, true],
      [1.45, 7, false],
    ],
  },
  {
    name: 'a port of the window before does not count in the next',
    attempts: [
      [0, 1, true],
      [0.7, 2, true],
      [1.3, 2, true],
      [1.3, 3, true],
      [1.3, 4, true],
      [1.3, 5, true],
      [1.35, 6, false],
    ],
  },
  {
    name: 'a port is forgotten a second after it came first, however often it came since',
    attempts: [
      [0, 1, true],
      [0.7, 1, true],
      [1.3, 1, true],
      [1.3, 2, true],
      [1.3, 3, true],
      [1.35, 4, false],
    ],
  },
  {
    name: 'a block is not made longer by what it drops, and the count begins anew',
    attempts: [
      [0, 1, true],
      [0, 2, true],
      [0, 3, true],
      [0, 4, false],
      [1.6, 5, false],
      [2.3, 6, true],
      [2.3, 7, true],
      [2.3, 8, true],
      [2.35, 9, false],
    ],
  },
];

/** Row detection: what each rule says of honest clients and of scanners, by packets and packet time. */
import { setImmediate as breathe } from 'node:timers/promises';
import { type Answer, answersOf } from '../test/cases/answers.ts';
import type { Case } from '../test/cases/case.ts';
import { HONEST, SCANS } from '../test/cases/cases.ts';
import { number, type Options, type Section, type Table } from './report.ts';

export async function detection(options: Options): Promise<Section> {
  return {
    title: 'Detection: honest clients and scanners',
    method: [
      'Each case is a fixed sequence of packets with times (test/cases); no network and no clock is involved.',
      'Of a verdict it says how many packets had arrived by then, that one included, and how much packet time had passed.',
    ],
    tables: [
      await table('Honest clients, who must not be blocked', 'blocked', HONEST, options),
      await table('Scanners, who must be found', 'found', SCANS, options),
    ],
    skipped: [],
  };
}

async function table(
  title: string,
  word: 'blocked' | 'found',
  cases: readonly Case[],
  { log }: Options,
): Promise<Table> {
  const rows: string[][] = [];
  for (const one of cases) {
    log(one.name);
    await breathe();
    const { packets, reference, nft } = answersOf(one);
    rows.push([one.name, one.what, number(packets), said(reference, word), said(nft, word)]);
  }
  return {
    title,
    columns: ['case', 'what happens', 'packets', 'reference rule', 'nftables rule'],
    rows,
  };
}

function said({ blocks, packets, atMs }: Answer, word: 'blocked' | 'found'): string {
  if (!blocks) return word === 'found' ? 'not found' : '-';
  return `${word}: ${packets} packets, ${number(atMs / 1000, atMs < 10_000 ? 3 : 0)} s`;
}

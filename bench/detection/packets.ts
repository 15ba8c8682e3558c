/** Honest clients and scanners by packets: what each rule says of each case of the library, at packet time. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Rule } from '../../src/agent/config.ts';
import { rule } from '../../src/cli/parse.ts';
import { type Answer, answersOf } from '../../test/cases/answers.ts';
import type { Case } from '../../test/cases/case.ts';
import { HONEST, SCANS } from '../../test/cases/cases.ts';
import { LOCAL4, LOCAL6 } from '../../test/cases/host.ts';
import { prefixOf } from '../../test/cases/packet-run.ts';
import { type Found, runCase } from '../../test/kernel/case-run.ts';
import { Rig } from '../../test/kernel/rig.ts';
import { median, number, type Options, verdict } from '../report.ts';
import type { Part, Row, Rows } from './rows.ts';

const RULES = ['weighted', 'reference'] as const;

const honest: Part = {
  name: 'honest',
  title: 'Honest clients, who must not be blocked',
  method: [
    'Each case is an hour of packets with times (test/cases), the same ones each time; no network and no clock is involved.',
    'The weighted and the reference rule are the guard itself, compiled as it is shipped and fed by `BPF_PROG_TEST_RUN`; the nftables rule is a model that a test compares with the real one.',
    'A cell says how many packets of the case had arrived when the first source was blocked, that one included, and how much packet time had passed.',
    'The last column is what the weighted rule tells without blocking anybody.',
  ],
  columns: ['case', 'what happens', 'packets', 'weighted', 'reference', 'nftables', 'told only'],
  rows: HONEST.map((one) => one.name),
  summary(rows) {
    const count = (who: string): number => sum(rows.map(({ figures }) => figures[who] ?? 0));
    const said = (who: string): string => `${count(who)} of ${rows.length}`;
    return [
      `The weighted rule blocks in ${said('weighted')} cases (goal: 0, ${verdict(count('weighted'), { exactly: 0 })}), the reference rule in ${said('reference')}, the nftables rule in ${said('nft')}.`,
    ];
  },
};

const scans: Part = {
  name: 'scans',
  title: 'Scanners, by packets',
  method: [
    'As above; a cell says as what the scanner was found, after how many packets of the case, and after how much packet time.',
    'Told: reported without a block, as slow scans always are.',
  ],
  columns: ['case', 'packets', 'weighted', 'reference', 'nftables', 'why not'],
  rows: SCANS.map((one) => one.name),
  summary(rows) {
    const passed = (drops: boolean | undefined): number[] =>
      rows.flatMap(({ cells, figures }) =>
        drops === undefined || cells[0]!.includes('filtered') === drops
          ? (figures['passed'] ?? [])
          : [],
      );
    const said = (drops?: boolean): string =>
      `median ${number(median(passed(drops)))}, at most ${number(Math.max(...passed(drops)))}`;
    const found = (who: string): string =>
      `${sum(rows.map(({ figures }) => figures[who] ?? 0))} of ${rows.length}`;
    return [
      `The weighted rule finds ${found('weighted')}, the reference rule with what the guard judges under either rule ${found('reference')}, the nftables rule ${found('nft')}.`,
      `SYNs of a SYN scan that passed before its block under the weighted rule: ${said()} (goal: median at most 5, ${verdict(median(passed(undefined)), { atMost: 5 })}).`,
      `Of these, to a host that refuses: ${said(false)}; to one that drops in silence, where a port weighs less and is tried twice: ${said(true)}.`,
    ];
  },
};

export const PACKET_PARTS: readonly Part[] = [honest, scans];

/** A quick run leaves out all timings of nmap but T4. */
const isQuick = ({ name }: Case): boolean => !/ -T[1235]/.test(name);

export async function byPackets(rows: Rows, { quick, log }: Options): Promise<void> {
  const rigs = RULES.map((name) => [name, rigOf(name)] as const);
  try {
    for (const one of [...HONEST, ...SCANS]) {
      if (quick && !isQuick(one)) continue;
      log(one.name);
      await breathe();
      const { packets, nft } = answersOf(one);
      const found: Partial<Record<Rule['name'], Found[]>> = {};
      for (const [name, rig] of rigs) {
        rig.reset();
        rig.setLocals([...LOCAL4, ...LOCAL6]);
        found[name] = await runCase(rig, 'tcx', one);
      }
      const results = { packets, nft, weighted: found.weighted!, reference: found.reference! };
      if (one.honest) rows.put(honest, one.name, honestRow(one, results));
      else rows.put(scans, one.name, scanRow(one, results));
    }
  } finally {
    for (const [, rig] of rigs) rig.stop();
  }
}

function rigOf(name: Rule['name']): Rig {
  const { ports, windowSeconds } = rule(name);
  return new Rig({ rule: name, ports, windowSeconds, setClock: true, block: true });
}

interface Results extends Readonly<Record<Rule['name'], readonly Found[]>> {
  readonly packets: number;
  readonly nft: Answer;
}

function honestRow(one: Case, { packets, nft, ...found }: Results): Row {
  const told = new Map<string, number>();
  for (const { kind, blocked, trusted } of found.weighted) {
    const what = trusted ? `${kind}, spared as a partner` : kind;
    if (!blocked) told.set(what, (told.get(what) ?? 0) + 1);
  }
  const first = (name: Rule['name']): Found | undefined =>
    found[name].find(({ blocked }) => blocked);
  return {
    cells: [
      one.name,
      one.what,
      number(packets),
      ...RULES.map((name) => moment(first(name)) ?? '-'),
      (nft.blocks ? moment(nft) : undefined) ?? '-',
      [...told].map(([what, count]) => `${what} (${count})`).join(', '),
    ],
    figures: {
      nft: Number(nft.blocks),
      weighted: Number(first('weighted') !== undefined),
      reference: Number(first('reference') !== undefined),
    },
  };
}

function scanRow(one: Case, { packets, nft, ...found }: Results): Row {
  const isScanner = ({ src }: Found): boolean => prefixOf(src) === prefixOf(one.scanner!);
  const first = (name: Rule['name']): Found | undefined => {
    const scanner = found[name].filter(isScanner);
    return scanner.find(({ blocked }) => blocked) ?? scanner[0];
  };
  const cell = (name: Rule['name']): string => {
    const at = first(name);
    return at ? `${at.kind}${at.blocked ? '' : ', told'}: ${moment(at)}` : 'not found';
  };
  const weighted = first('weighted');
  return {
    cells: [
      one.name,
      number(packets),
      ...RULES.map(cell),
      (nft.blocks ? moment(nft) : undefined) ?? 'not found',
      weighted?.blocked ? '' : (one.unfound ?? ''),
    ],
    figures: {
      nft: Number(nft.blocks),
      weighted: Number(weighted !== undefined),
      reference: Number(first('reference') !== undefined),
      ...(weighted?.kind === 'vertical' && weighted.blocked ? { passed: weighted.passed } : {}),
    },
  };
}

/** Packets and packet time up to a verdict. */
function moment(at: { packets: number; atMs: number } | undefined): string | undefined {
  if (!at) return undefined;
  const seconds = at.atMs / 1000;
  const time =
    seconds < 600 ? `${number(seconds, seconds < 10 ? 3 : 0)} s` : `${number(seconds / 3600, 1)} h`;
  return `${at.packets} packets, ${time}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

import type { Ends, Node } from '../filter/node.ts';
import { Exit, OperatorError } from '../model/errors.ts';
import { LINE_COLUMNS } from '../store/columns.ts';
import type { History, PageQuestion } from '../store/history.ts';
import { csv } from './csv.ts';
import { BLOCK_FORM, CONNECTION_FORM, type Form, SCAN_FORM, tableOf } from './query-table.ts';

export type Output = 'table' | 'json' | 'csv';

/** A page of an answer as it is printed. */
export interface Page {
  readonly text: string;
  /** Records in it. */
  readonly count: number;
  readonly more: string | null;
}

/** One of the things that `query` tells. */
interface Query {
  readonly page: (
    history: History,
    question: PageQuestion,
    output: Output,
    isFirst: boolean,
  ) => Promise<Page>;
  /** What a part of a filter asks for in vain; undefined: it makes sense. */
  readonly lacks: (node: Node) => string | undefined;
}

interface Kind<One> {
  readonly ask: (
    history: History,
    question: PageQuestion,
  ) => Promise<{ readonly records: readonly One[]; readonly more: string | null }>;
  readonly form: Form<One>;
  /** Of CSV, and where they come from. */
  readonly columns: readonly string[];
  readonly fields: (one: One) => object;
  readonly lacks: Query['lacks'];
}

function queryOf<One>({ ask, form, columns, fields, lacks }: Kind<One>): Query {
  return {
    lacks,
    page: async (history, question, output, isFirst) => {
      const { records, more } = await ask(history, question);
      return { text: textOf(records), count: records.length, more };

      function textOf(all: readonly One[]): string {
        if (output === 'csv') return csv(columns, all.map(fields), isFirst);
        if (output === 'table') return tableOf(form, all, isFirst);
        return all.map((one) => `${JSON.stringify(one)}\n`).join('');
      }
    },
  };
}

export const CONNECTION_COLUMNS: readonly string[] = [
  'ts',
  'event',
  'id',
  ...LINE_COLUMNS.slice(2).map(({ name }) => name),
];

const SCAN_COLUMNS =
  'ts start_ts state end_reason src_ip dst_ip kind technique ports port_count hosts syns first_ts last_ts blocked spared blocks trusted decoys rule score closed silent half_open opened host';

const BLOCK_COLUMNS =
  'ts src_ip prefix_len reason until_ts end end_ts kind dst_ip ports port_count syns host';

export type QueryKind = 'connections' | 'scans' | 'blocks';

/** What may be asked for. */
export const QUERIES: Readonly<Record<QueryKind, Query>> = {
  connections: queryOf({
    ask: async (history, question) => {
      const { connections, more } = await history.connections(question);
      return { records: connections, more };
    },
    form: CONNECTION_FORM,
    columns: CONNECTION_COLUMNS,
    fields: (connection) => connection,
    lacks: () => undefined,
  }),
  scans: queryOf({
    ask: async (history, question) => {
      const { scans, more } = await history.scans(question);
      return { records: scans, more };
    },
    form: SCAN_FORM,
    columns: SCAN_COLUMNS.split(' '),
    fields: (scan) => ({ ...scan.evidence, ...scan, start_ts: scan.first?.ts }),
    lacks: (node) =>
      node.kind === 'ports' && asksFor(node.ends, 'src')
        ? 'source ports of scans are not kept'
        : undefined,
  }),
  blocks: queryOf({
    ask: async (history, question) => {
      const { blocks, more } = await history.blocks(question);
      return { records: blocks, more };
    },
    form: BLOCK_FORM,
    columns: BLOCK_COLUMNS.split(' '),
    fields: ({ scan, ...block }) => {
      const { kind, dst_ip, ports } = scan ?? {};
      return { ...scan?.evidence, kind, dst_ip, ports, ...block };
    },
    lacks: (node) => {
      if (node.kind === 'ports' || node.kind === 'protocol')
        return 'a block shuts out an address, whatever it sends: it has no ports and no protocol';
      return node.kind === 'net' && asksFor(node.ends, 'dst')
        ? 'a block has no destination'
        : undefined;
    },
  }),
};

export function isQueryKind(word: string | undefined): word is QueryKind {
  return word !== undefined && Object.hasOwn(QUERIES, word);
}

const INSTEAD: Readonly<Record<QueryKind, string>> = {
  connections: '',
  scans: 'ask for scans by host, net or dst port, as in `packetwatch query scans dst port 22`',
  blocks: 'ask for blocks by host or net, as in `packetwatch query blocks net 192.0.2.0/24`',
};

/** Throws OperatorError (bad usage) when a filter asks for what these haven't: it would hold back all of them. */
export function mustFit(kind: QueryKind, node: Node | undefined): void {
  if (node === undefined) return;
  const lack = QUERIES[kind].lacks(node);
  if (lack !== undefined) throw new OperatorError(lack, INSTEAD[kind], { exitCode: Exit.usage });
  if (node.kind === 'not') mustFit(kind, node.node);
  else if (node.kind === 'and' || node.kind === 'or') {
    mustFit(kind, node.left);
    mustFit(kind, node.right);
  }
}

/** By name: not only of one or the other. */
function asksFor(ends: Ends, end: 'src' | 'dst'): boolean {
  return ends === end || ends === 'both';
}

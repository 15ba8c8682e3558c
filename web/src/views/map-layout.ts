import type { Edge } from '../../../src/model/history.ts';

/** Columns: who calls this host, this host's processes, whom this host calls. */
export type Column = 'clients' | 'here' | 'servers';

export interface Node {
  readonly key: string;
  readonly column: Column;
  /** Address, process, or how many are put together. */
  readonly label: string;
  /** Port, of what listens. */
  readonly detail: string;
  /** A filter of the live view that shows its connections; undefined: it would be too long. */
  readonly filter: string | undefined;
  readonly connections: number;
  readonly failed: number;
  readonly at: number;
}

export interface Link {
  readonly key: string;
  readonly from: Node;
  readonly to: Node;
  readonly connections: number;
  readonly failed: number;
  readonly bytes: number;
}

export interface Layout {
  readonly columns: Readonly<Record<Column, readonly Node[]>>;
  readonly links: readonly Link[];
  /** Nodes of the longest column. */
  readonly rows: number;
  /** Some connections have neither end on this host, or it isn't known. */
  readonly passes: boolean;
}

/** Nodes of a column; the rest is one more. A drawing of more can't be read. */
const MOST = 22;

/** The longest filter that the program reads. */
const LONGEST_FILTER = 1024;

interface Draft {
  key: string;
  column: Column;
  label: string;
  detail: string;
  /** Filters of its connections, any of which one passes. */
  terms: Set<string>;
  connections: number;
  failed: number;
}

/** Where everybody stands: those with most connections first, the rest put together. */
export function layOut(edges: readonly Edge[]): Layout {
  const drafts = new Map<string, Draft>();
  const pairs = edges.flatMap(pairsOf);
  for (const { from, to, edge } of pairs)
    for (const { term, ...end } of [from, to]) {
      const none = { terms: new Set<string>(), connections: 0, failed: 0 };
      const draft = drafts.get(end.key) ?? { ...end, ...none };
      draft.terms.add(term);
      draft.connections += edge.connections;
      draft.failed += edge.failed;
      drafts.set(end.key, draft);
    }
  const places = new Map<string, Node>();
  const columns = { clients: [] as Node[], here: [] as Node[], servers: [] as Node[] };
  for (const name of ['clients', 'here', 'servers'] as const) {
    const all = [...drafts.values()]
      .filter(({ column }) => column === name)
      .sort((a, b) => b.connections - a.connections || (a.key < b.key ? -1 : 1));
    const shown = all.length > MOST + 1 ? all.slice(0, MOST) : all;
    shown.forEach(({ terms, ...draft }, at) => {
      const node = { ...draft, filter: anyOf(terms), at };
      columns[name].push(node);
      places.set(draft.key, node);
    });
    const rest = all.slice(shown.length);
    if (rest.length === 0) continue;
    const node: Node = {
      key: `${name} rest`,
      column: name,
      label: `${rest.length} others`,
      detail: '',
      filter: undefined,
      connections: rest.reduce((sum, each) => sum + each.connections, 0),
      failed: rest.reduce((sum, each) => sum + each.failed, 0),
      at: shown.length,
    };
    columns[name].push(node);
    for (const { key } of rest) places.set(key, node);
  }
  const links = new Map<string, { -readonly [K in keyof Link]: Link[K] }>();
  for (const pair of pairs) {
    const [from, to] = [places.get(pair.from.key)!, places.get(pair.to.key)!];
    const key = `${from.key} > ${to.key}`;
    const link = links.get(key) ?? { key, from, to, connections: 0, failed: 0, bytes: 0 };
    link.connections += pair.edge.connections;
    link.failed += pair.edge.failed;
    link.bytes += pair.edge.orig_bytes + pair.edge.resp_bytes;
    links.set(key, link);
  }
  return {
    columns,
    links: [...links.values()],
    rows: Math.max(columns.clients.length, columns.here.length, columns.servers.length),
    passes: edges.some(({ local }) => local === undefined),
  };
}

/** `and` and `or` bind alike, so each term has its parentheses. */
function anyOf(terms: ReadonlySet<string>): string | undefined {
  const all = [...terms];
  const filter = all.length === 1 ? all[0]! : all.map((term) => `(${term})`).join(' or ');
  return filter.length > LONGEST_FILTER ? undefined : filter;
}

interface End extends Pick<Draft, 'key' | 'column' | 'label' | 'detail'> {
  /** A filter that the edge's connections pass. */
  readonly term: string;
}

interface Pair {
  readonly from: End;
  readonly to: End;
  readonly edge: Edge;
}

/** An edge stands between this host's end and the other one; what goes past this host between its two ends. */
function pairsOf(edge: Edge): Pair[] {
  const { client, server, port, process } = edge;
  if (edge.local === undefined)
    return [{ from: peer('clients', client), to: peer('servers', server, port), edge }];
  if (edge.local === 'client')
    return [{ from: caller(process, edge), to: peer('servers', server, port), edge }];
  const [from, owner] =
    edge.local === 'both'
      ? [ownClient(process, edge), edge.resp_process]
      : [peer('clients', client), process];
  return [{ from, to: listener(owner, server, port, edge), edge }];
}

/** A process of this host that calls this host. */
function ownClient(process: string | undefined, edge: Edge): End {
  const end = peer('clients', edge.client);
  if (process === undefined) return end;
  const key = `${end.key} ${process}`;
  return { ...end, key, label: process, detail: ` ${edge.client}`, term: between(edge) };
}

function peer(column: 'clients' | 'servers', address: string, port?: number): End {
  return {
    key: `${column} ${address} ${port ?? ''}`,
    column,
    label: address,
    detail: port === undefined ? '' : `:${port}`,
    term: port === undefined ? `src host ${address}` : toPort(address, port),
  };
}

const toPort = (server: string, port: number) => `dst host ${server} and dst port ${port}`;

/** No filter knows processes: theirs are the ends that they have. */
const between = ({ client, server, port }: Edge) =>
  `src host ${client} and ${toPort(server, port)}`;

function caller(process: string | undefined, edge: Edge): End {
  const label = process ?? 'unknown process';
  return { key: `caller ${label}`, column: 'here', label, detail: '', term: between(edge) };
}

function listener(process: string | undefined, server: string, port: number, edge: Edge): End {
  // A scan would be a node for each of its ports
  if (process === undefined && edge.failed === edge.connections)
    return {
      key: 'listener closed',
      column: 'here',
      label: 'ports that did not answer',
      detail: '',
      term: toPort(server, port),
    };
  const label = process ?? server;
  return {
    key: `listener ${label} ${port}`,
    column: 'here',
    label,
    detail: `:${port}`,
    term: toPort(server, port),
  };
}

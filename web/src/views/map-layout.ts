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
  /** A filter of the live view that shows its connections. */
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
}

/** Nodes of a column; the rest is one more. A drawing of more can't be read. */
const MOST = 22;

interface Draft {
  key: string;
  column: Column;
  label: string;
  detail: string;
  filter: string | undefined;
  connections: number;
  failed: number;
}

/** Where everybody stands: those with most connections first, the rest put together. */
export function layOut(edges: readonly Edge[]): Layout {
  const drafts = new Map<string, Draft>();
  const pairs = edges.flatMap(pairsOf);
  for (const { from, to, edge } of pairs)
    for (const one of [from, to]) {
      const draft = drafts.get(one.key) ?? { ...one, connections: 0, failed: 0 };
      draft.connections += edge.connections;
      draft.failed += edge.failed;
      drafts.set(one.key, draft);
    }
  const places = new Map<string, Node>();
  const columns = { clients: [] as Node[], here: [] as Node[], servers: [] as Node[] };
  for (const name of ['clients', 'here', 'servers'] as const) {
    const all = [...drafts.values()]
      .filter(({ column }) => column === name)
      .sort((a, b) => b.connections - a.connections || (a.key < b.key ? -1 : 1));
    const shown = all.length > MOST + 1 ? all.slice(0, MOST) : all;
    shown.forEach((draft, at) => {
      const node = { ...draft, at };
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
  };
}

type End = Pick<Draft, 'key' | 'column' | 'label' | 'detail' | 'filter'>;

interface Pair {
  readonly from: End;
  readonly to: End;
  readonly edge: Edge;
}

/** An edge stands between this host's end and the other one. */
function pairsOf(edge: Edge): Pair[] {
  const { client, server, port, process } = edge;
  if (edge.local === 'client')
    return [{ from: caller(process), to: peer('servers', server, port), edge }];
  const [from, owner] =
    edge.local === 'both'
      ? [ownClient(process, client), edge.resp_process]
      : [peer('clients', client), process];
  return [{ from, to: listener(owner, server, port, edge), edge }];
}

/** A process of this host that calls this host. */
function ownClient(process: string | undefined, address: string): End {
  const end = peer('clients', address);
  return process === undefined
    ? end
    : { ...end, key: `${end.key} ${process}`, label: process, detail: ` ${address}` };
}

function peer(column: 'clients' | 'servers', address: string, port?: number): End {
  return {
    key: `${column} ${address} ${port ?? ''}`,
    column,
    label: address,
    detail: port === undefined ? '' : `:${port}`,
    filter: port === undefined ? `src host ${address}` : `dst host ${address} and dst port ${port}`,
  };
}

function caller(process: string | undefined): End {
  const label = process ?? 'unknown process';
  return { key: `caller ${label}`, column: 'here', label, detail: '', filter: undefined };
}

const CLOSED: End = {
  key: 'listener closed',
  column: 'here',
  label: 'ports that did not answer',
  detail: '',
  filter: undefined,
};

function listener(process: string | undefined, server: string, port: number, edge: Edge): End {
  // A scan would be a node for each of its ports
  if (process === undefined && edge.failed === edge.connections) return CLOSED;
  const label = process ?? server;
  return {
    key: `listener ${label} ${port}`,
    column: 'here',
    label,
    detail: `:${port}`,
    filter: `dst host ${server} and dst port ${port}`,
  };
}

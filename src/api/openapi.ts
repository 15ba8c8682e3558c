/** The description of the API (OpenAPI 3.1), which `make generate` writes to docs/openapi.json. */

import { SOCKET_ORDERS } from '../model/sockets.ts';

type Schema = Readonly<Record<string, unknown>>;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const amount = { type: 'number', minimum: 0 } as const;
const time = ref('time');
const address = ref('address');
const port = ref('port');

function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

function list(items: Schema, description?: string): Schema {
  return { type: 'array', items, ...(description === undefined ? {} : { description }) };
}

/** An object; members whose names end in `?` may be left out. */
function object(members: Readonly<Record<string, Schema>>, description?: string): Schema {
  const named = Object.entries(members).map(([name, schema]) => [name.replace('?', ''), schema]);
  const required = Object.keys(members).filter((name) => !name.endsWith('?'));
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    properties: Object.fromEntries(named) as Schema,
    required,
  };
}

const said = (schema: Schema, description: string): Schema => ({ ...schema, description });

const more = {
  description: 'What to ask with as `cursor` for what comes before; null: there is nothing',
  oneOf: [text, { type: 'null' }],
};
const covers = object(
  { since_ts: time, until_ts: time },
  'Between these times everything that was told is known',
);
const from = { enum: ['memory', 'store'] };

/** Besides those of the events (docs/events.schema.json). */
const SCHEMAS: Readonly<Record<string, Schema>> = {
  anyConnection: {
    description: 'An event of a connection, as in the JSON lines',
    oneOf: ['attempt', 'summed', 'open', 'end'].map(ref),
  },
  error: object(
    {
      error: object({
        code: said(text, 'For programs; the same for good'),
        message: said(text, 'What is wrong'),
        hint: said(text, 'The mend'),
      }),
    },
    'Every answer that is not what was asked for',
  ),
  status: object(
    {
      run: { type: 'string', pattern: '^[0-9a-f]{16}$', description: 'Another one at each start' },
      version: text,
      host: text,
      pid: count,
      uptime_s: count,
      uid: count,
      capabilities: list(text),
      source: { enum: ['ebpf', 'pcap', 'proc'] },
      blocking: flag,
      'listen?': text,
      limits: list(text, 'What the source can not see'),
      'filter?': text,
      'blocks?': count,
      source_counts: { type: 'object' },
      flow: { type: 'object' },
      output: { type: 'object' },
      alerts: list({ type: 'object' }),
      plugins: list({ type: 'object' }),
    },
    'As `packetwatch status --json`, and which run it is',
  ),
  health: object({
    source: text,
    limits: list(text),
    stages: list(object({ stage: text, in: count, out: count, lost: count, what: text })),
    rates: object(
      {
        records: amount,
        attempts: amount,
        opened: amount,
        failed: amount,
        closed: amount,
        lines: amount,
        lost: amount,
      },
      'Per second, over the last 10 s',
    ),
    cost: object({
      cpu_percent: said(amount, 'Of one core, over the last 10 s'),
      resident_bytes: count,
      heap_bytes: count,
    }),
  }),
  connections: object({
    connections: list(ref('anyConnection'), 'Each by its last event in the time, newest first'),
    more,
    covers,
    from,
  }),
  story: object({
    connection: said(ref('anyConnection'), 'By its last event'),
    events: list(ref('anyConnection'), 'Oldest first'),
  }),
  map: object({
    edges: list(
      object({
        client: address,
        server: address,
        port,
        proto: { enum: ['tcp', 'udp', 'icmp'] },
        'process?': said(text, "Of this host's end; of the client when both are here"),
        'resp_process?': said(text, 'Of the server, when both ends are here'),
        'local?': { enum: ['client', 'server', 'both'], description: 'Which ends are here' },
        connections: count,
        failed: said(count, 'Refused, timed out, reset or dropped'),
        orig_bytes: count,
        resp_bytes: count,
        'rtt_us?': said(count, 'Median'),
        last_ts: time,
      }),
      'By connections, most first; at most 500',
    ),
    more: said(count, 'How many edges are left out'),
    covers,
    from,
  }),
  scans: object({
    scans: list(
      { allOf: [ref('scan')], properties: { first: ref('scan') } },
      'Each as it was told last, with its start as `first`; newest first',
    ),
    more,
    covers,
    from,
  }),
  pastBlocks: object({
    blocks: list(
      {
        allOf: [ref('block')],
        properties: {
          scan: said(ref('scan'), 'The evidence: the scan as it was told last before the block'),
          end: said(
            { enum: ['expired', 'removed', 'replaced'] },
            'Absent: it is in force, as far as is known',
          ),
          end_ts: time,
        },
      },
      'By when they began, newest first',
    ),
    more,
    covers,
    from,
  }),
  probes: object({
    probes: list(
      object({ ts: time, dst_ip: address, dst_port: port, 'outcome?': text }),
      'Newest first',
    ),
    more,
  }),
  blocks: object({
    blocks: list(
      object({
        src_ip: text,
        'last_src_ip?': address,
        where: { enum: ['kernel', 'nft'] },
        reason: { enum: ['scan', 'user'] },
        'dst_ip?': address,
        'ports?': list(port),
        left_s: count,
        drops: count,
      }),
      'As `packetwatch block list --json`',
    ),
    allow: list(
      object({ cidr: text, origin: list(text) }),
      'As `packetwatch allow list --json`: who is never blocked, and why',
    ),
    blocking: said(flag, 'The program blocks scanners by itself (--block)'),
  }),
  why: object(
    {
      src_ip: text,
      blocked: flag,
      never: list(text),
      entries: list(
        object({
          src_ip: text,
          'dst_ip?': address,
          state: { enum: ['watched', 'found', 'blocked'] },
          where: { enum: ['kernel', 'nft'] },
          left_s: { type: 'integer' },
          packets: count,
        }),
      ),
    },
    'As `packetwatch block why --json`',
  ),
  states: object(
    {
      of: { enum: ['sockets', 'ends'] },
      total: count,
      states: list(object({ state: text, slug: text, count })),
      transitions: list(object({ from: text, to: text, 'count?': count })),
      'since_ts?': time,
    },
    'As `packetwatch states --json`',
  ),
  glossary: object({
    entries: list(
      object({
        slug: text,
        term: text,
        aliases: list(text),
        kind: text,
        definition: text,
        'meaning?': text,
        'action?': text,
        see: list(text),
        'source?': text,
      }),
    ),
  }),
  liveHello: object(
    {
      run: text,
      version: text,
      host: text,
      started_ts: time,
      filter: { oneOf: [text, { type: 'null' }] },
      'restarted?': said({ const: true }, 'Last-Event-ID was of another run'),
      'missed?': said(count, 'Last-Event-ID was of this run: so many events since'),
    },
    'Data of `event: hello`, the first message',
  ),
  liveEvents: object(
    {
      events: list(ref('event')),
      sampled: {
        type: 'integer',
        minimum: 1,
        description:
          'Of the connections those whose id is a multiple of it were sent; scans, blocks and losses always are',
      },
      skipped: said(count, 'Events that happened and were not sent'),
    },
    'Data of `event: events`, at most five a second',
  ),
  liveCounts: object(
    {
      ts: time,
      attempts: count,
      opened: count,
      failed: count,
      closed: count,
      live: said(count, 'Followed now'),
      lost: count,
    },
    'Data of `event: counts`, every second: totals since the start',
  ),
};

function query(name: string, description: string, schema: Schema = text): Schema {
  return { name, in: 'query', description, schema };
}

const FILTER = query('filter', "In tcpdump's words, as `packetwatch watch` takes it");
const HISTORY = [
  FILTER,
  query('since', 'RFC 3339, or `15m`: so long ago'),
  query('until', 'The same, exclusive'),
];
const PAGE = [
  ...HISTORY,
  query('limit', 'Default 100', { type: 'integer', minimum: 1, maximum: 1000 }),
  query('cursor', '`more` of the answer before, to the same question'),
];

function part(name: string, description: string): Schema {
  return { name, in: 'path', required: true, description, schema: text };
}

const ADDRESS = part('address', 'An address, or a prefix in CIDR form (its / as %2F)');

function answers(schema: string): Schema {
  const json = (name: string) => ({ 'application/json': { schema: ref(name) } });
  return {
    200: { description: 'What was asked for', content: json(schema) },
    default: { description: 'Why not', content: json('error') },
  };
}

function get(summary: string, schema: string, parameters: readonly Schema[] = []): Schema {
  return { summary, parameters, responses: answers(schema) };
}

/** It takes the token, wherever the program listens. */
function change(summary: string, rest: Schema): Schema {
  return { summary, security: [{ token: [] }], ...rest, responses: answers('blocks') };
}

function body(schema: Schema): Schema {
  return { required: true, content: { 'application/json': { schema } } };
}

const PATHS: Readonly<Record<string, Schema>> = {
  '/api/v1/status': { get: get('What is watched and how, what was seen, what was lost', 'status') },
  '/api/v1/health': {
    get: get('What went through each part of the program, and its cost', 'health'),
  },
  '/api/v1/connections': { get: get('Connections', 'connections', PAGE) },
  '/api/v1/connections/{id}': {
    get: get('All that was told of one connection', 'story', [part('id', '16 hex digits')]),
  },
  '/api/v1/map': { get: get('Who calls whom on which port', 'map', HISTORY) },
  '/api/v1/scans': { get: get('Port scans', 'scans', PAGE) },
  '/api/v1/scans/{source}/probes': {
    get: get('What a source tried, without what the kernel summed in a flood', 'probes', [
      part('source', 'An address, or a prefix in CIDR form'),
      ...PAGE,
    ]),
  },
  '/api/v1/blocks': {
    get: get('Who is blocked, and who never is', 'blocks'),
    post: change('Block a source, or a prefix', {
      requestBody: body(object({ address: text, 'ttl_s?': said(amount, 'Default 60') })),
    }),
  },
  '/api/v1/blocks/past': {
    get: get('Blocks, why they were, and how they ended', 'pastBlocks', PAGE),
  },
  '/api/v1/blocks/{address}': { delete: change('End a block', { parameters: [ADDRESS] }) },
  '/api/v1/blocks/{address}/why': { get: get('The evidence against a source', 'why', [ADDRESS]) },
  '/api/v1/allow': {
    post: change('Never block a source, and end its blocks', {
      requestBody: body(object({ address: text })),
    }),
  },
  '/api/v1/allow/{address}': {
    delete: change('Take back what was allowed', { parameters: [ADDRESS] }),
  },
  '/api/v1/states': { get: get("TCP's states, with how many sockets are in each", 'states') },
  '/api/v1/sockets': {
    get: get(
      'Listeners and their queues, and connections, as `packetwatch sockets --json`',
      'sockets',
      [
        FILTER,
        query('sort', 'Which connections come first', { enum: SOCKET_ORDERS }),
        query('limit', 'Of connections; default 100', {
          type: 'integer',
          minimum: 1,
          maximum: 1000,
        }),
      ],
    ),
  },
  '/api/v1/glossary': { get: get('What every word means', 'glossary') },
  '/api/v1/live': {
    get: {
      summary: 'What happens, as it happens: server-sent events',
      parameters: [
        FILTER,
        {
          name: 'Last-Event-ID',
          in: 'header',
          description: 'Of the last message that was received: `hello` says what was missed',
          schema: text,
        },
      ],
      responses: {
        200: {
          description: '`hello`, then `events` and `counts` (liveHello, liveEvents, liveCounts)',
          content: { 'text/event-stream': { schema: text } },
        },
        default: {
          description: 'Why not',
          content: { 'application/json': { schema: ref('error') } },
        },
      },
    },
  },
};

export interface Described {
  /** docs/events.schema.json */
  readonly events: Schema;
  /** docs/sockets.schema.json */
  readonly sockets: Schema;
  /** Of the program. */
  readonly version: string;
}

export function openApi({ events, sockets, version }: Described): Schema {
  const event = definitions(events, '');
  const socket = definitions(sockets, 'sockets.');
  return {
    openapi: '3.1.0',
    info: {
      title: 'Packetwatch',
      version,
      description:
        'What a running `packetwatch watch --listen` tells and does. On loopback, reading takes no token; changes do, and elsewhere everything does.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:9470' }],
    security: [{}, { token: [] }],
    paths: PATHS,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Of the file that the start names' },
      },
      schemas: {
        ...event.all,
        event: { oneOf: event.root['oneOf'] },
        ...socket.all,
        sockets: socket.root,
        ...SCHEMAS,
      },
    },
  };
}

/** A schema and its definitions where this document has them, with a prefix to their names. */
function definitions(
  schema: Schema,
  prefix: string,
): { readonly root: Schema; readonly all: Schema } {
  const json = JSON.stringify(schema).replaceAll('#/$defs/', `#/components/schemas/${prefix}`);
  const { $defs, ...root } = JSON.parse(json) as Record<string, unknown>;
  delete root['$schema'];
  const all = Object.entries($defs as Schema).map(([name, one]) => [`${prefix}${name}`, one]);
  return { root, all: Object.fromEntries(all) as Schema };
}

/** The description of the API (OpenAPI 3.1), which `make generate` writes to docs/openapi.json. */

import { SOCKET_ORDERS } from '../model/sockets.ts';
import { ANSWERS } from './openapi-answers.ts';
import { amount, object, ref, said, type Schema, text } from './schema-words.ts';

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
        ...ANSWERS,
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

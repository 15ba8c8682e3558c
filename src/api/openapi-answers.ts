/** What the API answers with, as schemas. */

import {
  address,
  amount,
  count,
  flag,
  list,
  object,
  port,
  ref,
  said,
  type Schema,
  text,
  time,
} from './schema-words.ts';

const more = {
  description: 'What to ask with as `cursor` for what comes before; null: there is nothing',
  oneOf: [text, { type: 'null' }],
};
const covers = object(
  { since_ts: time, until_ts: time },
  'Of which time the answer is; what was lost, or while no program ran, is missing',
);
const from = { enum: ['memory', 'store'] };

/** By the name that openapi.ts refers to. */
export const ANSWERS: Readonly<Record<string, Schema>> = {
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

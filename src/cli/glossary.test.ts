/** The glossary has every word that is printed, and nothing leads nowhere. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { METRICS } from '../api/metrics.ts';
import { originsOf } from '../guard/allowed.ts';
import { CONNECTION_HEADERS, LISTEN_HEADERS } from './sockets-text.ts';
import { connectionLines } from './top-text.ts';
import { Errno } from '../flow/ending.ts';
import { techniqueOf } from '../flow/scan-kind.ts';
import {
  ALERT_EVENTS,
  CONN_STATES,
  DIRECTIONS,
  EVENT_NAMES,
  FLOW_ENDS,
  FORMS,
  LOSS_PLACES,
  OUTCOMES,
  SCAN_KINDS,
  TUNNELS,
} from '../model/events.ts';
import type { TermKind } from '../model/glossary/entry.ts';
import { GLOSSARY } from '../model/glossary/glossary.ts';
import { entryOf, lookup, lookupWords, nearest } from '../model/glossary/lookup.ts';
import { eventRunbook, lossRunbook, scanRunbook } from '../model/glossary/runbook.ts';
import { TcpState } from '../model/tcp-state.ts';
import { parseManifest } from '../plugins/manifest.ts';
import { ZEEK_COLUMNS } from '../sinks/zeek-columns.ts';
import { PacketsEnd, ScanKind } from '../wire/layout.gen.ts';

type Schema = { [word: string]: unknown };

const schemaOf = (name: string): Schema =>
  JSON.parse(
    readFileSync(new URL(`../../docs/${name}.schema.json`, import.meta.url), 'utf8'),
  ) as Schema;
const SCHEMA = schemaOf('events');
/** Definitions of objects within a field, and its name. */
const NESTED: Readonly<Record<string, string>> = {
  tls: 'tls',
  http: 'http',
  dns: 'dns',
  ssh: 'ssh',
  tcb: 'tcb',
  control_block: 'tcb',
};
const PLUGINS = new URL('../../plugins/', import.meta.url);
const MANIFESTS = readdirSync(PLUGINS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => readFileSync(new URL(`${name}/plugin.json`, PLUGINS), 'utf8'))
  .map((text) => parseManifest(text).manifest!);

/** The words among these that no entry of such a kind has as its term. */
function missing(words: Iterable<string>, ...kinds: TermKind[]): string[] {
  const terms = new Set(
    GLOSSARY.filter(({ kind }) => kinds.includes(kind)).flatMap(({ term, aliases }) =>
      [term].concat(aliases),
    ),
  );
  return [...words].filter((word) => word !== '' && !terms.has(word));
}

/** What stands anywhere in the schema under this word. */
function* everywhere(word: string, schema: unknown = SCHEMA): Generator {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [key, value] of Object.entries(schema)) {
    if (key === word) yield value;
    yield* everywhere(word, value);
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';

describe('every word that is printed has an entry', () => {
  test.each<[string, Iterable<string>, ...TermKind[]]>([
    ['events', EVENT_NAMES, 'event'],
    ['events of plugins', MANIFESTS.flatMap(({ events }) => Object.keys(events)), 'event'],
    ['outcomes', OUTCOMES, 'outcome'],
    ['conn_states', CONN_STATES, 'conn_state'],
    ['letters of a history', 'SHADFRCGTWIQ^', 'history letter'],
    ['TCP states', Object.keys(TcpState), 'TCP state'],
    ['flags', ['CWR', 'ECE', 'URG', 'ACK', 'PSH', 'RST', 'SYN', 'FIN'], 'TCP flag'],
    ['errors', Object.keys(Errno), 'error'],
    ['end reasons', FLOW_ENDS, 'end reason'],
    ['scan kinds', SCAN_KINDS, 'scan kind'],
    ['directions', DIRECTIONS, 'value'],
    ['forms', FORMS, 'value'],
    ['tunnels', TUNNELS, 'value'],
    ['loss places', LOSS_PLACES, 'loss place'],
    ['reasons to spare', originsOf(0xff), 'block reason'],
    ['fields of conn.log', ZEEK_COLUMNS.map(({ name }) => name), 'Zeek field'],
    ['metrics', METRICS.map(({ name }) => name), 'metric'],
    ['metrics of plugins', MANIFESTS.flatMap((m) => m.metrics.map(({ name }) => name)), 'metric'],
  ])('%s', (_, words, ...kinds) => {
    expect([...words].length).toBeGreaterThan(1);
    expect(missing(words, ...kinds)).toEqual([]);
  });

  test('techniques', () => {
    const words = Object.values(ScanKind).flatMap((code) => techniqueOf(code) ?? []);
    expect(words).toContain('xmas');
    expect(missing(words, 'scan technique')).toEqual([]);
  });

  test('variables of the control block that records have', () => {
    const words = Object.keys(PacketsEnd).filter((name) => /^(iss|irs|(snd|rcv)_)/.test(name));
    expect(words).toHaveLength(11);
    const names = words.map((word) => word.replace('_', '.').toUpperCase());
    expect(missing(names, 'control block variable')).toEqual([]);
  });

  test('fields of JSON lines, and their values', () => {
    const fields = Object.entries(SCHEMA['$defs'] as Schema).flatMap(([name, def]) =>
      [...everywhere('properties', def)].flatMap((of) =>
        Object.keys(of as Schema).map((field) =>
          name in NESTED ? `${NESTED[name]}.${field}` : field,
        ),
      ),
    );
    expect(fields).toEqual(expect.arrayContaining(['half_open', 'tls.sni', 'tcb.snd_una']));
    expect(missing(fields, 'JSON field', 'verdict part', 'control block variable')).toEqual([]);
    const values = [...everywhere('enum'), ...everywhere('const')].flat().filter(isText);
    expect(values).toContain('teredo');
    const known = (value: string) => lookup(value).length > 0;
    expect(values.filter((value) => !known(value))).toEqual([]);
  });

  test('fields of sockets, and their values', () => {
    const schema = schemaOf('sockets');
    const fields = [...everywhere('properties', schema)].flatMap((of) => Object.keys(of as Schema));
    expect(fields).toEqual(expect.arrayContaining(['fairness', 'somaxconn', 'rtt_us']));
    expect(missing(fields, 'JSON field', 'socket field')).toEqual([]);
    const values = [...everywhere('enum', schema)].flat().filter(isText);
    expect(values).toContain('shared_socket');
    expect(values.filter((value) => lookup(value).length === 0)).toEqual([]);
  });

  test('columns of tables of sockets', () => {
    const wide = connectionLines([], { order: 'rate', columns: 200 });
    const columns = [...LISTEN_HEADERS, ...CONNECTION_HEADERS, ...wide[0]!.split(/ +/)];
    expect(columns).toContain('queued');
    expect(columns.filter((name) => lookup(name).length === 0)).toEqual([]);
  });

  test('label values of metrics that are terms', () => {
    const words = ['stage', 'hook', 'source', 'outcome', 'kind', 'direction'].flatMap((label) =>
      METRICS.filter(({ name }) => !/records|evidence/.test(name)).flatMap(({ labels }) => {
        const values = labels?.[label] ?? [];
        return Array.isArray(values) ? (values as string[]) : Object.keys(values);
      }),
    );
    expect(words).toContain('proc_table');
    expect(words.filter((word) => lookup(word).length === 0)).toEqual([]);
  });

  /** ../shared/requirements.md: the network knowledge that it must get right. */
  test.each([
    'pseudo header, checksum, control block, three-way handshake, four-way close, simultaneous open',
    'simultaneous close, RST, retransmission, slow start, cwnd, rwnd, window, half close',
    'Ethernet, MAC, VLAN, ARP, IPv4, fragments, IP options, IPv6, extension headers, ICMP, echo request',
    'redirect, destination unreachable, time exceeded, router advertisement, router solicitation, UDP',
    'TLS handshake, client hello, SNI, HTTP status, X-Forwarded-For, DNS',
    'SYN queue, accept queue, overflows, send queue, receive queue, SO_REUSEPORT, many acceptors',
    'load balancing, health check, L4, L7, forward proxy, reverse proxy, consistent hashing',
    'rendezvous hashing, publish/subscribe, at-least-once delivery, idempotent consumer, leader election',
    'sharding, replica, rate limit, caching, traceroute, TTL, resolver settings',
    'CPU, memory, disk, inodes, 5xx, rejected connections, target connection errors, unhealthy hosts',
    'throttles, budget, reference, weighted, ebpf, pcap, proc, tcx, native, generic',
  ])('what an operator should know: %s', (list) => {
    expect(list.split(', ').filter((word) => lookup(word).length === 0)).toEqual([]);
  });
});

describe('the glossary', () => {
  test('has no metric that there is not', () => {
    const there = new Set(
      [...METRICS, ...MANIFESTS.flatMap(({ metrics }) => metrics)].map(({ name }) => name),
    );
    const metrics = GLOSSARY.filter(({ kind }) => kind === 'metric').map(({ term }) => term);
    expect(metrics.filter((name) => !there.has(name))).toEqual([]);
  });

  test('has each anchor once, and no link that leads nowhere or to itself', () => {
    const slugs = GLOSSARY.map(({ slug }) => slug);
    expect(slugs.filter((slug, i) => slugs.indexOf(slug) !== i)).toEqual([]);
    expect(slugs.filter((slug) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug))).toEqual([]);
    const dead = GLOSSARY.flatMap(({ slug, see }) =>
      see.filter((other) => other === slug || !slugs.includes(other)).map((o) => `${slug}: ${o}`),
    );
    expect(dead).toEqual([]);
  });

  test('is printable, in sentences', () => {
    const names = GLOSSARY.flatMap(({ term, aliases }) => [term].concat(aliases));
    expect(names.filter((name) => !/^[!-~]( ?[!-~]+)*$/.test(name))).toEqual([]);
    const texts = GLOSSARY.flatMap(({ definition, meaning, action }) => [
      definition,
      meaning ?? 'Left out.',
      action ?? 'Left out.',
    ]);
    expect(texts.filter((text) => !/^[ -~]{8,420}[.?]$/.test(text))).toEqual([]);
  });

  test('says what to do about alerts, scans and losses', () => {
    const alerts = EVENT_NAMES.filter((_, code) => (ALERT_EVENTS & (1 << code)) !== 0);
    const slugs = [
      ...alerts.filter((name) => name !== 'unblock').map((name) => `event-${name}`),
      ...MANIFESTS.flatMap(({ events }) => Object.entries(events))
        .filter(([, { alert }]) => alert)
        .map(([name]) => `event-${name.replace('.', '-')}`),
      ...SCAN_KINDS.map((kind) => `scan-${kind}`),
      ...LOSS_PLACES.filter((place) => place !== 'read').map((place) => `loss-${place}`),
    ];
    expect(slugs.filter((slug) => entryOf(slug)?.action === undefined)).toEqual([]);
  });

  test('has what the runbook of each alert names', () => {
    const plugins = MANIFESTS.flatMap(({ events }) => Object.keys(events));
    const commands = [
      ...SCAN_KINDS.map(scanRunbook),
      ...[...LOSS_PLACES, 'plugin.arp-watch'].map(lossRunbook),
      ...['block', 'unblock', ...plugins].map(eventRunbook),
    ];
    const slugs = commands.map((command) => /^packetwatch explain (\S+)$/.exec(command!)?.[1]);
    expect(slugs.filter((slug) => entryOf(slug!) === undefined)).toEqual([]);
    expect(eventRunbook('strange.event')).toBeUndefined();
  });
});

describe('lookup', () => {
  test.each([
    ['TIME-WAIT', 'state-time-wait'],
    ['time_wait', 'state-time-wait'],
    ['Time Wait', 'state-time-wait'],
    ['06', 'state-time-wait'],
    ['snd.una', 'snd-una'],
    ['scan-vertical', 'scan-vertical'],
    ['^', 'history-caret'],
    ['publish/subscribe', 'publish-subscribe'],
    ['packetwatch_lost_total', 'packetwatch-lost-total'],
  ])('finds %s', (text, slug) => {
    expect(lookup(text)[0]?.slug).toBe(slug);
  });

  test('finds each entry by its slug alone, and by its term', () => {
    expect(GLOSSARY.filter((entry) => lookup(entry.slug)[0] !== entry)).toEqual([]);
    expect(GLOSSARY.filter((entry) => !lookup(entry.term).includes(entry))).toEqual([]);
  });

  test('finds all that share a word', () => {
    expect(lookup('reset').map(({ kind }) => kind)).toEqual(['outcome', 'TCP flag', 'event']);
  });

  test('takes words as one term, or each as its own', () => {
    expect(lookupWords(['half', 'open'])[0]?.slug).toBe('verdict-half-open');
    expect(lookupWords(['LISTEN', 'RSTO']).map(({ slug }) => slug)).toEqual(
      expect.arrayContaining(['state-listen', 'conn-state-rsto']),
    );
    expect(lookupWords(['LISTEN', 'nonsense'])).toEqual([]);
  });

  test('suggests what is spelled nearly so', () => {
    expect(nearest('tme-wait')[0]).toBe('TIME-WAIT');
    expect(nearest('horizntal')[0]).toBe('horizontal');
    expect(nearest('retransmi')).toContain('retransmission');
    expect(nearest('zzzzzzzzzzzz')).toEqual([]);
  });

  test('takes any text, however long', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 400 }), (text) => {
        expect(nearest(text).length).toBeLessThanOrEqual(4);
        expect(lookupWords(text.split(' ')).length).toBeLessThanOrEqual(GLOSSARY.length);
      }),
      { numRuns: 20 },
    );
    expect(nearest('wait'.repeat(1_000_000))).toEqual([]);
    expect(lookupWords(['\ud800', '\u202etiaw-emit', '']).length).toBe(0);
  });
});

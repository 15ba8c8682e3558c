import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Facts, type Filter, parseFilter } from '../../src/filter/filter.ts';
import { Flow, FLOW_DEFAULTS } from '../../src/flow/flow.ts';
import type { ConnectionTable } from '../../src/flow/table.ts';
import { ALL_EVENTS } from '../../src/model/events.ts';
import type { JsonBlock, JsonConnection, JsonEvent, JsonScan } from '../../src/model/json.ts';
import { FanOut } from '../../src/sinks/fan-out.ts';
import { JsonSink } from '../../src/sinks/json.ts';
import { Output } from '../../src/sinks/output.ts';
import type { Names, Sink, WallClock } from '../../src/sinks/sink.ts';
import type { History, PageQuestion } from '../../src/store/history.ts';
import { Flag } from '../../src/wire/layout.gen.ts';
import { RecordWriter } from '../../src/wire/record-writer.ts';
import { type Spec, write } from '../flow/records.ts';
import { filters, SOME } from './filter-cases.ts';
import { PORTS, V4, V6 } from './filter-frames.ts';

/** What is told, to whom it is told. */
export interface Telling {
  readonly clock: WallClock;
  readonly names: Names;
  readonly host: string;
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly nowNs: () => number;
  readonly followed: () => ConnectionTable | undefined;
}

/** A history, and the sink that tells it. */
export interface HistoryScene {
  readonly sink: Sink;
  readonly history: History;
  /** Resolves when what was told can be asked for. */
  readonly settle: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const CONNECTIONS = 240;
const NOW_S = 400;
/** Each is a question to another process. */
const RUNS = 40;

/**
 * What every History must answer (src/store/history.ts), held against the lines that were told.
 * @param keepsPackets also what packets and their payload showed
 * @param missing what it needs and this machine hasn't: the suite is skipped
 */
export function historySuite(
  name: string,
  open: (telling: Telling) => HistoryScene,
  { keepsPackets, missing }: { keepsPackets: boolean; missing?: string | undefined },
): void {
  describe(`history: ${name}`, () => {
    let scene: HistoryScene;
    let told: JsonEvent[] = [];
    const offsetUs = Date.now() * 1000 - NOW_S * 1e6;

    beforeAll(async () => {
      if (missing !== undefined) return;
      const telling: Telling = {
        clock: { offsetUs },
        names: { iface: () => 'eth0', container: () => undefined },
        host: 'here',
        nowNs: () => NOW_S * 1e9,
        followed: () => flow.table,
      };
      let text = '';
      const keep = (bytes: Uint8Array, at: number, length: number): number => {
        text += Buffer.from(bytes).toString('utf8', at, at + length);
        return length;
      };
      const output = new Output({ target: { name: 'test', write: keep } });
      scene = open(telling);
      const lines = new JsonSink({ ...telling, output, events: ALL_EVENTS });
      const sink = new FanOut(lines, scene.sink);
      const flow = new Flow({ ...FLOW_DEFAULTS, seed: 1, listener: sink, answered: () => 0 });
      flow.take(recordsOf(specs()));
      flow.tick(NOW_S * 1e9);
      sink.flush();
      told = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as JsonEvent);
      await scene.settle();
    });
    beforeEach((context) => {
      if (missing !== undefined) context.skip(missing);
    });
    afterAll(() => scene?.close());

    const question = (part: Partial<PageQuestion> = {}): PageQuestion => ({
      filter: undefined,
      sinceUs: undefined,
      untilUs: undefined,
      limit: 1000,
      cursor: undefined,
      ...part,
    });

    /** What the lines say. */
    const wanted = ({ filter, sinceUs = -Infinity, untilUs = Infinity }: PageQuestion) => {
      const last = new Map<string, JsonConnection>();
      const all = told.filter(isConnection).filter((one) => {
        const us = microseconds(one.ts);
        return us >= sinceUs && us < untilUs;
      });
      for (const [i, one] of all.entries())
        if (!filter || connectionPasses(filter, one))
          last.set(one.id ?? `sum ${i}`, keepsPackets ? one : withoutPackets(one));
      return [...last.values()].sort((a, b) => (a.ts < b.ts ? 1 : -1));
    };

    const ask = async (asked: PageQuestion) => (await scene.history.connections(asked)).connections;

    it('tells each connection as its last line did', async () => {
      const connections = await ask(question());
      expect(connections.length).toBeGreaterThan(CONNECTIONS / 2);
      expect(connections).toEqual(wanted(question()));
      expect(new Set(connections.map(({ event }) => event)).size).toBeGreaterThan(2);
    });

    it('tells the same page by page', async () => {
      const pages: JsonConnection[] = [];
      let cursor: string | undefined;
      do {
        const { connections, more } = await scene.history.connections(
          question({ limit: 50, cursor }),
        );
        expect(connections.length).toBeLessThanOrEqual(50);
        pages.push(...connections);
        cursor = more ?? undefined;
      } while (cursor !== undefined);
      expect(pages).toEqual(wanted(question()));
    });

    it('selects by a filter what the filter passes', async () => {
      const asked = SOME.map((text) => question({ filter: parseFilter(text) }));
      const found = await Promise.all(asked.map(ask));
      for (const [i, text] of SOME.entries())
        expect([text, ...found[i]!.map(placeOf)]).toEqual([
          text,
          ...wanted(asked[i]!).map(placeOf),
        ]);
    });

    it('so by any filter, in any time', async () => {
      const second = fc.double({ min: 99, max: NOW_S, noNaN: true });
      let some = 0;
      await fc.assert(
        fc.asyncProperty(filters, second, second, async (text, since, until) => {
          const asked = question({
            filter: parseFilter(text),
            sinceUs: Math.floor(since * 1e6 + offsetUs),
            untilUs: Math.floor(until * 1e6 + offsetUs),
          });
          const found = (await ask(asked)).map(placeOf);
          if (found.length > 0) some++;
          expect(found).toEqual(wanted(asked).map(placeOf));
        }),
        { numRuns: RUNS },
      );
      expect(some).toBeGreaterThan(0);
    });

    it('tells the story of one connection', async () => {
      const { id } = told
        .filter(isConnection)
        .findLast(({ event }) => event === 'connection.timeout')!;
      const events = told.filter(isConnection).filter((one) => one.id === id);
      const story = await scene.history.story(id!);
      expect(events.length).toBeGreaterThan(1);
      expect(story?.events.map(placeOf)).toEqual(events.map(placeOf));
      expect(story?.connection).toEqual(events.at(-1));
      expect(await scene.history.story('0000000000000001')).toBeUndefined();
    });

    it('counts who called whom', async () => {
      const { edges, more } = await scene.history.edges(question());
      const connections = wanted(question()).filter(({ id }) => id !== undefined);
      const key = (client: string, server: string, port: number, proto: string) =>
        `${client} > ${server}:${port} ${proto}`;
      const counts = new Map<string, [number, number]>();
      for (const { src_ip, dst_ip, dst_port, proto, outcome } of connections) {
        const of = key(src_ip!, dst_ip, dst_port, proto);
        const [all, failed] = counts.get(of) ?? [0, 0];
        const bad = outcome !== undefined && outcome !== 'ok';
        counts.set(of, [all + 1, failed + Number(bad)]);
      }
      expect(more).toBe(0);
      expect(
        new Map(
          edges.map((e) => [key(e.client, e.server, e.port, e.proto), [e.connections, e.failed]]),
        ),
      ).toEqual(counts);
      expect(edges.map((e) => e.connections)).toEqual(
        edges.map((e) => e.connections).sort((a, b) => b - a),
      );
    });

    it('tells scans with their starts', async () => {
      const lines = told.filter((one): one is JsonScan => one.event === 'scan');
      const { scans: all } = await scene.history.scans(question());
      const scans = all.filter(({ evidence }) => !evidence.blocked);
      expect(scans.map(({ state, src_ip }) => [state, src_ip])).toEqual([
        ['end', '2001:db8:2::57'],
        ['end', '192.0.2.57'],
      ]);
      expect(scans[1]!.first).toEqual(lines.find(({ src_ip }) => src_ip === '192.0.2.57'));
      const filtered = await scene.history.scans(
        question({ filter: parseFilter('port 23 and ip') }),
      );
      expect(filtered.scans.map(({ src_ip }) => src_ip)).toEqual(['192.0.2.57']);
    });

    it('tells a scan with its start, whatever its start alone is asked for', async () => {
      const lines = told.filter((one): one is JsonScan => one.event === 'scan');
      const [start, update, end] = lines.filter(({ src_ip }) => src_ip === '192.0.2.57');
      expect([start!.state, update!.state, end!.state]).toEqual(['start', 'update', 'end']);
      const asked = async (part: Partial<PageQuestion>) =>
        (await scene.history.scans(question(part))).scans;
      const whole = { ...end, first: start };
      const ofUpdate = parseFilter('port 9001');
      expect(await asked({ filter: ofUpdate })).toEqual([whole]);
      const sinceUs = microseconds(update!.ts);
      expect(await asked({ filter: parseFilter('host 192.0.2.57'), sinceUs })).toEqual([whole]);
      expect(await asked({ filter: ofUpdate, sinceUs: sinceUs + 1 })).toEqual([whole]);
    });

    it('tells scans of one moment page by page', async () => {
      const { scans } = await scene.history.scans(question());
      expect(new Set(scans.map(({ ts }) => ts)).size).toBeLessThan(scans.length);
      const pages: JsonScan[] = [];
      let cursor: string | undefined;
      do {
        const page = await scene.history.scans(question({ limit: 1, cursor }));
        pages.push(...page.scans);
        cursor = page.more ?? undefined;
      } while (cursor !== undefined);
      expect(pages).toEqual(scans);
      for (const none of ['x', '1.', '-1'])
        await expect(scene.history.scans(question({ cursor: none }))).rejects.toThrow(
          /is no cursor/,
        );
    });

    it('tells blocks, why they were, and how they ended', async () => {
      const asked = async (part: Partial<PageQuestion> = {}) =>
        (await scene.history.blocks(question(part))).blocks;
      const lines = told.filter((one): one is JsonBlock => one.event === 'block');
      const blocks = await asked();
      expect(blocks.map(({ scan: _scan, end: _end, end_ts: _endTs, ...line }) => line)).toEqual(
        lines.toReversed(),
      );
      expect(blocks.map(({ src_ip, scan, end }) => [src_ip, scan?.ports[0], end])).toEqual([
        ['10.9.0.0', undefined, 'removed'],
        ['2001:db8:9::1', undefined, undefined],
        ['2001:db8:7::5', undefined, 'expired'],
        ['2001:db8:9::1', undefined, 'replaced'],
        ['192.0.2.61', 443, 'removed'],
        ['192.0.2.60', 25, 'expired'],
      ]);
      const [prefix, , net, first, removed, expired] = blocks;
      expect([prefix!.prefix_len, net!.end_ts, expired!.end_ts]).toEqual([
        16,
        net!.until_ts,
        expired!.until_ts,
      ]);
      expect(expired!.scan).toEqual(
        told.find((one) => one.event === 'scan' && 'src_ip' in one && one.src_ip === '192.0.2.60'),
      );
      expect([first!.end_ts, removed!.end_ts]).toEqual([
        blocks[1]!.ts,
        told.find((one) => one.event === 'unblock')!.ts,
      ]);

      const pages: JsonBlock[] = [];
      let cursor: string | undefined;
      do {
        const page = await scene.history.blocks(question({ limit: 4, cursor }));
        pages.push(...page.blocks);
        cursor = page.more ?? undefined;
      } while (cursor !== undefined);
      expect(pages).toEqual(blocks);
      const by = async (text: string) =>
        (await asked({ filter: parseFilter(text) })).map(({ src_ip }) => src_ip);
      expect(await by('net 192.0.2.0/24')).toEqual(['192.0.2.61', '192.0.2.60']);
      expect(await by('ip6 and not host 2001:db8:9::1')).toEqual(['2001:db8:7::5']);
      expect(await by('port 22')).toEqual([]);
      const us = microseconds(removed!.ts);
      expect(await asked({ sinceUs: us, untilUs: us + 1 })).toEqual([removed]);
      await expect(scene.history.blocks(question({ cursor: '1' }))).rejects.toThrow(/is no cursor/);
    });

    it('refuses what is no cursor', async () => {
      for (const cursor of ['', 'x', "1-2' or 1=1 --", '1-2-3'])
        await expect(ask(question({ cursor }))).rejects.toThrow(/is no cursor/);
    });
  });
}

/** What tells one event of a connection from another. */
function placeOf({ ts, event, id, dst_ip }: JsonConnection): string {
  return `${ts} ${event} ${id ?? dst_ip}`;
}

/** Of records of the kernel; captures tell more. */
function withoutPackets(connection: JsonConnection): JsonConnection {
  return Object.fromEntries(
    Object.entries(connection).filter(([name]) => !OF_PACKETS.has(name)),
  ) as unknown as JsonConnection;
}

const OF_PACKETS = new Set(
  'history orig_packets resp_packets orig_ip_bytes resp_ip_bytes missed_bytes out_of_order duplicate_acks zero_windows end_reason forms vlan tunnel tunnel_depth orig_name resp_name service tls http dns ssh'.split(
    ' ',
  ),
);

function isConnection(event: JsonEvent): event is JsonConnection {
  return event.event.startsWith('connection.');
}

function microseconds(ts: string): number {
  return Date.parse(`${ts.slice(0, 19)}Z`) * 1000 + Number(ts.slice(20, 26));
}

/** By the filter that is used where events are told. */
function connectionPasses(filter: Filter, connection: JsonConnection): boolean {
  const { src_ip = '::', src_port = 0, dst_ip, dst_port, proto, id } = connection;
  const writer = recordsOf([
    { kind: 'ATTEMPT', src: src_ip, srcPort: src_port, dst: dst_ip, dstPort: dst_port },
  ]);
  const facts = { tcp: Facts.connection, udp: Facts.udpConversation, icmp: Facts.icmpConversation };
  return filter.matches(writer.words, writer.at[0]!, id === undefined ? Facts.sum : facts[proto]);
}

function recordsOf(all: readonly Spec[]): RecordWriter {
  const writer = new RecordWriter();
  for (const spec of all) write(writer, spec);
  return writer;
}

/** Attempts, some refused, some without an answer; ends of TCP, UDP and ICMP; sums; two scans. Each has a time of its own. */
function specs(): Spec[] {
  const all: Spec[] = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const addresses = i % 3 === 0 ? V6 : V4;
    const at = 100 + i * 0.0201; // no timeout 3 s later coincides with another event
    const ends = {
      src: addresses[i % addresses.length]!,
      dst: addresses[(i * 5 + 1) % addresses.length]!,
      srcPort: PORTS[(i * 3 + 1) % PORTS.length]!,
      dstPort: PORTS[(i * 2 + 2) % PORTS.length]!,
      isn: i + 1,
    };
    if (i % 5 === 4) all.push(endOf(ends, i, at));
    else all.push({ kind: 'ATTEMPT', at, ...ends });
    if (i % 5 === 1) all.push({ kind: 'REFUSED', at: at + 0.007, ...ends });
    if (i % 40 === 0)
      all.push({ kind: 'SUM', at: at + 0.013, src: '::', dst: ends.dst, srcPort: 0, count: i + 2 });
  }
  const verdict = { ports: [22, 23, 24, 25] };
  all.push({ kind: 'SCAN', at: 110, src: '192.0.2.57', dst: '10.0.0.5', verdict });
  all.push({
    kind: 'SCAN',
    at: 111,
    src: '2001:db8:2::57',
    dst: '::1',
    verdict: { ports: [80, 81, 82, 83] },
  });
  all.push({
    kind: 'SCAN',
    at: 111.5,
    src: '192.0.2.57',
    dst: '10.0.0.5',
    verdict: { ports: [22, 23, 24, 25, 9001, 9002, 9003, 9004] },
  });
  const blocked = { flags: Flag.BLOCKED, dst: '10.0.0.5' };
  const from = (at: number, src: string, until = 0) => ({ at, src, verdict: { until } });
  all.push(
    {
      kind: 'SCAN',
      at: 112,
      src: '192.0.2.60',
      ...blocked,
      verdict: { ports: [25, 26, 27, 28], until: 172 },
    },
    {
      kind: 'SCAN',
      at: 113,
      src: '192.0.2.61',
      ...blocked,
      verdict: { ports: [443, 444, 445, 446], until: 9000 },
    },
    { kind: 'BLOCK', ...from(114, '2001:db8:9::1') },
    { kind: 'BLOCK', ...from(115, '2001:db8:7::5', 130) },
    { kind: 'BLOCK', ...from(116, '2001:db8:9::1') },
    { kind: 'BLOCK', ...from(117, '10.9.0.0'), dstPort: 112 },
    { kind: 'UNBLOCK', ...from(120, '192.0.2.61') },
    { kind: 'UNBLOCK', ...from(130.5, '2001:db8:7::') }, // the kernel tells the /64
    { kind: 'UNBLOCK', ...from(131, '10.9.0.0'), dstPort: 112 },
  );
  return all;
}

/** With all that a line can have. */
function endOf(ends: Partial<Spec>, i: number, at: number): Spec {
  const proto = [6, 17, 1][i % 3]!;
  const hostile = `a;b'"\\\t\n\u0000\u202e</script>${i}`;
  return {
    kind: 'ENDED',
    at,
    ...ends,
    ...(proto === 1 ? { srcPort: 8, dstPort: 0 } : {}),
    packets: {
      proto,
      start: at - 0.5,
      bytes: [i, i * 1e9],
      history: proto === 6 ? 'ShADadFf' : 'Dd',
      vlan: i % 4096,
      forms: i % 32,
      tunnel: i % 2 === 0 ? 'GRE' : 'NONE',
      tunnels: i % 2 === 0 ? 1 : 0,
      ends: { ip_bytes: [i, 2 * i], rtt_us: [i, 0], retransmits: [1, 2] },
      metadata: {
        service: 'ssl',
        tls: { serverName: hostile, offeredAlpn: [hostile], cipher: 0x1301 },
        dns: [{ id: i, query: hostile, type: 'AAAA', answers: ['::1'] }],
        respName: hostile,
      },
    },
  };
}

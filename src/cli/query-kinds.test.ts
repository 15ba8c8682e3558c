import { describe, expect, it } from 'vitest';
import { parseFilter } from '../filter/filter.ts';
import type { KnownBlock, KnownScan } from '../model/history.ts';
import type { History, PageQuestion } from '../store/history.ts';
import { isQueryKind, mustFit, type Output, QUERIES, type QueryKind } from './query-kinds.ts';

const ports = [21, 22, 23, 25, 53, 80, 110, 143, 443, 993];
const started: KnownScan = {
  ts: '2026-04-28T15:28:05.000001Z',
  event: 'scan',
  src_ip: '192.0.2.56',
  dst_ip: '10.0.0.5',
  kind: 'vertical',
  state: 'start',
  ports: ports.slice(0, 4),
  hosts: 1,
  evidence: {
    syns: 4,
    port_count: 4,
    first_ts: '2026-04-28T15:28:04.000001Z',
    last_ts: '2026-04-28T15:28:05.000001Z',
    blocked: true,
    spared: false,
    blocks: 1,
  },
  runbook: 'packetwatch explain scan-vertical',
};
const scan: KnownScan = {
  ...started,
  ts: '2026-04-28T15:29:05.000001Z',
  state: 'update',
  ports,
  evidence: { ...started.evidence, port_count: 12 },
  first: started,
};
const block: KnownBlock = {
  ts: started.ts,
  event: 'block',
  src_ip: '192.0.2.56',
  until_ts: '2026-04-28T15:29:05.000001Z',
  reason: 'port scan',
  runbook: 'packetwatch explain event-block',
  scan: started,
  end: 'expired',
  end_ts: '2026-04-28T15:29:05.000001Z',
};
const byHand: KnownBlock = {
  ts: '2026-04-28T15:28:01.000000Z',
  event: 'block',
  src_ip: '10.9.0.0',
  prefix_len: 16,
  reason: 'command',
  runbook: 'packetwatch explain event-block',
};

const covers = { since_ts: started.ts, until_ts: started.ts };
const HISTORY = {
  scans: () => Promise.resolve({ scans: [scan], more: '7', covers, from: 'store' }),
  blocks: () => Promise.resolve({ blocks: [block, byHand], more: null, covers, from: 'store' }),
} as unknown as History;

const page = (kind: QueryKind, output: Output, isFirst = true) =>
  QUERIES[kind].page(HISTORY, {} as PageQuestion, output, isFirst);

/** Rows of cells that are apart by two spaces at least, as headers and values. */
function rowsOf(text: string): Record<string, string>[] {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const starts = [...head.matchAll(/\S+/g)].map(({ index }) => index);
  const cut = (line: string) => starts.map((at, i) => line.slice(at, starts[i + 1]).trim());
  return lines.map(
    (line): Record<string, string> =>
      Object.fromEntries(cut(line).map((cell, i): [string, string] => [cut(head)[i]!, cell])),
  );
}

describe('query', () => {
  it('tells scans', async () => {
    const { text, count, more } = await page('scans', 'table');
    expect([count, more]).toEqual([1, '7']);
    expect(rowsOf(text)).toEqual([
      {
        time: '2026-04-28 15:29:05.000001Z',
        state: 'update',
        kind: 'vertical',
        from: '192.0.2.56',
        to: '10.0.0.5',
        began: '2026-04-28 15:28:05.000001Z',
        blocked: 'yes',
        ports: '21,22,23,25,53,80,110,143 and 4 more',
      },
    ]);
    const [names, cells] = (await page('scans', 'csv')).text.split('\r\n');
    expect(names).toMatch(/^ts,start_ts,state,.*,ports,port_count,/);
    expect(cells).toBe(
      '2026-04-28T15:29:05.000001Z,2026-04-28T15:28:05.000001Z,update,,192.0.2.56,10.0.0.5,vertical,,"[21,22,23,25,53,80,110,143,443,993]",12,1,4,2026-04-28T15:28:04.000001Z,2026-04-28T15:28:05.000001Z,true,false,1,,,,,,,,,',
    );
    expect(JSON.parse((await page('scans', 'json')).text)).toEqual(scan);
  });

  it('tells blocks', async () => {
    expect(rowsOf((await page('blocks', 'table')).text)).toEqual([
      {
        began: '2026-04-28 15:28:05.000001Z',
        from: '192.0.2.56',
        why: 'vertical scan',
        for: '60s',
        end: 'expired',
        ended: '2026-04-28 15:29:05.000001Z',
        of: '10.0.0.5',
        ports: '21,22,23,25',
      },
      {
        began: '2026-04-28 15:28:01.000000Z',
        from: '10.9.0.0/16',
        why: 'command',
        for: 'ever',
        end: 'in force',
        ended: '',
        of: '',
        ports: '',
      },
    ]);
    const csv = (await page('blocks', 'csv', false)).text;
    expect(csv.split('\r\n')).toEqual([
      '2026-04-28T15:28:05.000001Z,192.0.2.56,,port scan,2026-04-28T15:29:05.000001Z,expired,2026-04-28T15:29:05.000001Z,vertical,10.0.0.5,"[21,22,23,25]",4,4,',
      '2026-04-28T15:28:01.000000Z,10.9.0.0,16,command,,,,,,,,,',
      '',
    ]);
    const lines = (await page('blocks', 'json')).text.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as KnownBlock)).toEqual([block, byHand]);
  });

  it.each<[QueryKind, string]>([
    ['connections', 'src port 22 and tcp'],
    ['scans', 'port 22 and src net 192.0.2.0/24 and tcp'],
    ['blocks', 'ip and (host 192.0.2.1 or src net 10.0.0.0/8)'],
  ])('%s by %s', (kind, filter) => {
    expect(() => mustFit(kind, parseFilter(filter).node)).not.toThrow();
  });

  it.each<[QueryKind, string, RegExp]>([
    ['scans', 'ip6 and not src port 22', /^source ports of scans are not kept$/],
    ['scans', 'src and dst port 22', /^source ports/],
    ['blocks', 'host 192.0.2.1 and port 22', /it has no ports/],
    ['blocks', 'udp', /no protocol$/],
    ['blocks', 'not dst host 10.0.0.5', /^a block has no destination$/],
  ])('not %s by %s', (kind, filter, why) => {
    expect(() => mustFit(kind, parseFilter(filter).node)).toThrow(why);
  });

  it('takes its kinds by name, and nothing that objects have', () => {
    expect(['scans', 'blocks', 'toString', '', undefined].filter(isQueryKind)).toEqual([
      'scans',
      'blocks',
    ]);
  });
});

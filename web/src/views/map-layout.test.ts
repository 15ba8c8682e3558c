import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Edge } from '../../../src/model/history.ts';
import { layOut } from './map-layout.ts';

const edge = (more: Partial<Edge>): Edge => ({
  client: '192.0.2.1',
  server: '10.0.0.5',
  port: 80,
  proto: 'tcp',
  local: 'server',
  process: 'nginx',
  connections: 1,
  failed: 0,
  orig_bytes: 10,
  resp_bytes: 20,
  last_ts: '2026-01-01T00:00:00Z',
  ...more,
});

describe('the layout of the map', () => {
  it('puts a host between those who call it and those it calls', () => {
    const { columns, links } = layOut([
      edge({}),
      edge({ client: '192.0.2.2', connections: 5 }),
      edge({
        local: 'client',
        client: '10.0.0.5',
        server: '192.0.2.9',
        port: 443,
        process: 'curl',
      }),
    ]);
    expect(columns.clients.map(({ label }) => label)).toEqual(['192.0.2.2', '192.0.2.1']);
    expect(columns.here.map(({ label, detail }) => label + detail)).toEqual(['nginx:80', 'curl']);
    expect(columns.servers.map(({ label, detail }) => label + detail)).toEqual(['192.0.2.9:443']);
    expect(links).toHaveLength(3);
  });

  it('has both processes of a host that calls itself', () => {
    const own = edge({ local: 'both', client: '::1', server: '::1', process: 'curl' });
    const { columns } = layOut([{ ...own, resp_process: 'nginx' }, own]);
    expect(columns.clients.map(({ label, detail }) => label + detail)).toEqual(['curl ::1']);
    expect(columns.here.map(({ label, detail }) => label + detail)).toEqual(['::1:80', 'nginx:80']);
  });

  it('has one node for all ports that a scan found closed', () => {
    const scan = Array.from({ length: 50 }, (_, port) => {
      const { process: _process, ...rest } = edge({ port, connections: 1, failed: 1 });
      return rest;
    });
    const { columns, links } = layOut(scan);
    expect(columns.here).toMatchObject([{ label: 'ports that did not answer', failed: 50 }]);
    expect(links).toHaveLength(1);
  });

  it('leads what goes past this host from its client to its server, and to nobody here', () => {
    const { local: _local, process: _process, ...forwarded } = edge({ server: '192.0.2.9' });
    const { columns, links, passes } = layOut([forwarded]);
    expect(columns.here).toEqual([]);
    expect(links.map(({ from, to }) => [from.label, to.label + to.detail])).toEqual([
      ['192.0.2.1', '192.0.2.9:80'],
    ]);
    expect([passes, layOut([edge({})]).passes]).toEqual([true, false]);
  });

  it('has a filter for each node that all its connections pass', () => {
    const own = { local: 'client', client: '10.0.0.5', process: 'curl' } as const;
    const { columns } = layOut([
      edge({ connections: 9 }),
      edge({ server: '2001:db8::5' }),
      edge({ ...own, server: '192.0.2.9', port: 443 }),
      edge({ ...own, server: '192.0.2.8', port: 22 }),
    ]);
    const filters = columns.here.map(({ label, filter }) => [label, filter]);
    expect(filters).toEqual([
      ['nginx', '(dst host 10.0.0.5 and dst port 80) or (dst host 2001:db8::5 and dst port 80)'],
      [
        'curl',
        '(src host 10.0.0.5 and dst host 192.0.2.9 and dst port 443) or (src host 10.0.0.5 and dst host 192.0.2.8 and dst port 22)',
      ],
    ]);
  });

  it('has none where it would be longer than is read', () => {
    const many = Array.from({ length: 100 }, (_, n) => edge({ server: `10.0.1.${n}` }));
    expect(layOut(many).columns.here).toMatchObject([{ filter: undefined, connections: 100 }]);
  });

  it('loses no connection, however many there are', () => {
    const edges = fc.array(
      fc.record({
        client: fc.ipV4(),
        port: fc.nat(65_535),
        connections: fc.integer({ min: 1, max: 1000 }),
        local: fc.constantFrom('client' as const, 'server' as const, 'both' as const),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(edges, (list) => {
        const layout = layOut(list.map(edge));
        const sum = (all: readonly { connections: number }[]) =>
          all.reduce((total, { connections }) => total + connections, 0);
        expect(sum(layout.links)).toBe(sum(list));
        expect(layout.rows).toBeLessThanOrEqual(23);
      }),
    );
  });
});

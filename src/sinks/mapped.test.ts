/** The vocabularies of others: each kind of event in ECS and OCSF, against docs/ecs.schema.json and ocsf.schema.json. */
import { describe, expect, it } from 'vitest';
import { type Lines, linesOf } from '../../test/flow/lines.ts';
import type { Spec } from '../../test/flow/records.ts';
import { ecsProblems, ocsfProblems } from '../../test/flow/schema.ts';
import { TcpState } from '../model/tcp-state.ts';
import { Flag, Form } from '../wire/layout.gen.ts';

const FORMS = [
  ['ecs', ecsProblems],
  ['ocsf', ocsfProblems],
] as const;

const curl = { comm: 'curl', pid: 812, uid: 1000, cgroup: 77, start: 100, from: 1 };
const nginx = { comm: 'nginx', pid: 20, uid: 33, start: 100, from: 2 };

/** Live: each event of a connection, with processes; attempts that were summed; a scan's life, blocks, a loss. */
function live({ feed, flow, sink }: Lines): void {
  feed(
    { kind: 'ATTEMPT', socket: curl },
    { kind: 'OPEN', at: 100.01, socket: { ...curl, rttUs: 150 } },
    { kind: 'CLOSE', at: 107.25, socket: { ...curl, sent: 5, received: 3, state: 9 } },
    { kind: 'CLOSE', isn: 8, socket: { ...curl, error: 111, state: TcpState.SYN_SENT } },
    { kind: 'CLOSE', isn: 9, socket: { ...curl, error: 104, state: TcpState.ESTABLISHED } },
    { kind: 'ATTEMPT', isn: 10, src: '::1', dst: '::1', socket: curl },
    { kind: 'OPEN', isn: 10, src: '::1', dst: '::1', flags: Flag.PASSIVE, socket: nginx },
    { kind: 'ATTEMPT', isn: 11, srcPort: 0, direction: 'FORWARDED' },
    { kind: 'SUM', src: '0.0.0.0', count: 9, refused: 4 },
    { kind: 'SCAN', flags: Flag.BLOCKED, verdict: { ports: [1, 2, 3, 4], first: 90, until: 160 } },
    { kind: 'UNBLOCK', verdict: {} },
    { kind: 'BLOCK', src: '10.1.0.0', dstPort: 112, verdict: {} },
  );
  flow.tick(110e9);
  flow.stop(111e9);
  sink.loss('ring', 3, 100e9);
  sink.plugin({ name: 'echo.seen', plugin: 'echo', tsNs: 100e9, text: 'x', json: '"a":[1,"b"]' });
}

const TLS: Spec = {
  kind: 'ENDED',
  isn: 20,
  at: 100.5,
  direction: 'OUTBOUND',
  packets: {
    history: 'ShADad',
    bytes: [517, 5000],
    ends: { packets: [7, 8], ip_bytes: [900, 5400], missed_bytes: [1, 0] },
    vlan: 7,
    tunnel: 'GRE',
    tunnels: 1,
    forms: Form.HALF_CLOSE,
    metadata: {
      service: 'ssl',
      tls: {
        serverName: 'example.org',
        version: 'TLSv13',
        cipher: 0x1301,
        alpn: 'h2',
        offeredAlpn: ['h2'],
        ja4: 't13d1516h2_8daaf6152771_02713d6af862',
        subject: 'example.org',
        certificateNames: ['example.org'],
      },
    },
  },
};
const HTTP: Spec = {
  kind: 'ENDED',
  isn: 21,
  packets: {
    metadata: {
      service: 'http',
      http: {
        method: 'GET',
        host: 'example.org',
        target: '/a?b',
        version: '1.1',
        userAgent: 'curl/8',
        forwardedFor: '203.0.113.9, 10.0.0.1',
        status: 404,
      },
    },
  },
};
const DNS: Spec = {
  kind: 'ENDED',
  src: '2001:db8::1',
  dst: '2001:db8::2',
  dstPort: 53,
  packets: {
    proto: 17,
    metadata: {
      service: 'dns',
      dns: [
        {
          id: 7,
          query: 'a.example',
          type: 'A',
          rcode: 'NOERROR',
          answers: ['b.example', '192.0.2.9'],
        },
        { id: 8, query: '', type: 'NS' },
      ],
    },
  },
};
const PING: Spec = {
  kind: 'ENDED',
  src: '2001:db8::1',
  dst: '2001:db8::2',
  srcPort: 128,
  dstPort: 129,
  packets: { proto: 58, state: 'OTH' },
};
const SSH: Spec = {
  kind: 'ENDED',
  isn: 22,
  packets: {
    event: 'reset',
    outcome: 'reset',
    state: 'RSTR',
    metadata: { service: 'ssh', ssh: { server: 'SSH-2.0-x' } },
  },
};

type Told = Record<string, unknown>;

function told(form: 'ecs' | 'ocsf', tell: (lines: Lines) => void): Told[] {
  const lines = linesOf(form, undefined, { container: (lo) => (lo === 77 ? 'c0ffee' : undefined) });
  tell(lines);
  return lines.lines().map((line) => JSON.parse(line) as Told);
}

describe.each(FORMS)('-o %s', (form, problems) => {
  it('fits its schema, whatever the event', () => {
    const all = [...told(form, live), ...told(form, ({ feed }) => feed(TLS, HTTP, DNS, PING, SSH))];
    expect(all.length).toBe(24);
    for (const event of all)
      expect({ event, problems: problems(event) }).toEqual({ event, problems: [] });
  });

  it('has a schema that refuses what is wrong', () => {
    const [good] = told(form, ({ feed }) => feed(TLS));
    for (const bad of [
      { '@timestamp': 1, time: 'x' },
      { extra: 1 },
      { event: {}, metadata: {} },
      { destination: { ip: 'x' }, dst_endpoint: {} },
    ])
      expect(problems({ ...good, ...bad })).not.toEqual([]);
  });
});

describe('ECS', () => {
  it('names what its fields are made for', () => {
    const [tls, http, dns, ping, ssh] = told('ecs', ({ feed }) => feed(TLS, HTTP, DNS, PING, SSH));
    expect(tls).toMatchObject({
      '@timestamp': '2021-04-28T15:28:05.500000Z',
      event: {
        category: ['network'],
        type: ['connection', 'end'],
        action: 'connection.close',
        outcome: 'success',
        start: '2021-04-28T15:28:05.000000Z',
        duration: 500_000_000,
      },
      host: { name: 'web "1"' },
      source: { ip: '192.0.2.56', port: 5973, bytes: 517, packets: 7 },
      destination: { ip: '10.0.0.5', port: 80, bytes: 5000, packets: 8 },
      network: {
        transport: 'tcp',
        direction: 'egress',
        bytes: 5517,
        packets: 15,
        protocol: 'tls',
        vlan: { id: '7' },
      },
      tls: {
        version: '1.3',
        version_protocol: 'tls',
        cipher: '0x1301',
        next_protocol: 'h2',
        client: { server_name: 'example.org' },
      },
      packetwatch: {
        conn_state: 'SF',
        history: 'ShADad',
        tunnel: 'gre',
        tls: { ja4: 't13d1516h2_8daaf6152771_02713d6af862' },
      },
    });
    expect(http).toMatchObject({
      http: { version: '1.1', request: { method: 'GET' }, response: { status_code: 404 } },
      url: { original: '/a?b', domain: 'example.org' },
      user_agent: { original: 'curl/8' },
      network: { forwarded_ip: '203.0.113.9' },
    });
    expect(dns).toMatchObject({
      network: { transport: 'udp', type: 'ipv6' },
      dns: {
        type: 'answer',
        id: '7',
        question: { name: 'a.example', type: 'A' },
        answers: [{ data: 'b.example' }, { data: '192.0.2.9' }],
        resolved_ip: ['192.0.2.9'],
      },
      related: { hosts: ['a.example'] },
    });
    expect(ping).toMatchObject({ network: { transport: 'ipv6-icmp', iana_number: '58' } });
    expect(ssh).toMatchObject({ event: { outcome: 'failure', reason: 'end of flow' } });
  });

  it('has the processes, and what became of each', () => {
    const all = told('ecs', live);
    const [attempt, open] = all;
    expect(attempt).toMatchObject({
      event: { type: ['connection'], outcome: 'unknown' },
      process: { pid: 812, name: 'curl' },
      user: { id: '1000' },
      container: { id: 'c0ffee' },
    });
    expect(open).toMatchObject({ event: { type: ['connection', 'start'], outcome: 'success' } });
    const find = (action: string) =>
      all.filter((event) => (event['event'] as Told)['action'] === action);
    expect(find('connection.refused')).toMatchObject([
      { event: { outcome: 'failure', reason: 'refused' }, error: { code: 'ECONNREFUSED' } },
    ]);
    expect(find('scan')).toMatchObject([
      {
        event: { kind: 'alert', type: ['denied'] },
        source: { ip: '192.0.2.56' },
        rule: { name: 'reference' },
        packetwatch: { kind: 'vertical', ports: [1, 2, 3, 4], state: 'start' },
      },
      { packetwatch: { state: 'end' } },
    ]);
    expect(find('block')).toMatchObject([
      { event: { reason: 'port scan' } },
      { event: { reason: 'command' }, packetwatch: { prefix_len: 16 } },
    ]);
    expect(find('echo.seen')).toMatchObject([{ packetwatch: { echo: { a: [1, 'b'] } } }]);
  });
});

describe('OCSF', () => {
  it('has connections as Network Activity', () => {
    const [tls, http] = told('ocsf', ({ feed }) => feed(TLS, HTTP));
    expect(tls).toMatchObject({
      time: 1619623685500,
      class_uid: 4001,
      activity_id: 2,
      type_uid: 400102,
      status_id: 1,
      src_endpoint: { ip: '192.0.2.56', port: 5973, interface_name: 'eth0', vlan_uid: '7' },
      dst_endpoint: { ip: '10.0.0.5', port: 80 },
      connection_info: { direction_id: 2, protocol_num: 6, flag_history: 'ShADad' },
      traffic: { bytes: 5517, bytes_out: 517, bytes_in: 5000, bytes_missed: 1, packets: 15 },
      app_protocol_name: 'tls',
      tls: { version: 'TLSv13', sni: 'example.org' },
      ja4_fingerprint_list: [{ type_id: 1, value: 't13d1516h2_8daaf6152771_02713d6af862' }],
      device: { hostname: 'web "1"' },
    });
    expect(http).toMatchObject({
      url: { url_string: '/a?b', hostname: 'example.org' },
      unmapped: { http: { status: 404 } },
    });
    const activities = told('ocsf', live).map(({ type_uid, status_id }) => [type_uid, status_id]);
    expect(activities.slice(0, 3)).toEqual([
      [400199, 0],
      [400101, 1],
      [400102, 1],
    ]);
    expect(activities).toContainEqual([400105, 2]);
    expect(activities).toContainEqual([400103, 2]);
  });

  it('has scans as Detection Finding, blocks as Network Remediation Activity', () => {
    const all = told('ocsf', live);
    const of = (uid: number) => all.filter(({ class_uid }) => class_uid === uid);
    expect(of(2004)).toMatchObject([
      {
        activity_id: 1,
        disposition_id: 2,
        evidences: [{ src_endpoint: { ip: '192.0.2.56' }, data: { ports: [1, 2, 3, 4] } }],
      },
      { activity_id: 3, status_id: 4 },
    ]);
    const [start, end] = of(2004).map((event) => (event['finding_info'] as Told)['uid']);
    expect(start).toBe(end);
    expect(of(7004)).toMatchObject([
      { activity_id: 1, observables: [{ type_id: 2, value: '192.0.2.56' }] },
      { activity_id: 3 },
      { activity_id: 1, observables: [{ type_id: 12, value: '10.1.0.0/16' }] },
    ]);
    expect(of(0)).toMatchObject([
      { activity_name: 'loss', unmapped: { where: 'ring', count: 3 } },
      { activity_name: 'echo.seen' },
    ]);
  });
});

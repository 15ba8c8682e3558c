/** Every way in which headers may stand before a SYN: one attempt, the same record. */
import { describe, expect, it } from 'vitest';
import {
  authentication,
  EtherType,
  ethernet,
  extension,
  fragmentHeader,
  type Ip4Spec,
  type Ip6Spec,
  icmp,
  icmp6,
  ip,
  ipv4,
  ipv6,
  type Segment,
  SYN_OPTIONS,
  Tcp,
  tcp,
  udp,
} from '../support/frames.ts';
import { idOf } from './id-of.ts';
import { HOOKS, SCANNER, SCANNER6, VICTIM, VICTIM6 } from './rig.ts';
import { withRig } from './with-rig.ts';

const V4: Ip4Spec = { src: SCANNER, dst: VICTIM };
const V6: Ip6Spec = { src: SCANNER6, dst: VICTIM6 };
const SYN = tcp({ srcPort: 5973, dstPort: 80, seq: 0xfeedbeef });
const VLAN = { type: EtherType.VLAN, id: 7 } as const;
const QINQ = { type: EtherType.QINQ, id: 8 } as const;
const NOP = Buffer.alloc(40, 1);
const LONG = tcp({ srcPort: 5973, dstPort: 80, seq: 0xfeedbeef, payload: Buffer.alloc(1000) });

/** Each holds one attempt of SCANNER or SCANNER6. */
const ATTEMPTS: Record<string, Buffer> = {
  IPv4: ethernet(ipv4(V4, SYN)),
  IPv6: ethernet(ipv6(V6, SYN)),
  'one VLAN tag': ethernet(ipv4(V4, SYN), [VLAN]),
  'one VLAN tag, IPv6': ethernet(ipv6(V6, SYN), [VLAN]),
  QinQ: ethernet(ipv4(V4, SYN), [QINQ, VLAN]),
  'QinQ, IPv6': ethernet(ipv6(V6, SYN), [QINQ, VLAN]),
  'two tags of 802.1Q': ethernet(ipv4(V4, SYN), [VLAN, VLAN]),
  'IPv4 options, 4 bytes': ethernet(ipv4({ ...V4, ipOptions: NOP.subarray(0, 4) }, SYN)),
  'IPv4 options, 40 bytes': ethernet(ipv4({ ...V4, ipOptions: NOP }, SYN)),
  'QinQ and all options': ethernet(ipv4({ ...V4, ipOptions: NOP }, syn({ tcpOptions: NOP })), [
    QINQ,
    VLAN,
  ]),
  'TCP options': ethernet(ipv4(V4, syn({ tcpOptions: SYN_OPTIONS }))),
  'data with the SYN (TCP Fast Open)': ethernet(ipv4(V4, LONG)),
  'padded to 60 bytes': Buffer.concat([ethernet(ipv4(V4, SYN)), Buffer.alloc(6)]),
  'total length 0, as in large GSO segments': ethernet(ipv4({ ...V4, totalLength: 0 }, LONG)),
  'payload length 0, as in jumbograms': ethernet(ipv6({ ...V6, payloadLength: 0 }, LONG)),
  'SYN with ECE and CWR (RFC 3168)': ethernet(
    ipv4(V4, syn({ flags: Tcp.SYN | Tcp.ECE | Tcp.CWR })),
  ),
  'SYN with PSH and URG': ethernet(ipv4(V4, syn({ flags: Tcp.SYN | Tcp.PSH | Tcp.URG }))),
  'first fragment, IPv4': ethernet(ipv4({ ...V4, fragment: { offset: 0, length: 24 } }, LONG)),
  'first fragment, IPv6': ethernet(
    ipv6({ ...V6, extensions: [fragmentHeader({ offset: 0, length: 24 })] }, LONG),
  ),
  'atomic fragment (RFC 6946)': chain(fragmentHeader({ offset: 0 })),
  'hop-by-hop options': chain(extension('HOP')),
  'destination options, 256 bytes': chain(extension('DESTINATION', 256)),
  'routing header': chain(extension('ROUTING', 24)),
  'authentication header': chain(authentication()),
  'all kinds of extension headers': chain(
    extension('HOP'),
    extension('DESTINATION'),
    extension('ROUTING', 24),
    fragmentHeader({ offset: 0 }),
    authentication(),
    extension('DESTINATION', 16),
  ),
  'an extension header of 2,048 bytes': chain(extension('DESTINATION', 2048)),
  'extension headers of 3,000 bytes': chain(
    extension('HOP', 1000),
    extension('DESTINATION', 1000),
    extension('ROUTING', 1000),
  ),
};

const NO_ATTEMPTS: Record<string, Buffer> = {
  ...Object.fromEntries(
    (
      [
        ['ACK', Tcp.ACK],
        ['SYN+ACK', Tcp.SYN | Tcp.ACK],
        ['RST', Tcp.RST],
        ['RST+ACK', Tcp.RST | Tcp.ACK],
        ['FIN+ACK', Tcp.FIN | Tcp.ACK],
        ['SYN+FIN', Tcp.SYN | Tcp.FIN],
        ['SYN+RST', Tcp.SYN | Tcp.RST],
        ['no flag at all', 0],
        ['FIN, PSH, URG (Xmas)', Tcp.FIN | Tcp.PSH | Tcp.URG],
      ] as const
    ).map(([name, flags]) => [name, ethernet(ipv4(V4, syn({ flags })))]),
  ),
  UDP: ethernet(ipv4(V4, udp())),
  'UDP, IPv6': ethernet(ipv6(V6, udp())),
  'ICMP echo': ethernet(ipv4(V4, icmp(8, 0))),
  'ICMPv6 neighbour solicitation': ethernet(ipv6(V6, icmp6(135, 0, Buffer.alloc(20)))),
  'no next header': ethernet(ipv6(V6, { protocol: 59, bytes: Buffer.alloc(0) })),
  ESP: ethernet(ipv6(V6, { protocol: 50, bytes: SYN.bytes })),
  ARP: ethernet(Buffer.alloc(46), [], EtherType.ARP),
  'later fragment, IPv4': ethernet(ipv4({ ...V4, fragment: { offset: 24 } }, LONG)),
  'later fragment that looks like a SYN': ethernet(
    ipv4({ ...V4, fragment: { offset: 24 } }, { ...SYN, bytes: twice(SYN.bytes) }),
  ),
  'later fragment, IPv6': ethernet(
    ipv6(
      { ...V6, extensions: [fragmentHeader({ offset: 24 })] },
      { ...SYN, bytes: twice(SYN.bytes) },
    ),
  ),
  'three VLAN tags': ethernet(ipv4(V4, SYN), [QINQ, VLAN, VLAN]),
};

/** Of NO_ATTEMPTS those that no peer sends. */
const ODD = new Set(['SYN+FIN', 'SYN+RST', 'no flag at all', 'FIN, PSH, URG (Xmas)']);

describe.each(HOOKS)('headers before a SYN, %s', (hook) => {
  const rig = withRig();

  it.each(Object.entries(ATTEMPTS))('%s: an attempt', (_, frame) => {
    expect(rig().run(hook, frame)).toBe('pass');
    const [record, ...more] = rig().records();
    const [src, dst, family] = frame.includes('20010db8', 0, 'hex')
      ? [`[${SCANNER6}]:5973`, `[${VICTIM6}]:80`, 6]
      : [`${SCANNER}:5973`, `${VICTIM}:80`, 4];
    expect(more).toEqual([]);
    expect(record).toMatchObject({ kind: 'ATTEMPT', direction: 'INBOUND', flags: 0, count: 1 });
    expect(record).toMatchObject({ src, dst, family, isn: 0xfeedbeef, id: idOf(record!) });
    expect(rig().moved()).toEqual({ packets: 1, attempts: 1, attempts_reported: 1 });
  });

  it.each(Object.entries(NO_ATTEMPTS))('%s: none', (name, frame) => {
    expect(rig().run(hook, frame)).toBe('pass');
    expect(rig().records()).toEqual([]);
    expect(rig().moved()).toEqual({ packets: 1, ...(ODD.has(name) ? { odd: 1 } : {}) });
  });

  it('a record tells the time of CLOCK_MONOTONIC, the interface, the namespace, no process', () => {
    const before = Number(process.hrtime.bigint());
    rig().run(hook, ethernet(ipv4(V4, SYN)));
    const after = Number(process.hrtime.bigint());
    const [record] = rig().records();
    expect(record!.tsNs).toBeGreaterThanOrEqual(before);
    expect(record!.tsNs).toBeLessThanOrEqual(after);
    expect(record!.netns).toBeGreaterThan(0n);
    expect(record!.ifindex).toBe(1); // lo, for BPF_PROG_TEST_RUN
    expect(record!.socket).toBeUndefined();
  });
});

/** BPF_PROG_TEST_RUN takes bytes 12 and 13 for the EtherType: the addresses here have it there. */
describe('devices without an Ethernet header', () => {
  const rig = withRig();
  const packets: [string, Ip4Spec, number][] = [
    ['IPv4', { src: '8.0.2.1', dst: VICTIM }, 4],
    ['IPv6', { src: '2001:db8:86dd::1', dst: VICTIM6 }, 6],
  ];

  it.each(packets)('%s', (_, ends, family) => {
    for (const port of [80, 81, 82, 83])
      expect(rig().runLayer3(ip(ends, tcp({ srcPort: 5973, dstPort: port })))).toBe('pass');
    const records = rig().records();
    expect(records.map((r) => r.kind)).toEqual([...Array<string>(4).fill('ATTEMPT'), 'SCAN']);
    expect(records[0]).toMatchObject({ family, direction: 'INBOUND', id: idOf(records[0]!) });
  });
});

function syn(spec: Parameters<typeof tcp>[0]): Segment {
  return tcp({ srcPort: 5973, dstPort: 80, seq: 0xfeedbeef, ...spec });
}

function chain(...extensions: Ip6Spec['extensions'] & object): Buffer {
  return ethernet(ipv6({ ...V6, extensions }, SYN));
}

/** A header and 4 bytes more, so that the same header follows at a multiple of 8. */
function twice(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(4), bytes]);
}

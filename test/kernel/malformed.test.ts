/** Frames that end too early or lie about themselves: never a drop, never an attempt without a whole TCP header. */
import { describe, expect, it } from 'vitest';
import {
  authentication,
  ethernet,
  EtherType,
  extension,
  type Extension,
  fragmentHeader,
  ipv4,
  ipv6,
  SYN_OPTIONS,
  Tcp,
  tcp,
  udp,
} from '../support/frames.ts';
import { HOOKS, SCANNER, SCANNER6, VICTIM, VICTIM6 } from './rig.ts';
import { withRig } from './with-rig.ts';

const V4 = { src: SCANNER, dst: VICTIM };
const V6 = { src: SCANNER6, dst: VICTIM6 };
const VLAN = { type: EtherType.VLAN, id: 7 } as const;
const QINQ = { type: EtherType.QINQ, id: 8 } as const;
const DATA = Buffer.alloc(12, 0xda);
const SYN = tcp({ tcpOptions: SYN_OPTIONS, payload: DATA });

/** Each ends in a TCP header of 40 bytes and 12 bytes of data. */
const FRAMES: Record<string, Buffer> = {
  IPv4: ethernet(ipv4(V4, SYN)),
  'IPv4 with options': ethernet(ipv4({ ...V4, ipOptions: Buffer.alloc(40, 1) }, SYN)),
  'IPv4 in QinQ': ethernet(ipv4(V4, SYN), [QINQ, VLAN]),
  'IPv4, total length 0': ethernet(ipv4({ ...V4, totalLength: 0 }, SYN)),
  IPv6: ethernet(ipv6(V6, SYN)),
  'IPv6 in VLAN': ethernet(ipv6(V6, SYN), [VLAN]),
  'IPv6, payload length 0': ethernet(ipv6({ ...V6, payloadLength: 0 }, SYN)),
  'IPv6 with extension headers': ethernet(
    ipv6(
      {
        ...V6,
        extensions: [
          extension('HOP'),
          extension('ROUTING', 24),
          fragmentHeader({ offset: 0 }),
          authentication(),
          extension('DESTINATION', 16),
        ],
      },
      SYN,
    ),
  ),
};

describe.each(HOOKS)('truncated at every byte, %s', (hook) => {
  const rig = withRig({ block: true });

  it.each(Object.entries(FRAMES))('%s', (_, frame) => {
    for (let length = 0; length <= frame.length; length++) {
      const verdict = rig().run(hook, frame.subarray(0, length));
      expect([length, verdict]).not.toEqual([length, 'drop']);
      const whole = length >= frame.length - DATA.length;
      const expected = whole ? { attempts: 1, attempts_reported: 1 } : { malformed: 1 };
      expect([length, rig().moved()]).toEqual([
        length,
        verdict === 'refused' ? {} : { packets: 1, ...expected },
      ]);
      expect(rig().discard()).toBe(whole ? 1 : 0);
    }
  });

  it.each(Object.entries(FRAMES))('%s, of a blocked source: no attempt', (_, frame) => {
    rig().block(SCANNER);
    rig().block(SCANNER6);
    rig().discard();
    for (let length = 0; length <= frame.length; length++)
      rig().run(hook, frame.subarray(0, length));
    expect(rig().records()).toEqual([]);
    const { attempts, attempts_dropped: dropped } = rig().moved();
    expect([attempts, dropped]).toEqual([DATA.length + 1, DATA.length + 1]);
  });

  it('UDP, while a source is blocked', () => {
    rig().block('192.0.2.57');
    rig().discard();
    const frame = ethernet(ipv4(V4, udp({ payload: DATA })));
    for (let length = 0; length <= frame.length; length++)
      expect([length, rig().run(hook, frame.subarray(0, length))]).not.toEqual([length, 'drop']);
    expect(rig().moved()['malformed']).toBeGreaterThanOrEqual(8);
  });
});

const LIES: Record<string, Buffer> = {
  'TCP header of 0 words': ethernet(ipv4(V4, tcp({ doff: 0 }))),
  'TCP header of 4 words': ethernet(ipv4(V4, tcp({ doff: 4 }))),
  'TCP header longer than the segment': ethernet(ipv4(V4, tcp({ doff: 6 }))),
  'TCP header of 15 words in 20 bytes': ethernet(ipv6(V6, tcp({ doff: 15 }))),
  'TCP header beyond the IPv4 total length': ethernet(ipv4({ ...V4, totalLength: 39 }, tcp())),
  'TCP header beyond the IPv6 payload length': ethernet(ipv6({ ...V6, payloadLength: 19 }, tcp())),
  'IPv4 header of 0 words': ethernet(ipv4({ ...V4, ihl: 0 }, tcp())),
  'IPv4 header of 4 words': ethernet(ipv4({ ...V4, ihl: 4 }, tcp())),
  'IPv4 header of 15 words in 40 bytes': ethernet(ipv4({ ...V4, ihl: 15 }, tcp())),
  'IPv4 total length below the header': ethernet(ipv4({ ...V4, totalLength: 19 }, tcp())),
  'IPv4 total length 1': ethernet(ipv4({ ...V4, totalLength: 1 }, tcp())),
  'version 5 in an IPv4 frame': ethernet(ipv4({ ...V4, version: 5 }, tcp()), [], EtherType.IPV4),
  'version 4 in an IPv6 frame': ethernet(ipv6({ ...V6, version: 4 }, tcp()), [], EtherType.IPV6),
  'IPv4 in a frame that says IPv6': ethernet(ipv4(V4, tcp()), [], EtherType.IPV6),
  'first fragment of 8 bytes (RFC 1858)': ethernet(
    ipv4({ ...V4, fragment: { offset: 0, length: 8 } }, tcp()),
  ),
  'first fragment of 8 bytes, IPv6': ethernet(
    ipv6({ ...V6, extensions: [fragmentHeader({ offset: 0, length: 8 })] }, tcp()),
  ),
  'extension header longer than the packet': chain(short(extension('DESTINATION', 64), 8)),
  'authentication header longer than the packet': chain(short(authentication(), 8)),
  'seven extension headers': chain(...Array.from({ length: 7 }, () => extension('DESTINATION'))),
  'nine extension headers': chain(...Array.from({ length: 9 }, () => extension('HOP'))),
};

describe.each(HOOKS)('lies, %s', (hook) => {
  const rig = withRig({ block: true });

  it.each(Object.entries(LIES))('%s', (name, frame) => {
    for (let i = 0; i < 5; i++) expect(rig().run(hook, frame)).toBe('pass');
    expect(rig().records()).toEqual([]);
    const hidden = name.startsWith('first fragment of 8 bytes') ? { odd: 5 } : {};
    expect(rig().moved()).toEqual({ packets: 5, malformed: 5, ...hidden });
  });

  it('SYN with FIN or RST is no attempt, and of a blocked source it is dropped', () => {
    for (const flags of [Tcp.SYN | Tcp.FIN, Tcp.SYN | Tcp.RST])
      expect(rig().run(hook, ethernet(ipv4(V4, tcp({ flags }))))).toBe('pass');
    expect(rig().moved()).toEqual({ packets: 2, odd: 2 });
    rig().block(SCANNER);
    rig().moved();
    for (const flags of [Tcp.SYN | Tcp.FIN, Tcp.SYN | Tcp.RST])
      expect(rig().run(hook, ethernet(ipv4(V4, tcp({ flags }))))).toBe('drop');
    expect(rig().moved()).toEqual({ packets: 2, odd: 2, dropped_flags: 2 });
  });
});

function chain(...extensions: Extension[]): Buffer {
  return ethernet(ipv6({ ...V6, extensions }, tcp()));
}

/** Only its first bytes. */
function short(header: Extension, bytes: number): Extension {
  return { ...header, bytes: header.bytes.subarray(0, bytes) };
}

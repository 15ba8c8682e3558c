/** UDP and ICMP, and what ICMP errors say of others. */
import { describe, expect, it } from 'vitest';
import { Play } from '../../test/track/script.ts';
import type { Told } from '../../test/track/told.ts';
import {
  icmp,
  icmp6,
  ip,
  ipv4,
  type Segment,
  tcp,
  udp,
  unreachable,
} from '../../test/support/frames.ts';

const A = '192.0.2.1';
const B = '192.0.2.2';
const A6 = '2001:db8::1';
const B6 = '2001:db8::2';

type Sent = readonly [second: number, src: string, dst: string, segment: Segment];

function told(...packets: Sent[]): Told[] {
  const play = new Play();
  for (const [second, src, dst, segment] of packets) play.packet(second, ip({ src, dst }, segment));
  return play.end();
}

const ask = udp({ srcPort: 5000, dstPort: 7000, payload: Buffer.alloc(30) });
const answer = udp({ srcPort: 7000, dstPort: 5000, payload: Buffer.alloc(50) });

describe('a conversation of UDP', () => {
  it('is SF with an answer and S0 without', () => {
    expect(told([0, A, B, ask], [0.5, B, A, answer])).toMatchObject([
      {
        conn: `${A}:5000 > ${B}:7000`,
        state: 'SF',
        history: 'Dd',
        bytes: [30, 50],
        duration: 0.5,
        event: 'close',
      },
    ]);
    expect(told([0, A6, B6, ask])).toMatchObject([{ state: 'S0', history: 'D', packets: [1, 0] }]);
  });

  it('counts payload and IP bytes of each direction', () => {
    const [one] = told([0, A, B, ask], [1, B, A, answer], [2, A, B, ask]);
    expect(one).toMatchObject({ bytes: [60, 50], packets: [2, 1] });
    expect([one!.orig.ip_bytes, one!.resp.ip_bytes]).toEqual([116, 78]);
  });

  it('has the likely server as responder, whoever speaks first, but not everybody', () => {
    const late = udp({ srcPort: 53, dstPort: 5000 });
    expect(told([0, B, A, late])).toMatchObject([
      { conn: `${A}:5000 > ${B}:53`, state: 'SHR', history: '^d' },
    ]);
    const offer = udp({ srcPort: 67, dstPort: 68 });
    expect(told([0, B, '255.255.255.255', offer])).toMatchObject([{ state: 'S0', history: 'D' }]);
  });

  it('is over after a minute, of DNS after 10 s', () => {
    expect(told([0, A, B, ask], [59, B, A, answer], [120, B, A, answer])).toHaveLength(2);
    const query = udp({ srcPort: 5000, dstPort: 53 });
    expect(told([0, A, B, query], [8, A, B, query], [17, A, B, query])).toHaveLength(1);
    expect(told([0, A, B, query], [10.5, A, B, query])).toHaveLength(2);
  });

  it('counts a datagram with a wrong checksum as a packet, and believes nothing else of it', () => {
    const play = new Play().packet(0, ip({ src: A, dst: B }, ask), true);
    play.packet(1, ip({ src: A, dst: B }, ask)).packet(2, ip({ src: B, dst: A }, answer), true);
    expect(play.end()).toMatchObject([
      { state: 'S0', history: 'CDc', bytes: [30, 0], packets: [2, 1], duration: 1 },
    ]);
  });

  it('is apart from TCP of the same ports', () => {
    const syn = tcp({ srcPort: 5000, dstPort: 7000 });
    expect(told([0, A, B, ask], [0, A, B, syn])).toHaveLength(2);
  });
});

describe('a conversation of ICMP', () => {
  it('is a request and its replies', () => {
    expect(
      told([0, A, B, icmp(8, 0)], [0.1, B, A, icmp(0, 0)], [1, A, B, icmp(8, 0)]),
    ).toMatchObject([
      { conn: `${A}:8 > ${B}:0`, state: 'OTH', history: '', packets: [2, 1], event: 'close' },
    ]);
    expect(told([0, A6, B6, icmp6(128, 0)], [0.1, B6, A6, icmp6(129, 0)])).toMatchObject([
      { conn: `${A6}:128 > ${B6}:129`, packets: [1, 1] },
    ]);
  });

  it('without a reply is told as timeout', () => {
    expect(told([0, A, B, icmp(8, 0)])).toMatchObject([{ event: 'timeout', outcome: 'timeout' }]);
    expect(told([0, A, B, icmp(0, 0)])).toMatchObject([{ event: 'close' }]);
  });

  it('that nothing answers goes one way', () => {
    const report = icmp6(143, 0);
    expect(told([0, A6, B6, report], [0, B6, A6, report])).toMatchObject([
      { conn: `${A6}:143 > ${B6}:0` },
      { conn: `${B6}:143 > ${A6}:0` },
    ]);
  });
});

describe('an ICMP error', () => {
  const syn = tcp({ srcPort: 5000, dstPort: 7000 });
  const quoting = (segment: Segment, code = 3): Segment =>
    unreachable(ipv4({ src: A, dst: B }, segment), code);

  it('is no conversation', () => {
    expect(told([0, B, A, quoting(syn)], [0, B, A, icmp(11, 0)])).toEqual([]);
  });

  it('says why an attempt got no answer', () => {
    expect(told([0, A, B, syn], [0.1, B, A, quoting(syn)])).toMatchObject([
      { state: 'S0', history: 'S', event: 'refused', outcome: 'refused' },
    ]);
    expect(told([0, A, B, ask], [0.1, '192.0.2.254', A, quoting(ask, 1)])).toMatchObject([
      { state: 'S0', event: 'refused', outcome: 'refused', packets: [1, 0] },
    ]);
    const six = [0.1, B6, A6, unreachable(ip({ src: A6, dst: B6 }, syn), 4)] as const;
    expect(told([0, A6, B6, syn], six)).toMatchObject([{ event: 'refused' }]);
  });

  it('says nothing of a connection that was answered, or needs smaller packets', () => {
    const back = tcp({ srcPort: 7000, dstPort: 5000, flags: 0x12, seq: 1, ack: 1001 });
    expect(told([0, A, B, syn], [0.1, B, A, back], [0.2, B, A, quoting(syn)])).toMatchObject([
      { event: 'timeout', state: 'S1' },
    ]);
    expect(told([0, A, B, syn], [0.1, B, A, quoting(syn, 4)])).toMatchObject([
      { event: 'timeout' },
    ]);
  });

  it('that quotes something else, or too little, is counted alone', () => {
    const cut = unreachable(ipv4({ src: A, dst: B }, syn).subarray(0, 22));
    const stranger = quoting(tcp({ srcPort: 1, dstPort: 2 }));
    expect(told([0, A, B, syn], [0, B, A, cut], [0, B, A, stranger])).toMatchObject([
      { event: 'timeout' },
    ]);
  });
});

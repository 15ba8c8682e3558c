import { describe, expect, it } from 'vitest';
import { ip, tcp } from '../../test/support/frames.ts';
import { Play } from '../../test/track/script.ts';

const V4 = { src: '192.0.2.1', dst: '192.0.2.2' };
const V6 = { src: '2001:db8::1', dst: '2001:db8::2' };

/** What two packets are: packets counted of both. */
function counted(first: Buffer, second: Buffer, apart = 20e-6): number {
  const play = new Play().packet(0, first).packet(apart, second);
  const { packets, twice } = play.tracker.counts();
  expect(packets + twice).toBe(2);
  return packets;
}

const withId = (packet: Buffer, id: number): Buffer => {
  const copy = Buffer.from(packet);
  copy.writeUInt16BE(id, 4);
  return copy;
};

describe('a segment that was captured on two interfaces', () => {
  const data = tcp({ flags: 0x18, seq: 5, ack: 7, payload: Buffer.alloc(9) });
  const ack = tcp({ flags: 0x10, seq: 5, ack: 7 });

  it('counts once: SYN, payload, acknowledgement', () => {
    expect(counted(ip(V4, tcp()), ip(V4, tcp()))).toBe(1);
    expect(counted(ip(V4, data), ip(V4, data))).toBe(1);
    expect(counted(ip(V6, data), ip(V6, data))).toBe(1);
    expect(counted(ip(V4, ack), ip(V4, ack))).toBe(1);
  });

  it('is told from one that was sent again', () => {
    expect(counted(ip(V4, data), ip(V4, data), 0.002)).toBe(2);
    expect(counted(ip(V4, data), withId(ip(V4, data), 0x1235))).toBe(2);
    expect(counted(ip(V4, ack), ip(V4, tcp({ flags: 0x10, seq: 5, ack: 8 })))).toBe(2);
  });

  it('is not told from a duplicate acknowledgement without a number of its packet', () => {
    expect(counted(ip(V6, ack), ip(V6, ack))).toBe(2);
    expect(counted(withId(ip(V4, ack), 0), withId(ip(V4, ack), 0))).toBe(2);
  });

  it('leaves a connection as it would be on one', () => {
    const lines = ['> S', '< SA', '> A', '> PA +10', '< A', '> FA', '< FA', '> A'];
    const play = new Play();
    lines.forEach((line, i) => {
      const at = `@${i / 10}`;
      play.send(`${at} ${line}`);
      play.again(i / 10 + 30e-6);
    });
    const told = play.end().find(({ kind }) => kind === 'ended')!;
    expect(told).toMatchObject({
      history: 'ShADaFf',
      state: 'SF',
      packets: [5, 3],
      bytes: [10, 0],
    });
    expect(told.orig.retransmits + told.resp.duplicate_acks).toBe(0);
  });
});

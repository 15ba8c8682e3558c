/** What the first bytes of connections say reaches their ends. */
import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ip, type Segment, tcp, udp } from '../../test/support/frames.ts';
import { Play } from '../../test/track/script.ts';
import { Inspector } from '../payload/inspector.ts';
import { PassiveNames } from '../payload/passive-names.ts';

const A = '192.0.2.1';
const B = '192.0.2.2';
const RESOLVER = '192.0.2.53';

const inspected = (): Play => {
  const names = new PassiveNames();
  const sha256hex = (text: string): string => hash('sha256', text, 'hex');
  return new Play({ inspector: new Inspector({ sha256hex, names }), names });
};
const there = (flags: number, seq: number, ack: number, text = ''): Segment =>
  tcp({ srcPort: 4000, dstPort: 8080, flags, seq, ack, payload: Buffer.from(text) });
const back = (flags: number, seq: number, ack: number, text = ''): Segment =>
  tcp({ srcPort: 8080, dstPort: 4000, flags, seq, ack, payload: Buffer.from(text) });

describe('metadata', () => {
  it('is of the first bytes of both directions, in their order', () => {
    const play = inspected();
    const both = { src: A, dst: B };
    const answers = { src: B, dst: A };
    play.packet(0, ip(both, there(2, 99, 0)));
    play.packet(0, ip(answers, back(0x12, 199, 100)));
    // the second half of the request overtakes the first
    play.packet(1, ip(both, there(0x18, 116, 200, 'Host: example.net\r\n\r\n')));
    play.packet(1, ip(both, there(0x18, 100, 200, 'GET / HTTP/1.1\r\n')));
    play.packet(1, ip(answers, back(0x18, 200, 137, 'HTTP/1.1 404 Not Found\r\n\r\n')));
    expect(play.end().find(({ kind }) => kind === 'ended')!.metadata).toMatchObject({
      service: 'http',
      http: { method: 'GET', host: 'example.net', status: 404 },
    });
  });

  it('goes with its connection, not with the next one of the same row', () => {
    const play = inspected();
    play.packet(0, ip({ src: A, dst: B }, there(2, 99, 0)));
    play.packet(0, ip({ src: A, dst: B }, there(0x18, 100, 200, 'GET / HTTP/1.1\r\n\r\n')));
    play.packet(1, ip({ src: A, dst: B }, there(2, 5000, 0)));
    const [first, second] = play.end();
    expect(first!.metadata?.service).toBe('http');
    expect(second!.metadata).toBeUndefined();
  });

  it('has the names by which addresses were looked up', () => {
    const play = inspected();
    const question = '0001010000010000000000000777777777777777076578616d706c6503636f6d0000010001';
    const record = 'c00c000100010000003c0004c0000202'; // 192.0.2.2
    const answer = question.replace('00010100000100000000', '00018180000100010000') + record;
    const ask = udp({ srcPort: 5000, dstPort: 53, payload: Buffer.from(question, 'hex') });
    const tell = udp({ srcPort: 53, dstPort: 5000, payload: Buffer.from(answer, 'hex') });
    play.packet(0, ip({ src: A, dst: RESOLVER }, ask));
    play.packet(0.1, ip({ src: RESOLVER, dst: A }, tell));
    play.packet(1, ip({ src: A, dst: B }, there(2, 99, 0)));
    const told = play.end();
    expect(told.find(({ conn }) => conn.includes(':53'))!.metadata).toMatchObject({
      service: 'dns',
      dns: [{ query: 'wwwwwww.example.com', type: 'A', answers: [B] }],
    });
    expect(told.find(({ conn }) => conn.includes(':8080'))!.metadata).toEqual({
      respName: 'wwwwwww.example.com',
    });
  });
});

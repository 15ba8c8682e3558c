import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tcp, tcpFrame } from '../support/frames.ts';
import { Client } from './client.ts';
import { IPV4, IPV6 } from './families.ts';
import { Scene } from './scene.ts';
import { segmentFrame } from './segment.ts';
import { Server } from './server.ts';

const { SYN, ACK, RST, FIN, PSH, URG } = Tcp;

/** What happens, as one line per step. */
function story(play: (scene: Scene) => void, seconds = 200): string[] {
  const scene = new Scene('host');
  play(scene);
  return [...scene.run(seconds * 1000)].map((step) =>
    step.kind === 'opened' ? `opened ${step.dstPort}` : `${step.kind} ${told(step.frame)}`,
  );
}

/** Flags of a segment of IPv4, or the name of its protocol. */
function told(frame: Uint8Array): string {
  if (frame[23] !== 6) return frame[23] === 17 ? 'UDP' : 'ICMP';
  const names = Object.entries(Tcp).filter(([, bit]) => frame[47]! & bit);
  return names.map(([name]) => name).join('+') || 'nothing';
}

describe('the host', () => {
  it.each([
    ['open', 'SYN', SYN, 'out SYN+ACK'],
    ['closed', 'SYN', SYN, 'out RST+ACK'],
    ['filtered', 'SYN', SYN, undefined],
    ['open', 'FIN', FIN, undefined],
    ['open', 'nothing', 0, undefined],
    ['open', 'FIN+PSH+URG', FIN | PSH | URG, undefined],
    ['open', 'FIN+SYN', FIN | SYN, undefined],
    ['closed', 'FIN', FIN, 'out RST+ACK'],
    ['closed', 'nothing', 0, 'out RST+ACK'],
    ['closed', 'FIN+PSH+URG', FIN | PSH | URG, 'out RST+ACK'],
    ['closed', 'FIN+SYN', FIN | SYN, 'out RST+ACK'],
    ['open', 'ACK', ACK, 'out RST'],
    ['closed', 'ACK', ACK, 'out RST'],
    ['closed', 'FIN+ACK', FIN | ACK, 'out RST'],
    ['closed', 'SYN+ACK', SYN | ACK, 'out RST'],
    ['closed', 'RST', RST, undefined],
    ['closed', 'RST+ACK', RST | ACK, undefined],
    ['filtered', 'ACK', ACK, undefined],
  ] as const)('answers at %s ports to %s', (state, name, flags, answer) => {
    const found = story((scene) => {
      scene.host.set(state, 80);
      new Client(scene, IPV4.remote(1)).probe(80, flags);
    });
    expect(found).toEqual([`in ${name}`, ...(answer === undefined ? [] : [answer])]);
  });

  it('numbers its RSTs as RFC 9293 3.10.7.1 wants it', () => {
    const scene = new Scene('numbers');
    const ends = { src: IPV4.remote(1), srcPort: 40_000, dst: IPV4.host, dstPort: 80 };
    const answer = (flags: number) =>
      scene.host.receive({ ...ends, flags, seq: 0xffffffff, ack: 77 });
    expect(answer(SYN)).toMatchObject({ seq: 0, ack: 0 });
    expect(answer(SYN | FIN)).toMatchObject({ seq: 0, ack: 1 });
    expect(answer(0)).toMatchObject({ seq: 0, ack: 0xffffffff });
    expect(answer(ACK)).toMatchObject({ seq: 77, ack: 0 });
  });

  it('takes a connection and lets it end', () => {
    const opened = ['in SYN', 'out SYN+ACK', 'in ACK', 'opened 80', 'in PSH+ACK', 'out ACK'];
    expect(story((scene) => connect(scene, 'fin'))).toEqual([
      ...opened,
      'in FIN+ACK',
      'out FIN+ACK',
      'in ACK',
    ]);
    expect(story((scene) => connect(scene, 'rst'))).toEqual([...opened, 'in RST']);
  });

  it('makes connections, and resets what comes after them', () => {
    const call = (how: 'close' | 'abort' | 'refused') =>
      story((scene) =>
        new Server(scene, IPV4.remote(1)).called(IPV4.host, 40_000, 443, { how }),
      ).slice(1);
    const opened = ['in SYN+ACK', 'out ACK', 'in PSH+ACK', 'out ACK'];
    expect(call('close')).toEqual([...opened, 'out FIN+ACK', 'in FIN+ACK', 'out ACK']);
    const late = ['in PSH+ACK', 'out RST', 'in FIN+ACK', 'out RST'];
    expect(call('abort')).toEqual([...opened, 'out RST+ACK', ...late]);
    expect(call('refused')).toEqual(['in RST+ACK']);
  });

  it.each([
    [IPV4, 6 + 19],
    [IPV6, 200],
  ])('sends six port unreachables at once, then as many as Linux: %#', (family, most) => {
    const scene = new Scene('udp');
    const client = new Client(scene, family.remote(1));
    let sent = 0;
    scene.every(100, () => (sent += client.udp(9) ? 1 : 0));
    expect([...scene.run(19_999)].length).toBe(200 + sent);
    expect(sent).toBe(most);
  });
});

function connect(scene: Scene, end: 'fin' | 'rst'): void {
  scene.host.set('open', 80);
  new Client(scene, IPV4.remote(1)).connect(80, { end });
}

describe('a client', () => {
  it('sends its SYN again after 1, 3, 7, 15, 31 and 63 s', () => {
    const scene = new Scene('silent');
    scene.host.set('filtered', 80);
    let outcome = '';
    new Client(scene, IPV4.remote(1)).connect(80, { told: (what) => (outcome = what) });
    const times = [...scene.run(200_000)].map((step) => step.atMs / 1000);
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 63]);
    expect(outcome).toBe('silent');
  });
});

describe('segmentFrame', () => {
  it.each([IPV4, IPV6])('writes what tcpFrame writes: %#', (family) => {
    const port = fc.nat(65535);
    const word = fc.integer({ min: 0, max: 0xffffffff });
    const bytes = (most: number) => fc.uint8Array({ maxLength: most });
    fc.assert(
      fc.property(word, port, port, word, word, bytes(3), bytes(9), (at, a, b, seq, ack, o, p) => {
        const segment = {
          src: family.anywhere(at),
          dst: family.host,
          srcPort: a,
          dstPort: b,
          flags: a & 0xff,
          seq,
          ack,
          tcpOptions: Buffer.concat([o, Buffer.alloc((4 - (o.length % 4)) % 4)]),
          payload: p,
        };
        expect(Buffer.from(segmentFrame(segment))).toEqual(tcpFrame(segment));
      }),
    );
  });
});

/** The host of test/cases answers probes as this kernel does. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Scene } from '../cases/scene.ts';
import type { Segment } from '../cases/segment.ts';
import { PYTHON } from '../support/peer.ts';
import { ipv4, Protocol, tcp, Tcp, udp } from '../support/frames.ts';
import { otherScanner, SCANNER, VICTIM } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';

const PROBE = fileURLToPath(new URL('../support/probe.py', import.meta.url));
const { SYN, ACK, RST, FIN, PSH, URG } = Tcp;
const FLAGS = {
  SYN,
  NULL: 0,
  FIN,
  XMAS: FIN | PSH | URG,
  Maimon: FIN | ACK,
  'SYN+FIN': SYN | FIN,
  ACK,
  'SYN+ACK': SYN | ACK,
  RST,
  'RST+ACK': RST | ACK,
};

suite('the model of a host', [], () => {
  const rig = useRig('direct');

  /** What comes back for each packet. */
  async function answers(packets: readonly Buffer[]): Promise<Buffer[]> {
    const input = packets.map((packet) => `${packet.toString('hex')}\n`).join('');
    const stdout = await rig().scanner.must([PYTHON, PROBE], { input });
    return stdout.split('\n').map((line) => Buffer.from(line, 'hex'));
  }

  test('TCP: flags and numbers of what an open and a closed port answer', async () => {
    const { port: open } = await (await rig().victim.peer()).listen({
      host: VICTIM[4],
      mode: 'idle',
    });
    const segments = Object.values(FLAGS).flatMap((flags, i) =>
      [open, 9].map((dstPort) => segment(flags, 40_000 + i, dstPort)),
    );
    const real = await answers(segments.map((one) => ipv4(one, tcp(one))));
    const scene = new Scene('model');
    scene.host.set('open', open);
    for (const [i, one] of segments.entries()) {
      const expected = scene.host.answer(one);
      expect(
        toldOf(real[i]!),
        `flags ${one.flags}, port ${one.dstPort === open ? 'open' : 'closed'}`,
      ).toEqual(expected && numbers(expected.flags, expected.seq, expected.ack));
    }
  });

  test('UDP: seven datagrams at once to closed ports get six port unreachables', async () => {
    const src = otherScanner(1, 4);
    const packets = Array.from({ length: 7 }, (_, i) =>
      ipv4({ src, dst: VICTIM[4] }, udp({ dstPort: 9000 + i })),
    );
    const real = await answers(packets);
    expect(real.map((packet) => packet[9])).toEqual([
      ...Array<number>(6).fill(Protocol.ICMP),
      undefined,
      undefined,
    ]);
  });
});

function segment(flags: number, srcPort: number, dstPort: number): Segment {
  return { src: SCANNER[4], dst: VICTIM[4], srcPort, dstPort, flags, seq: 0xffffffff, ack: 7000 };
}

/** Our own choice of a sequence number is not compared. */
function numbers(flags: number, seq: number, ack: number): object {
  return flags === (SYN | ACK) ? { flags, ack } : { flags, seq, ack };
}

function toldOf(packet: Buffer): object | undefined {
  if (packet.length === 0) return undefined;
  return numbers(packet[33]!, packet.readUInt32BE(24), packet.readUInt32BE(28));
}

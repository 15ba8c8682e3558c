/** `packetwatch read` of tunnels: what they carry and, over UDP, what carries it. */
import { describe, expect, test } from 'vitest';
import { type Packet, pcap } from '../support/captures.ts';
import { ethernet, ip, Tcp, tcp, udp } from '../support/frames.ts';
import { read, START, useFiles } from '../support/read-command.ts';
import { carried, gre, inUdp } from '../support/tunnels.ts';

const VXLAN = '08000000 00002a00';
const [A, B] = ['192.0.2.1', '192.0.2.2'];
const CLIENT = { src: '10.0.0.1', dst: '10.0.0.2' };
const SERVER = { src: '10.0.0.2', dst: '10.0.0.1' };

let seconds = START;
const at = (packet: Buffer): Packet => ({ frame: ethernet(packet), seconds: seconds++ });
const vxlan = (ends: { src: string; dst: string }, srcPort: number, packet: Buffer): Buffer =>
  ip(ends, inUdp(4789, VXLAN, ethernet(packet), srcPort));

const question = ip(CLIENT, udp({ srcPort: 1000, dstPort: 9999, payload: Buffer.alloc(3) }));
const answer = ip(SERVER, udp({ srcPort: 9999, dstPort: 1000, payload: Buffer.alloc(5) }));

type Line = Record<string, unknown>;

describe.concurrent('a tunnel', () => {
  const file = useFiles();
  const linesOf = async (packets: Packet[], ...args: string[]): Promise<string[]> => {
    const path = file(`${seconds++}.pcap`, pcap(packets));
    const { code, stdout } = await read(['--records', 'connections', ...args, path]);
    expect(code).toBe(0);
    return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  };
  const told = async (packets: Packet[]): Promise<Map<unknown, Line>> => {
    const lines = await linesOf(packets, '-o', 'json');
    return new Map(
      lines.map((text) => {
        const line = JSON.parse(text) as Line;
        return [line['src_port'], line];
      }),
    );
  };
  const BOTH = [
    at(vxlan({ src: A, dst: B }, 50_001, question)),
    at(vxlan({ src: B, dst: A }, 50_002, answer)),
  ];

  test('over UDP is a conversation of each direction, and the parent of what it carries', async () => {
    const lines = await told(BOTH);
    expect(lines.size).toBe(3);
    const [inner, there, back] = [1000, 50_001, 50_002].map((port) => lines.get(port)!);
    const outer = { service: 'vxlan', dst_port: 4789, conn_state: 'S0', history: 'D' };
    expect(there).toMatchObject({ ...outer, src_ip: A, orig_bytes: 8 + 14 + question.length });
    expect(back).toMatchObject({ ...outer, src_ip: B, orig_bytes: 8 + 14 + answer.length });
    expect(there).not.toHaveProperty('tunnel_parents');
    expect(inner).toMatchObject({
      orig_bytes: 3,
      resp_bytes: 5,
      tunnel: 'vxlan',
      tunnel_parents: [there!['id'], back!['id']],
    });
  });

  test('is told so as Zeek tells it', async () => {
    const rows = (await linesOf(BOTH, '-o', 'zeek')).map((line) => line.split('\t'));
    const [inner, ...outer] = [1000, 50_001, 50_002].map(
      (port) => rows.find((row) => row[3] === String(port))!,
    );
    expect(inner![20]).toBe(outer.map((row) => row[1]).join(','));
    expect(outer.map((row) => [row[7], row[20]])).toEqual([
      ['vxlan', '-'],
      ['vxlan', '-'],
    ]);
    const json = (await linesOf(BOTH, '-o', 'zeek-json')).map((line) => JSON.parse(line) as Line);
    const parents = json.find((line) => line['id.orig_p'] === 1000)!['tunnel_parents'];
    expect(parents).toEqual(outer.map((row) => row[1]));
  });

  test('in a tunnel has a parent as well, and what it carries has both', async () => {
    const within = vxlan({ src: '172.16.0.1', dst: '172.16.0.2' }, 50_003, question);
    const lines = await told([at(vxlan({ src: A, dst: B }, 50_001, within))]);
    const [inner, middle, outer] = [1000, 50_003, 50_001].map((port) => lines.get(port)!);
    expect(outer).not.toHaveProperty('tunnel_parents');
    expect(middle!['tunnel_parents']).toEqual([outer!['id']]);
    expect(inner!['tunnel_parents']).toEqual([outer!['id'], middle!['id']]);
  });

  test('has four parents at most', async () => {
    const ports = [1, 2, 3, 4, 5, 6].map((n) => 50_000 + n);
    const lines = await told(ports.map((port) => at(vxlan({ src: A, dst: B }, port, question))));
    expect(lines.size).toBe(7);
    expect(lines.get(1000)!['tunnel_parents']).toEqual(
      ports.slice(0, 4).map((port) => lines.get(port)!['id']),
    );
  });

  test('without ports is no conversation, and no parent', async () => {
    const syn = ip(CLIENT, tcp({ srcPort: 1000, flags: Tcp.SYN }));
    for (const outer of [carried(4, '', syn), gre('0000 0800', syn)]) {
      const lines = await told([at(ip({ src: A, dst: B }, outer))]);
      expect([...lines.keys()]).toEqual([1000]);
      expect(lines.get(1000)).not.toHaveProperty('tunnel_parents');
    }
  });

  test('of a datagram with a wrong checksum is not looked into when asked to verify', async () => {
    const wrong = vxlan({ src: A, dst: B }, 50_001, question);
    wrong[wrong.length - 1]! ^= 1;
    const rows = await linesOf([at(wrong)], '-o', 'zeek', '--checksums', 'verify');
    expect(rows.map((row) => row.split('\t').slice(3, 16))).toMatchObject([
      { 0: '50001', 8: 'OTH', 12: 'C' },
    ]);
  });
});

/** `packetwatch read --write`: the packets that tcpdump would write, and what else may become of the file. */
import { existsSync, linkSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Magic, type Packet, pcap, Pcapng } from '../support/captures.ts';
import { type Done, must, run } from '../support/command.ts';
import {
  ethernet,
  EtherType,
  fragmentHeader,
  icmp,
  ip,
  ipv4,
  ipv6,
  tcp,
  Tcp,
  tcpFrame,
  udp,
  udpFrame,
} from '../support/frames.ts';
import { readAll } from '../support/read-all.ts';
import { MAIN } from '../support/rig.ts';
import { onPath } from '../support/suite.ts';

const V4 = { src: '192.0.2.1', dst: '192.0.2.2' };
const BACK = { src: V4.dst, dst: V4.src };
const V6 = { src: '2001:db8::1', dst: '2001:db8::2' };
const LONG = { payload: Buffer.alloc(64, 7) };

/** A packet of each kind that a filter may ask for, both ways, some cut. */
const FRAMES: readonly Buffer[] = [
  tcpFrame({ ...V4, dstPort: 80 }),
  tcpFrame({ ...BACK, srcPort: 80, dstPort: 40_000, flags: Tcp.SYN | Tcp.ACK }),
  tcpFrame({ ...V4, dstPort: 80, flags: Tcp.ACK, payload: Buffer.from('GET / HTTP/1.1\r\n') }),
  tcpFrame({ ...V6, dstPort: 443 }),
  udpFrame({ ...V4, dstPort: 53 }),
  udpFrame({ ...V6, srcPort: 80, dstPort: 53 }),
  ethernet(ip(V4, icmp(8, 0))),
  ethernet(Buffer.alloc(28), [], EtherType.ARP),
  ethernet(Buffer.alloc(40), [], 0x88cc),
  ethernet(ipv4({ ...V4, fragment: { offset: 0, more: true } }, udp({ dstPort: 53, ...LONG }))),
  ethernet(ipv4({ ...V4, fragment: { offset: 64 } }, udp({ dstPort: 53, ...LONG }))),
  ethernet(
    ipv6({ ...V6, extensions: [fragmentHeader({ offset: 64 })] }, tcp({ dstPort: 443, ...LONG })),
  ),
];
const PACKETS: readonly Packet[] = [
  ...FRAMES.map((frame, i) => ({ frame, seconds: 1_700_000_000 + i, fraction: 123_456_789 + i })),
  { frame: FRAMES[2]!.subarray(0, 54), seconds: 1_700_000_100, length: 70 },
];

const FILTERS = [
  '',
  'port 80',
  'src port 80',
  'not port 80',
  'host 192.0.2.1',
  'src host 192.0.2.1 and tcp',
  'dst net 192.0.2.2/32 or port 443',
  'not ip',
  'port 53 and not ip6',
];

/** Where in the header of pcap what may differ is: the snapshot length. */
const SNAP = { at: 16, to: 20 };

describe.concurrent('read --write', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'packetwatch-write-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach((context) => {
    if (!existsSync(MAIN)) context.skip('dist/cli/main.js is not there: make build');
  });

  const path = (name: string): string => join(folder, name);
  const file = (name: string, bytes: Uint8Array): string => {
    writeFileSync(path(name), bytes);
    return path(name);
  };
  const read = (args: readonly string[], shell?: string): Promise<Done> => {
    const argv = [process.execPath, MAIN, 'read', ...args];
    return run(shell === undefined ? argv : ['bash', '-c', shell, ...argv]);
  };

  test.for(FILTERS)("writes what tcpdump does, by '%s'", async (filter, context) => {
    if (!onPath('tcpdump')) context.skip('not installed: tcpdump');
    const name = `f${FILTERS.indexOf(filter)}`;
    const input = file(`${name}.in`, pcap(PACKETS, { magic: Magic.nano }));
    const theirs = path(`${name}.theirs`);
    const nano = ['--nano', '-O', '-Z', 'root'];
    await must(['tcpdump', ...nano, '-r', input, '-w', theirs, filter]);
    const args = filter === '' ? [] : ['--filter', filter];
    const done = await read([input, ...args, '--write', path(`${name}.ours`)]);
    expect({ ...done, stderr: '' }).toEqual({ code: 0, stdout: '', stderr: '' });
    const [a, b] = [readFileSync(theirs), readFileSync(path(`${name}.ours`))];
    expect(b.subarray(0, SNAP.at)).toEqual(a.subarray(0, SNAP.at));
    expect(b.subarray(SNAP.to)).toEqual(a.subarray(SNAP.to));
    const count = readAll(b)!.packets.length;
    expect(done.stderr).toBe(
      `packetwatch: ${count} of ${PACKETS.length} packets written to ${path(`${name}.ours`)}\n`,
    );
  });

  test('keeps link type, snapshot length, cut packets and nanoseconds', async (context) => {
    const raw = pcap([{ frame: FRAMES[0]!.subarray(14), seconds: 5, fraction: 7, length: 99 }], {
      magic: Magic.nano,
      little: false,
      linkType: 101,
    });
    const input = file('raw.gz', gzipSync(raw));
    expect((await read([input, '--write', path('raw.pcap')])).code).toBe(0);
    const written = readFileSync(path('raw.pcap'));
    expect(written.readUInt32LE(16)).toBe(65_535);
    expect(readAll(written)!.packets).toEqual(readAll(raw)!.packets);
    if (!onPath('tcpdump')) context.skip('not installed: tcpdump');
    expect(await must(['tcpdump', '-nn', '--nano', '-tt', '-r', path('raw.pcap')])).toMatch(
      /^5\.000000007 IP 192\.0\.2\.1\.40000 > 192\.0\.2\.2\.80: Flags \[S\]/,
    );
  });

  test('becomes pcapng with the second link type, in one capture or another', async () => {
    const ng = new Pcapng();
    const times = [1, 2, 3].map((second) => BigInt(second) * 1_000_000n);
    const both = Buffer.concat([
      ng.section(),
      ng.interface(1),
      ng.interface(101),
      ng.packet(FRAMES[0]!, times[0], 0),
      ng.packet(FRAMES[1]!.subarray(14), times[1], 1, 77),
      ng.packet(FRAMES[2]!, times[2], 0),
    ]);
    const input = file('both.pcapng', both);
    const more = file(
      'cooked.pcap',
      pcap([{ frame: Buffer.alloc(16), seconds: 9 }], { linkType: 113 }),
    );
    const { code, stderr } = await read([input, more, '--write', path('out')]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `packetwatch: 4 of 4 packets written to ${path('out')}\n`,
    });
    const packets = readAll(readFileSync(path('out')))!.packets;
    expect(packets.slice(0, 3)).toEqual(readAll(both)!.packets);
    expect(packets[3]).toMatchObject({ seconds: 9, linkType: 113 });
    expect(existsSync(path('out.new'))).toBe(false);
    const piped = await read([input, '--write', '-']);
    expect(piped.code).toBe(1);
    expect(piped.stderr).toMatch(/^packetwatch: standard output has got a pcap file, .* 101 .*\n$/);
  });

  test('to a slow reader of standard output loses nothing', async () => {
    const frame = tcpFrame({ ...V4, payload: Buffer.alloc(1400, 7) });
    const many = Array.from({ length: 20_000 }, (_, i) => ({ frame, seconds: i }));
    const input = file('many.pcap', pcap(many, { magic: Magic.nano }));
    const slowly = `"$0" "$@" | (sleep 0.3; cat) | cmp - ${input} && echo same`;
    const { stdout, stderr } = await read([input, '--write', '-'], slowly);
    expect({ stdout, stderr }).toEqual({
      stdout: 'same\n',
      stderr: 'packetwatch: 20000 of 20000 packets written to standard output\n',
    });
  });

  test('with --records tells both', async () => {
    const input = file('told.pcap', pcap(PACKETS, { magic: Magic.nano }));
    const { stdout } = await read([input, '--records', 'attempts', '--write', path('told.out')]);
    expect(stdout.match(/New connection/g)).toHaveLength(2);
    expect(readAll(readFileSync(path('told.out')))!.packets).toHaveLength(PACKETS.length);
  });

  test('of a capture without packets, or none that passes, has a header', async () => {
    const input = file('none.pcap', pcap([]));
    expect((await read([input, '--write', path('none.out')])).code).toBe(0);
    expect(readAll(readFileSync(path('none.out')))).toMatchObject({ packets: [], left: 0 });
  });

  test.each([
    { name: 'is an input', inputs: ['x.pcap'], to: 'x.pcap', why: 'is one of the inputs', code: 2 },
    { name: 'is an input by another name', inputs: ['x.pcap'], to: 'hard', why: 'inputs', code: 2 },
    { name: 'is a missing input', inputs: ['no'], to: 'no', why: 'is one of the inputs', code: 2 },
    {
      name: 'is in no folder',
      inputs: ['x.pcap'],
      to: 'a/b',
      why: 'cannot write .*ENOENT',
      code: 1,
    },
    { name: 'is a folder', inputs: ['x.pcap'], to: '', why: 'cannot write .*EISDIR', code: 1 },
  ])('that $name is refused in one line', async ({ inputs, to, why, code }) => {
    const bytes = pcap(PACKETS);
    const [x, hard] = ['x.pcap', 'hard'].map(path);
    if (!existsSync(x!)) {
      writeFileSync(x!, bytes);
      linkSync(x!, hard!);
    }
    const done = await read([...inputs.map(path), '--write', path(to)]);
    expect(done).toEqual({
      code,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^packetwatch: [^\n]*${why}[^\n]*\n$`)) as string,
    });
    expect(readFileSync(x!)).toEqual(bytes);
  });

  test('to a full disk, and beside records on standard output, is refused in one line', async () => {
    const input = file('full.pcap', pcap(PACKETS));
    const full = await read([input, '--write', '/dev/full']);
    expect(full).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^packetwatch: cannot write to \/dev\/full: no space[^\n]*\n$/,
      ) as string,
    });
    const twice = await read([input, '--write', '-', '-o', 'json']);
    expect(twice).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^packetwatch: standard output takes the capture[^\n]*\n$/,
      ) as string,
    });
  });

  test('of a capture that is not there leaves what is there as it is', async () => {
    const before = file('kept', Buffer.from('kept'));
    const { code } = await read([path('nowhere'), '--write', before]);
    expect(code).toBe(1);
    expect(readFileSync(before, 'utf8')).toBe('kept');
  });
});

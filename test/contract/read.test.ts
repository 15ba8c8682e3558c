/** `packetwatch read` as its users start it: what it tells of files, and how it ends. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Packet, pcap, Pcapng } from '../support/captures.ts';
import { type Done, run, Running } from '../support/command.ts';
import { tcpFrame } from '../support/frames.ts';
import { MAIN } from '../support/rig.ts';

const START = 1_700_000_000;
const V4 = { src: '192.0.2.1', dst: '192.0.2.2' };
const V6 = { src: '2001:db8::1', dst: '2001:db8::2' };

/** Runs a command and prints the most memory that it had, KiB. */
const PEAK = `
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)`;

let seq = 0;
/** A SYN so many seconds after the start. */
function syn(second: number, dstPort: number, ends = V4): Packet {
  return {
    frame: tcpFrame({ ...ends, dstPort, srcPort: 40_000, seq: seq++ }),
    seconds: START + second,
    fraction: 250_000,
  };
}

describe.concurrent('read', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'packetwatch-read-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach((context) => {
    if (!existsSync(MAIN)) context.skip('dist/cli/main.js is not there: make build');
  });

  const file = (name: string, bytes: Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const read = (args: readonly string[], shell?: string): Promise<Done> => {
    const argv = [process.execPath, MAIN, 'read', ...args];
    const env = ['env', 'TZ=UTC'];
    if (shell === undefined) return run([...env, ...argv]);
    return run([...env, 'bash', '-c', shell, ...argv]);
  };

  test('tells attempts in the form of live ones', async () => {
    const path = file('both.pcap', pcap([syn(0, 80), syn(1, 443, V6)]));
    expect(await read([path])).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        '2023-11-14 22:13:20: New connection: 192.0.2.1:40000 -> 192.0.2.2:80\n',
        '2023-11-14 22:13:21: New connection: [2001:db8::1]:40000 -> [2001:db8::2]:443\n',
      ].join(''),
    });
    const { stdout } = await read(['-o', 'json', '--filter', 'port 443', path]);
    const event = JSON.parse(stdout) as Record<string, unknown>;
    expect(event['id']).toMatch(/^[0-9a-f]{16}$/);
    expect(event['community_id']).toMatch(/^1:.{27}=$/);
    expect(event).toMatchObject({
      ts: '2023-11-14T22:13:21.250000Z',
      event: 'connection.attempt',
      src_ip: V6.src,
      src_port: 40_000,
      dst_ip: V6.dst,
      dst_port: 443,
      proto: 'tcp',
      direction: 'unknown',
    });
  });

  test('tells a connection at its end, with both ends of it', async () => {
    const ends = { srcPort: 40_000, dstPort: 80 };
    const [there, back] = [V4, { src: V4.dst, dst: V4.src }];
    const packet = (ms: number, frame: Uint8Array): Packet => ({
      frame,
      seconds: START,
      fraction: ms * 1000,
    });
    const answer = { srcPort: 80, dstPort: 40_000 };
    const payload = Buffer.from('hello');
    const path = file(
      'connection.pcap',
      pcap([
        packet(0, tcpFrame({ ...there, ...ends, seq: 99 })),
        packet(20, tcpFrame({ ...back, ...answer, flags: 0x12, seq: 499, ack: 100 })),
        packet(21, tcpFrame({ ...there, ...ends, flags: 0x10, seq: 100, ack: 500 })),
        packet(22, tcpFrame({ ...there, ...ends, flags: 0x18, seq: 100, ack: 500, payload })),
        packet(40, tcpFrame({ ...back, ...answer, flags: 0x11, seq: 500, ack: 105 })),
        packet(41, tcpFrame({ ...there, ...ends, flags: 0x11, seq: 105, ack: 501 })),
        packet(60, tcpFrame({ ...back, ...answer, flags: 0x10, seq: 501, ack: 106 })),
        packet(61, tcpFrame({ ...there, srcPort: 40_001, dstPort: 81 })),
      ]),
    );
    const { stdout } = await read(['--records', 'connections', '-o', 'json', path]);
    const lines = stdout.trim().split('\n');
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told.find((one) => one['dst_port'] === 80)).toMatchObject({
      event: 'connection.close',
      outcome: 'ok',
      src_port: 40_000,
      conn_state: 'SF',
      history: 'ShADfFa',
      orig_bytes: 5,
      resp_bytes: 0,
      duration_s: 0.041,
    });
    expect(told.find((one) => one['dst_port'] === 81)).toMatchObject({
      event: 'connection.timeout',
      conn_state: 'S0',
    });
    expect(lines).toHaveLength(2);
    const attempts = await read(['-o', 'json', path]);
    const ids = (text: string): unknown[] => text.match(/"id":"[0-9a-f]{16}"/g)!.toSorted();
    expect(ids(attempts.stdout)).toEqual(ids(stdout));
    const all = await read(['--records', 'all', '-o', 'json', path]);
    expect(all.stdout.match(/"event":"[a-z.]+"/g)).toEqual([
      '"event":"connection.attempt"',
      '"event":"connection.open"',
      '"event":"connection.attempt"',
      '"event":"connection.timeout"',
      '"event":"connection.close"',
    ]);
  });

  test('judges scans by the time of the packets, of any victim', async () => {
    const window = [0, 1, 2, 3, 4].map((second) => syn(second, 80 + second));
    const slow = [0, 61, 122, 183, 244].map((second) => syn(1000 + second, 90 + second, V6));
    const path = file('scan.pcap', pcap([...window, ...slow]));
    const all = await read(['--records', 'all', path]);
    expect(all.stdout.split('\n').filter((line) => line.includes('scan'))).toEqual([
      '2023-11-14 22:13:23: Port scan detected: 192.0.2.1 -> 192.0.2.2 on ports 80,81,82,83',
      expect.stringMatching(/: Port scan ended: 192.0.2.1 -> 192.0.2.2, 5 ports in 4s$/),
    ]);
    const lines = all.stdout.split('\n');
    expect(lines[3]).toContain('New connection: 192.0.2.1:40000 -> 192.0.2.2:83');
    expect(lines[4]).toContain('Port scan detected');
    expect((await read(['--records', 'scans', path])).stdout).not.toContain('New connection');
    const wide = await read(['--records', 'scans', '--rule', 'reference,window=5m', path]);
    expect(wide.stdout).toContain('Port scan detected: 2001:db8::1 -> 2001:db8::2 on ports 90,151');
    const none = await read([path]);
    expect(none.stdout).not.toContain('scan');
    expect(none.stderr).toBe('packetwatch: 1 port scan found: --records scans tells of them\n');
  });

  test('merges files in the order of their times, compressed or not', async () => {
    const ng = new Pcapng();
    const frame = syn(0, 3).frame;
    const middle = Buffer.concat([
      ng.section(),
      ng.interface(1),
      ng.packet(frame, BigInt(START + 3) * 1_000_000n),
    ]);
    const paths = [
      file('late.pcap', pcap([syn(4, 4), syn(5, 5)])),
      file('early.pcap.gz', gzipSync(pcap([syn(1, 1), syn(6, 6)]))),
      file('middle.pcapng', middle),
      file('second.pcap', pcap([syn(2, 2)], { little: false })),
    ];
    const { stdout, code } = await read(paths);
    expect(stdout.match(/\d+$/gm)).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(code).toBe(0);
  });

  test('a SYN that is sent again, or captured at both ends, is one attempt', async () => {
    const once = syn(0, 80);
    const here = file('here.pcap', pcap([once, { ...once, seconds: START + 1 }]));
    const there = file('there.pcap', pcap([once]));
    expect((await read([here, there])).stdout.match(/New connection/g)).toHaveLength(1);
  });

  test('standard input, plain and of several gzip members', async () => {
    const whole = pcap([syn(0, 1), syn(1, 2), syn(2, 3)]);
    const plain = file('in.pcap', whole);
    const cut = whole.length - 30;
    const members = Buffer.concat([
      gzipSync(whole.subarray(0, cut)),
      gzipSync(whole.subarray(cut)),
    ]);
    const packed = file('in.gz', members);
    for (const path of [plain, packed]) {
      // byte by byte for a while: what it is must be seen all the same
      const slowly = `(head -c1 ${path}; sleep 0.1; tail -c+2 ${path}) | "$0" "$@" -`;
      const { code, stdout, stderr } = await read([], slowly);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.match(/\d+$/gm)).toEqual(['1', '2', '3']);
    }
  });

  test.each([
    {
      name: 'cut',
      bytes: () => pcap([syn(0, 80), syn(1, 81)]).subarray(0, -10),
      told: 1,
      why: 'it is cut off at byte 154, within what should follow byte 94',
    },
    {
      name: 'of a packet of 2 GiB',
      bytes: () => {
        const bytes = pcap([syn(0, 80), syn(1, 81)]);
        bytes.writeUInt32LE(0x8000_0000, 24 + 70 + 8);
        return bytes;
      },
      told: 1,
      why: 'a packet claims 2147483648 captured bytes, where 262144 are the most, at byte 94',
    },
    {
      name: 'cut and compressed',
      bytes: () => gzipSync(pcap([syn(0, 80), syn(1, 81)]), { level: 0 }).subarray(0, -20),
      told: 1,
      why: 'its gzip data is cut off',
    },
    {
      name: 'damaged and compressed',
      bytes: () => {
        const bytes = gzipSync(pcap([syn(0, 80)]));
        bytes.writeUInt32LE(0, bytes.length - 8);
        return bytes;
      },
      told: 0, // zlib keeps what it made last
      why: 'its gzip data is damaged',
    },
    { name: 'empty', bytes: () => Buffer.alloc(0), told: 0, why: 'it is empty' },
    {
      name: 'no capture',
      bytes: () => Buffer.from('root:x:0:0:root:/root:/bin/bash\n'),
      told: 0,
      why: 'it is no capture file: pcap and pcapng are read, as they are or compressed by gzip',
    },
  ])('a file that is $name gives what it has and one line', async ({ name, bytes, told, why }) => {
    const path = file(`${name.replaceAll(' ', '-')}.bad`, bytes());
    const whole = file(`${name.replaceAll(' ', '-')}.good`, pcap([syn(9, 99)]));
    const { code, stdout, stderr } = await read([path, whole]);
    expect(stderr.startsWith(`packetwatch: ${path}: ${why}`)).toBe(true);
    expect(stderr.match(/\n/g)).toHaveLength(1);
    expect(stdout.match(/New connection/g)).toHaveLength(told + 1);
    expect(code).toBe(1);
  });

  test('nothing is lost to a reader that is slow for a while', async () => {
    const many = Array.from({ length: 40_000 }, (_, i) => syn(i / 1000, 80));
    const path = file('many.pcap', pcap(many));
    const { stdout } = await read([path], '"$0" "$@" -o json | (sleep 1; wc -l)');
    expect(Number(stdout)).toBe(40_000);
  });

  test('a stream that goes on is told as it comes, until it is interrupted', async () => {
    const child = await Running.start([process.execPath, MAIN, 'read', '-']);
    child.child.stdin!.write(pcap([syn(0, 80)]));
    await child.out.wait('an attempt', (line) => line.includes('New connection') || undefined);
    expect(await child.end('SIGINT')).toBe(1);
    expect(child.err.all).toEqual(['packetwatch: interrupted: the rest was not read']);
  });

  test('a link type that is not decoded is named', async () => {
    const path = file('radio.pcap', pcap([syn(0, 80)], { linkType: 127 }));
    expect(await read([path])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'packetwatch: 1 packet is of link type 127 (IEEE802_11_RADIOTAP): not decoded\n',
    });
  });

  test('a decompression bomb fills no memory', async () => {
    const ng = new Pcapng();
    const zeros = Buffer.alloc(256 << 20);
    zeros.writeUInt32LE(0x0bad, 0);
    zeros.writeUInt32LE(zeros.length, 4);
    const bomb = gzipSync(Buffer.concat([ng.section(), zeros, ng.interface(1)]));
    expect(bomb.length).toBeLessThan(1e6);
    const path = file('bomb.gz', bomb);
    const { code, stderr } = await read([path], `exec python3 -c '${PEAK}' "$0" "$@"`);
    expect(code).toBe(0);
    expect(Number(stderr)).toBeLessThan(200_000);
  });

  test.each([
    { args: ['/nowhere.pcap'], code: 1, why: '/nowhere.pcap: there is no such file' },
    { args: ['/'], code: 1, why: '/: it is a directory' },
    { args: ['--rule', 'weighted', 'x'], code: 2, why: '--rule weighted judges by what becomes' },
    { args: ['--events', 'block', 'x'], code: 2, why: '--events block: files have no such events' },
    { args: ['--filter', 'prot 80', 'x'], code: 2, why: '' },
    {
      args: ['/x.pcap', 'port', '80', 'and', 'not', 'host', '192.0.2.1'],
      code: 2,
      why: "'port 80 and not host 192.0.2.1' is a filter where files are wanted: say --filter",
    },
    { args: ['-', '-'], code: 2, why: 'standard input can be read once' },
    { args: [], code: 2, why: '' },
  ])('$args ends with $code and one line', async ({ args, code, why }) => {
    const done = await read(args);
    expect(done.code).toBe(code);
    expect(done.stdout).toBe('');
    expect(done.stderr).toMatch(/^packetwatch: [^\n]+\n$/);
    expect(done.stderr).toContain(why);
  });
});

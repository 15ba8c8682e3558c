/** `packetwatch read` as its users start it: what it tells of files, and how it ends. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Packet, pcap, Pcapng } from '../support/captures.ts';
import { Running } from '../support/command.ts';
import { tcpFrame } from '../support/frames.ts';
import { READ, read, START, syn, useFiles, V4, V6 } from '../support/read-command.ts';

describe.concurrent('read', () => {
  const file = useFiles();

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

  test('a stream that goes on is told as it comes, until it is interrupted', async () => {
    const child = await Running.start([...READ, '-']);
    child.child.stdin!.write(pcap([syn(0, 80)]));
    await child.out.wait('an attempt', (line) => line.includes('New connection') || undefined);
    expect(await child.end('SIGINT')).toBe(1);
    expect(child.err.all).toEqual(['packetwatch: interrupted: the rest was not read']);
  });

  test('packets with a wrong checksum are left out when asked to verify; that they came is told', async () => {
    const wrong = syn(0, 80);
    wrong.frame[wrong.frame.length - 1]! ^= 1;
    const path = file('wrong.pcap', pcap([wrong, syn(1, 81)]));
    const args = ['--records', 'all', '--checksums', 'verify', path];
    const { code, stdout, stderr } = await read(args);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'packetwatch: 1 packet is left out: a checksum is wrong\n',
    });
    expect(stdout.match(/New connection.*/g)).toEqual([
      'New connection: 192.0.2.1:40000 -> 192.0.2.2:81',
    ]);
    expect(stdout).toMatch(/:80 0\.000s OTH 0\/0 bytes/);
    const json = (await read([...args, '-o', 'json', '--filter', 'port 80'])).stdout;
    expect(JSON.parse(json)).toMatchObject({ conn_state: 'OTH', history: 'C', orig_packets: 0 });
    expect((await read([path])).stdout.match(/New connection/g)).toHaveLength(2);
  });

  test('a link type that is not decoded is named', async () => {
    const path = file('radio.pcap', pcap([syn(0, 80)], { linkType: 127 }));
    expect(await read([path])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'packetwatch: 1 packet is of link type 127 (IEEE802_11_RADIOTAP): not decoded\n',
    });
  });

  test.each([
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

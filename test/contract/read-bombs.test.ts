/** `packetwatch read` of files that are small and hold, or claim, endlessly much: memory is bounded, and it ends. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { pcap, Pcapng } from '../support/captures.ts';
import { Tcp, tcpFrame } from '../support/frames.ts';
import { readWithPeak, START, syn, useFiles, V4 } from '../support/read-command.ts';

/** What a start alone takes is 60 to 70 MB. */
const MOST_MB = 200;
/** What they hold; `make test-faults` has more. */
const BOMB_MIB = Number(process.env['PACKETWATCH_BOMB_MIB'] ?? 256);
const PIECE = 16 << 20;
const PIECES = Math.ceil(BOMB_MIB / 16);
/** A bomb is at most a hundredth of what it holds. */
const SMALL = (BOMB_MIB * 1_048_576) / 100;

const ng = new Pcapng();

/** The same bytes again and again, a gzip member for each piece. */
function repeated(piece: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from<Buffer>({ length: times }).fill(gzipSync(piece, { level: 9 })));
}

describe('a small file that holds very much', () => {
  const file = useFiles();

  test('zeros behind a block that claims them, and a packet behind these', async () => {
    const zeros = repeated(Buffer.alloc(PIECE), PIECES - 1);
    const claim = Buffer.alloc(PIECE);
    claim.writeUInt32LE(0x0bad, 0);
    claim.writeUInt32LE(Math.min(PIECES * PIECE, 0xffff_fffc), 4);
    const bomb = Buffer.concat([
      gzipSync(Buffer.concat([ng.section(), claim])),
      zeros,
      gzipSync(Buffer.concat([ng.interface(1), ng.packet(syn(0, 80).frame)])),
    ]);
    expect(bomb.length).toBeLessThan(SMALL);
    const { code, stdout, stderr, peakMB } = await readWithPeak([file('zeros.gz', bomb)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^1970-.*:80\n$/);
    expect(peakMB).toBeLessThan(MOST_MB);
  });

  test('a packet that comes again and again, of one connection', async () => {
    const data = tcpFrame({ ...V4, flags: Tcp.ACK, payload: Buffer.alloc(65_000) });
    const packet = { frame: data, seconds: START };
    const piece = pcap(Array.from({ length: 256 }, () => packet)).subarray(24);
    const bomb = Buffer.concat([gzipSync(pcap([syn(0, 80)])), repeated(piece, PIECES)]);
    expect(bomb.length).toBeLessThan(SMALL);
    const path = file('again.gz', bomb);
    const { code, stdout, peakMB } = await readWithPeak(['--records', 'all', path]);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toHaveLength(3);
    expect(peakMB).toBeLessThan(MOST_MB);
  });

  test('nothing but zeros is no capture, and only its start is looked at', async () => {
    const path = file('nothing.gz', repeated(Buffer.alloc(PIECE), 256));
    const { code, stderr, peakMB } = await readWithPeak([path]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^packetwatch: \S+: it is no capture file: .*\n$/);
    expect(peakMB).toBeLessThan(MOST_MB);
  });
});

describe('a pcapng file', () => {
  const file = useFiles();
  const INTERFACE = ng.interface(1);
  const times = (n: number, bytes: Buffer): Buffer => Buffer.alloc(n * bytes.length, bytes);

  test('of a million interfaces is read up to the 65,536th', async () => {
    const path = file('interfaces', Buffer.concat([ng.section(), times(1_000_000, INTERFACE)]));
    const { code, stderr, peakMB } = await readWithPeak([path]);
    const at = ng.section().length + 65_536 * INTERFACE.length;
    const why = `more than 65536 interfaces, at byte ${at}, before the first packet`;
    expect({ code, stderr }).toEqual({ code: 1, stderr: `packetwatch: ${path}: ${why}\n` });
    expect(peakMB).toBeLessThan(MOST_MB);
  });

  test('of a million sections, and of many with all interfaces that there may be', async () => {
    const many = Buffer.concat([ng.section(), times(65_536, INTERFACE)]);
    const path = file(
      'sections',
      Buffer.concat([
        times(1_000_000, ng.section()),
        times(8, many),
        ng.packet(syn(0, 80).frame, 0n, 65_535),
      ]),
    );
    const { code, stdout, stderr, peakMB } = await readWithPeak([path]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/:80\n$/);
    expect(peakMB).toBeLessThan(MOST_MB);
  });

  test('of all link types that there may be names some of those that are not decoded', async () => {
    const types = Array.from({ length: 65_536 }, (_, type) => type);
    const { frame } = syn(0, 80);
    const path = file(
      'links',
      Buffer.concat([
        ng.section(),
        ...types.map((type) => ng.interface(type)),
        ...types.map((_, i) => ng.packet(frame, 0n, i)),
      ]),
    );
    const { code, stdout, stderr, peakMB } = await readWithPeak([path]);
    expect(code).toBe(1);
    expect(stdout).toContain(':80\n');
    const lines = stderr.trimEnd().split('\n');
    for (const line of lines.slice(0, 64))
      expect(line).toMatch(/^packetwatch: 1 packet is of link type \d+ \(.+\): not decoded$/);
    expect(lines[64]).toMatch(/^packetwatch: \d+ packets are of further link types: not decoded$/);
    expect(lines.length).toBeLessThan(100);
    expect(peakMB).toBeLessThan(MOST_MB);
  });

  test('of options that point nowhere is read as if they were not there', async () => {
    const option = (code: number, claimed: number, bytes: Buffer) =>
      Buffer.concat([ng.half(code), ng.half(claimed), bytes]);
    const description = (options: Buffer) =>
      ng.block(1, Buffer.concat([ng.half(1), ng.half(0), ng.word(0), options]));
    const odd = [
      option(9, 0xffff, Buffer.alloc(4)),
      option(9, 0, Buffer.alloc(0)),
      option(14, 1, Buffer.alloc(4, 0xff)),
      option(2, 0xfffc, Buffer.alloc(8, 0xff)),
      Buffer.alloc(60_000, option(1, 0, Buffer.alloc(0))),
      option(13, 1, Buffer.from([0, 0, 0, 0])).subarray(0, 4),
    ];
    const time = BigInt(START) * 1_000_000n;
    const withOptions = ng.packet(Buffer.concat([syn(0, 81).frame]), time, 0);
    const sections = odd.map((options, i) =>
      Buffer.concat([ng.section(), description(options), ng.packet(syn(0, 80 + i).frame, time)]),
    );
    const path = file('options', Buffer.concat([...sections, withOptions]));
    const { code, stdout, stderr } = await readWithPeak(['--records', 'attempts', path]);
    expect({ code, stderr: stderr.replace(/.*scans? found.*\n/, '') }).toEqual({
      code: 0,
      stderr: '',
    });
    expect(stdout.match(/^2023-11-14 22:13:20: New connection/gm)).toHaveLength(odd.length + 1);
  });
});

describe('JSON lines', () => {
  const file = useFiles();
  const line = (port: unknown, more: object): string =>
    `${JSON.stringify({
      ts: new Date(START * 1000).toISOString(),
      event: 'connection.attempt',
      src_ip: V4.src,
      src_port: port,
      dst_ip: V4.dst,
      dst_port: 80,
      ...more,
    })}\n`;

  test('of long names leave nothing of these in memory but their starts', async () => {
    const COUNT = 150;
    function* lines(): Generator<Buffer> {
      for (let i = 0; i < COUNT; i++) {
        yield Buffer.from(line(i, { iface: `${i} ${'x'.repeat(1e6)}` }));
      }
    }
    const { code, stdout, peakMB } = await readWithPeak(['-o', 'json', '-'], 'wc', {
      input: lines(),
    });
    expect(code).toBe(0);
    const [count, , bytes] = stdout.trim().split(/ +/).map(Number);
    expect(count).toBe(COUNT);
    expect(bytes).toBeLessThan(COUNT * 1000);
    expect(peakMB).toBeLessThan(130);
  });

  test('of lists in lists in lists are read as if they were not there', async () => {
    const deep = line(1, {}).replace(
      '"src_port":1',
      `"src_port":${'['.repeat(9e4)}${']'.repeat(9e4)}`,
    );
    const path = file(
      'deep.json',
      Buffer.from(`${deep}${line(2, { src_port: {} })}${line(3, {})}`),
    );
    const { code, stdout, stderr } = await readWithPeak([path]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/New connection: 192\.0\.2\.1:[03] -> 192\.0\.2\.2:80$/gm)).toHaveLength(2);
  });
});

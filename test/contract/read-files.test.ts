/** `packetwatch read` of what is no whole capture: it gives what there is, says where it ends, and never hangs. */
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Packet, pcap, Pcapng } from '../support/captures.ts';
import { type Done, must, Running, until } from '../support/command.ts';
import { READ, read, START, syn, useFiles, V4 } from '../support/read-command.ts';

/** Of a pcap with SYNs: its header, and a packet with its own. */
const HEADER = 24;
const PACKET = 16 + 54;

const ng = new Pcapng();
const NG_HEAD = Buffer.concat([ng.section(), ng.interface(1)]);
const synOf = (src: string, second: number): Packet => syn(second, 80, { ...V4, src });
const ngSyn = (second: number, from: string) =>
  ng.packet(synOf(from, 0).frame, BigInt(START + second) * 1_000_000n);
const two = (from = V4.src): Buffer => pcap([synOf(from, 0), synOf(from, 1)]);

/** A file of two SYNs, the second of which claims so many captured bytes. */
function claiming(captured: number, from: string): Buffer {
  const bytes = two(from);
  bytes.writeUInt32LE(captured, HEADER + PACKET + 8);
  return bytes;
}

const ngWith = (from: string, ...blocks: Buffer[]): Buffer =>
  Buffer.concat([NG_HEAD, ngSyn(0, from), ...blocks]);
const NG_AT = ngWith(V4.src).length;
/** A block that claims to be so long. */
const block = (type: number, length: number): Buffer =>
  Buffer.concat([ng.word(type), ng.word(length), Buffer.alloc(64)]);

const NEITHER =
  'it is no capture file: pcap, pcapng, tables like /proc/net/tcp and JSON lines are read, as they are or compressed by gzip';

interface Broken {
  readonly name: string;
  /** @param from where its SYNs are from */
  readonly bytes: (from: string) => Buffer;
  /** SYNs that it tells. */
  readonly told: number;
  readonly why: string;
}

const BROKEN: readonly Broken[] = [
  {
    name: 'cut',
    bytes: (from) => two(from).subarray(0, -10),
    told: 1,
    why: 'it is cut off at byte 154, within what begins at byte 94, after packet 1',
  },
  {
    name: 'cut within its first packet',
    bytes: (from) => two(from).subarray(0, 60),
    told: 0,
    why: 'it is cut off at byte 60, within what begins at byte 24, before the first packet',
  },
  {
    name: 'cut within its header',
    bytes: (from) => two(from).subarray(0, 20),
    told: 0,
    why: 'it is cut off at byte 20, within what begins at byte 0, before the first packet',
  },
  {
    name: 'of a packet of 2 GiB',
    bytes: (from) => claiming(0x8000_0000, from),
    told: 1,
    why: 'a packet claims 2147483648 captured bytes, where 262144 are the most, at byte 94, after packet 1',
  },
  {
    name: 'of a packet of 4 GiB',
    bytes: (from) => claiming(0xffff_ffff, from),
    told: 1,
    why: 'a packet claims 4294967295 captured bytes, where 262144 are the most, at byte 94, after packet 1',
  },
  {
    name: 'of a pcapng packet of 4 GiB',
    bytes: (from) => {
      const bytes = ngWith(from, ngSyn(1, from));
      bytes.writeUInt32LE(0xffff_ffff, NG_AT + 20);
      return bytes;
    },
    told: 1,
    why: `a packet that is longer than its block, at byte ${NG_AT}, after packet 1`,
  },
  {
    name: 'of a block of 2 GiB',
    bytes: (from) => ngWith(from, block(6, 0x8000_0000)),
    told: 1,
    why: `a block of 2147483648 bytes, where 327680 are the most, at byte ${NG_AT}, after packet 1`,
  },
  {
    name: 'of an unknown block of 4 GiB',
    bytes: (from) => ngWith(from, block(0xbad, 0xffff_fffc)),
    told: 1,
    why: `it is cut off at byte ${NG_AT + 72}, within a block that has 4294967220 bytes more, after packet 1`,
  },
  {
    name: 'of a block of no bytes',
    bytes: (from) => ngWith(from, block(0xbad, 0)),
    told: 1,
    why: `a block of 0 bytes, which none can have, at byte ${NG_AT}, after packet 1`,
  },
  {
    name: 'of a packet of an interface that it lacks',
    bytes: (from) => ngWith(from, ng.packet(synOf(from, 0).frame, 0n, 7)),
    told: 1,
    why: `a packet of interface 7, which was not described before, at byte ${NG_AT}, after packet 1`,
  },
  {
    name: 'cut and compressed',
    bytes: (from) => gzipSync(two(from), { level: 0 }).subarray(0, -20),
    told: 1,
    why: 'its gzip data is cut off, at byte 94, after packet 1',
  },
  {
    name: 'damaged and compressed',
    bytes: (from) => {
      const bytes = gzipSync(pcap([synOf(from, 0)]));
      bytes.writeUInt32LE(0, bytes.length - 8);
      return bytes;
    },
    told: 0, // zlib keeps what it made last
    why: 'its gzip data is damaged',
  },
  { name: 'empty', bytes: () => Buffer.alloc(0), told: 0, why: 'it is empty' },
  { name: 'of one byte', bytes: () => Buffer.alloc(1), told: 0, why: NEITHER },
  {
    name: 'text',
    bytes: () => Buffer.from('root:x:0:0:root:/root:/bin/bash\n'),
    told: 0,
    why: NEITHER,
  },
];

/** Does a process wait in epoll(7) for standard input, or for a file? */
function waitsFor(pid: number, name: string): boolean {
  const place = `/proc/${pid}`;
  try {
    const open = readdirSync(`${place}/fd`);
    const link = (one: string): string => readlinkSync(`${place}/fd/${one}`);
    const fd = name === '-' ? '0' : open.find((one) => link(one) === name);
    const watched = new RegExp(`^tfd: +${fd} `, 'm');
    return open.some((one) => watched.test(readFileSync(`${place}/fdinfo/${one}`, 'utf8')));
  } catch {
    return false; // it has closed one meanwhile
  }
}

describe.concurrent('read', () => {
  const file = useFiles();

  const others: readonly (readonly [path: string, why: string])[] = [
    ['/nowhere.pcap', 'there is no such file'],
    ['/', 'it is a directory'],
    ['/dev/null', 'it is empty'],
    ['/dev/zero', 'it is no capture file'],
  ];

  describe('many files, of which one is whole', () => {
    let done: Done;
    const paths: string[] = [];
    const fromOf = (i: number): string => `198.51.100.${i}`;
    beforeAll(async () => {
      for (const [i, { bytes }] of BROKEN.entries())
        paths.push(file(`broken-${i}`, bytes(fromOf(i))));
      const whole = file('whole.pcap', two('198.51.100.200'));
      done = await read([...paths, whole, ...others.map(([path]) => path)]);
    });

    test.each(BROKEN.map((broken, i) => ({ ...broken, i })))(
      'one that is $name gives what it has and one line',
      ({ i, told, why }) => {
        const lines = done.stderr.split('\n').filter((line) => line.includes(`${paths[i]}:`));
        expect(lines).toEqual([`packetwatch: ${paths[i]}: ${why}`]);
        const from = new RegExp(`: ${fromOf(i)}:`, 'g');
        expect(done.stdout.match(from) ?? []).toHaveLength(told);
      },
    );

    test.each(others)('%s is one line', (path, why) => {
      expect(done.stderr).toMatch(new RegExp(`^packetwatch: ${path}: ${why}.*$`, 'm'));
    });

    test('the whole one is told, nothing else is, and the exit code is 1', () => {
      expect(done.stdout.match(/: 198.51.100.200:/gm)).toHaveLength(2);
      expect(done.stderr.match(/\n/g)).toHaveLength(BROKEN.length + others.length);
      expect(done.code).toBe(1);
    });
  });

  test('a file that this user may not read is one line', async (context) => {
    if (process.getuid?.() !== 0) context.skip('becoming another user needs root');
    const path = file('secret.pcap', two());
    await must(['chmod', '0', path]);
    await must(['chmod', '755', dirname(path)]);
    const as = 'exec setpriv --reuid 65534 --regid 65534 --clear-groups "$0" "$@"';
    const { code, stderr } = await read([path], as);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `packetwatch: ${path}: no permission to read it\n`,
    });
  });

  test('standard input that is closed, empty, or a terminal', async () => {
    const empty = 'packetwatch: standard input: it is empty\n';
    for (const shell of ['"$0" "$@" <&-', ': | "$0" "$@"'])
      expect(await read(['-'], shell)).toEqual({ code: 1, stdout: '', stderr: empty });
    const terminal = `python3 -c 'import pty, sys, os; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'`;
    const { code, stdout } = await read(['-'], `${terminal} "$0" "$@" </dev/null`);
    expect(code).toBe(1);
    expect(stdout).toContain('standard input: it is a terminal');
  });

  test('a file that grows is read as far as it is when it ends', async () => {
    const grows = file('grows.pcap', pcap([syn(0, 1), syn(100, 2)]));
    const pipe = grows.replace('grows', 'pipe');
    await must(['mkfifo', pipe]);
    const child = await Running.start([...READ, grows, pipe]);
    const held = openSync(pipe, 'w');
    writeSync(held, pcap([syn(50, 3), syn(60, 4)]));
    // what comes after this in the first file waits for the pipe
    await child.out.wait('the pipe’s first', (line) => line.endsWith(':3') || undefined);
    appendFileSync(grows, pcap([syn(200, 5), syn(201, 6)]).subarray(HEADER, -10));
    closeSync(held);
    expect(await child.ended).toBe(1);
    expect(child.out.all.map((line) => line.slice(-1))).toEqual(['1', '3', '4', '2', '5']);
    expect(child.err.all).toEqual([
      `packetwatch: ${grows}: it is cut off at byte 294, within what begins at byte 234, after packet 3`,
    ]);
  });

  test('a pipe by its name is waited for, also when it is empty or breaks off', async () => {
    const pipe = file('there.pcap', two()).replace('there', 'named');
    await must(['mkfifo', pipe]);
    const whole = await read(
      [pipe],
      `(sleep 0.2; cat ${pipe.replace('named', 'there')} > ${pipe}) & "$0" "$@"`,
    );
    expect(whole).toMatchObject({ code: 0, stderr: '' });
    expect(whole.stdout.match(/New connection/g)).toHaveLength(2);
    const cut = await read(
      [pipe],
      `head -c 100 ${pipe.replace('named', 'there')} > ${pipe} & "$0" "$@"`,
    );
    expect(cut.code).toBe(1);
    expect(cut.stdout.match(/New connection/g)).toHaveLength(1);
    expect(cut.stderr).toContain('it is cut off at byte 100, within what begins at byte 94');
    const empty = await read([pipe], `: > ${pipe} & "$0" "$@"`);
    expect(empty).toEqual({ code: 1, stdout: '', stderr: `packetwatch: ${pipe}: it is empty\n` });
  });

  test('SIGINT ends the wait for what never comes', async () => {
    const pipe = file('other.pcap', two()).replace('other', 'silent');
    await must(['mkfifo', pipe]);
    const waiting = [
      { args: ['-'], written: 0 },
      { args: ['-'], written: 1 },
      { args: ['-'], written: HEADER },
      { args: [pipe], written: 0 },
    ];
    for (const { args, written } of waiting) {
      const child = await Running.start([...READ, ...args]);
      if (written > 0) child.child.stdin!.write(two().subarray(0, written));
      await until('it waits for bytes', () => waitsFor(child.pid, args[0]!));
      expect(await child.end('SIGINT', 5)).toBe(1);
      expect(child.err.all).toEqual(['packetwatch: interrupted: the rest was not read']);
    }
  });

  test('of more files than may be open the rest is one line', async () => {
    const folder = dirname(file('some.pcap', two()));
    mkdirSync(`${folder}/many`);
    for (let i = 0; i < 300; i++) file(`many/${i}.pcap`, pcap([syn(i, 80)]));
    const { code, stdout, stderr } = await read([], `ulimit -n 64; "$0" "$@" ${folder}/many/*`);
    expect(code).toBe(1);
    const opened = stdout.match(/New connection/g)!.length;
    expect(opened).toBeGreaterThan(20);
    expect(stderr).toMatch(
      /^packetwatch: \S+: too many open files: read fewer at once, or raise `ulimit -n`\n.*\n$/,
    );
    expect(stderr).toContain(`packetwatch: ${299 - opened} more files are not read`);
    const all = await read([], `"$0" "$@" ${folder}/many/*`);
    expect(all).toMatchObject({ code: 0, stderr: '' });
    expect(all.stdout.match(/New connection/g)).toHaveLength(300);
  });
});

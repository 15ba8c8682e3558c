/** Frames, and which of them a filter takes: by tcpdump and by ours. */
import { spawnSync } from 'node:child_process';
import { Facts, type Filter, parseFilter } from '../../src/filter/filter.ts';
import { Has } from '../../src/filter/node.ts';
import { OperatorError } from '../../src/model/errors.ts';
import { RecordWriter } from '../../src/wire/record-writer.ts';
import { write } from '../flow/records.ts';
import { tcpFrame, udpFrame } from '../support/frames.ts';

export const V4 = [
  '10.0.0.5',
  '10.1.2.3',
  '192.0.2.56',
  '192.0.2.57',
  '172.16.0.1',
  '255.255.255.255',
];
export const V6 = ['2001:db8:1::56', '2001:db8:2::57', '::1', '::ffff', 'fe80::1', 'ff02::1'];
export const PORTS = [0, 22, 80, 443, 8080, 40_000, 65_535];

interface Frame {
  readonly src: string;
  readonly dst: string;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly udp: boolean;
}

/** Each address as either end, each port on either side, TCP and UDP. */
const FRAMES: readonly Frame[] = [V4, V6].flatMap((addresses) =>
  Array.from({ length: 3 * addresses.length }, (_, i) => ({
    src: addresses[i % addresses.length]!,
    dst: addresses[(i * 5 + 1 + Math.floor(i / addresses.length)) % addresses.length]!,
    srcPort: PORTS[(i * 3 + 1) % PORTS.length]!,
    dstPort: PORTS[(i * 2 + 2) % PORTS.length]!,
    udp: i % 4 === 3,
  })),
);

/** A capture file (draft-ietf-opsawg-pcap) whose frames have their index as the time. */
function capture(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20); // Ethernet
  const packets = FRAMES.map((spec, i) => {
    const frame = spec.udp ? udpFrame(spec) : tcpFrame(spec);
    const packet = Buffer.alloc(16);
    packet.writeUInt32LE(i, 0);
    packet.writeUInt32LE(frame.length, 8);
    packet.writeUInt32LE(frame.length, 12);
    return Buffer.concat([packet, frame]);
  });
  return Buffer.concat([header, ...packets]);
}

const CAPTURE = capture();

/**
 * Indexes of the frames that tcpdump takes; undefined: it refuses the filter. Without its optimizer: that of libpcap
 * 1.10.3 takes frames 4, 11, 22 and 29 by `not (port 65535 and 0 or 8080 or port 65535)`, which have port 8080.
 */
export function byTcpdump(filter: string): number[] | undefined {
  const options = ['-r', '-', '-n', '-O', '-w', '-', filter];
  const done = spawnSync('tcpdump', options, { input: CAPTURE, timeout: 10_000 });
  if (done.error) throw done.error;
  if (done.status !== 0) return undefined;
  const { stdout } = done;
  const found: number[] = [];
  for (let at = 24; at < stdout.length; at += 16 + stdout.readUInt32LE(at + 8))
    found.push(stdout.readUInt32LE(at));
  return found;
}

/** The same by our filter. */
export function byFilter(text: string): number[] | undefined {
  let filter: Filter;
  try {
    filter = parseFilter(text);
  } catch (error) {
    if (error instanceof OperatorError) return undefined;
    throw error;
  }
  const { connection } = Facts;
  return FRAMES.flatMap((frame, i) => {
    const writer = new RecordWriter();
    write(writer, { kind: 'ATTEMPT', ...frame });
    const facts = frame.udp ? (connection & ~Has.tcp) | Has.udp : connection;
    return filter.matches(writer.words, 0, facts) ? [i] : [];
  });
}

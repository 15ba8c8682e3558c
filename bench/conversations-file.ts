/** A capture of TCP connections that go on side by side, with data in both directions: the same bytes each time. */
import { closeSync, openSync, writeSync } from 'node:fs';

export interface ConversationsMade {
  readonly packets: number;
  readonly bytes: number;
  readonly connections: number;
}

const REQUEST = 200;
const FULL = 1448;
const REST = 500;
const HEADERS = 16 + 14 + 20 + 20;
const PIECE = 4_194_304;
/** Between packets. */
const STEP_US = 10;
/** No program that is known listens there, so that no dissector of an application takes part. */
const SERVER_PORT = 30_000;

const FIN = 1;
const SYN = 2;
const PSH = 8;
const ACK = 16;

/** A packet: who sends, with which flags, how much. */
type Step = readonly [fromServer: boolean, flags: number, payload: number];

const OPEN: readonly Step[] = [
  [false, SYN, 0],
  [true, SYN | ACK, 0],
  [false, ACK, 0],
];
/** A request, two full segments and a shorter one in answer, their acknowledgements. */
const ROUND: readonly Step[] = [
  [false, PSH | ACK, REQUEST],
  [true, ACK, FULL],
  [true, ACK, FULL],
  [false, ACK, 0],
  [true, PSH | ACK, REST],
  [false, ACK, 0],
];
const CLOSE: readonly Step[] = [
  [false, FIN | ACK, 0],
  [true, ACK, 0],
  [true, FIN | ACK, 0],
  [false, ACK, 0],
];

export interface ConversationsOptions {
  /** At least so many. */
  readonly bytes: number;
  /** Connections at once. */
  readonly live: number;
  /** Of each connection. */
  readonly rounds: number;
}

/**
 * Each connection in turn sends its next packet; one that is over is followed by another, and all are closed at the
 * end.
 */
export function writeConversations(
  path: string,
  { bytes, live, rounds }: ConversationsOptions,
): ConversationsMade {
  const script = [...OPEN, ...Array.from({ length: rounds }, () => ROUND).flat(), ...CLOSE];
  const piece = Buffer.alloc(PIECE);
  const file = openSync(path, 'w');
  const step = new Uint16Array(live);
  const number = new Uint32Array(live);
  /** Next sequence number of the client and of the server. */
  const seqs = [new Uint32Array(live), new Uint32Array(live)] as const;
  let at = header(piece);
  let written = 0;
  let packets = 0;
  let connections = 0;
  let open = 0;
  try {
    for (let turn = 0; turn < script.length || open > 0 || written < bytes; turn++) {
      for (let i = 0; i < live; i++) {
        if (step[i] === 0) {
          // they begin one after the other, and none when there is enough
          if (written >= bytes || i > turn * Math.ceil(live / script.length)) continue;
          number[i] = connections++;
          open++;
          seqs[0][i] = Math.imul(number[i]!, 0x9e3779b1);
          seqs[1][i] = Math.imul(number[i]!, 0x85ebca77);
        }
        const [fromServer, flags, payload] = script[step[i]!]!;
        if (at + HEADERS + payload > PIECE) {
          written += writeSync(file, piece, 0, at);
          at = 0;
        }
        const own = seqs[fromServer ? 1 : 0];
        const other = seqs[fromServer ? 0 : 1];
        const frame = piece.subarray(at, at + HEADERS + payload);
        packet(frame, packets++, number[i]!, fromServer, flags, own[i]!, other[i]!);
        own[i]! += payload + ((flags & (SYN | FIN)) === 0 ? 0 : 1);
        at += frame.length;
        step[i] = (step[i]! + 1) % script.length;
        if (step[i] === 0) open--;
      }
    }
    written += writeSync(file, piece, 0, at);
  } finally {
    closeSync(file);
  }
  return { packets, bytes: written, connections };
}

function header(into: Buffer): number {
  into.writeUInt32LE(0xa1b2c3d4, 0);
  into.writeUInt16LE(2, 4);
  into.writeUInt16LE(4, 6);
  into.writeUInt32LE(262_144, 16);
  into.writeUInt32LE(1, 20);
  return 24;
}

function packet(
  into: Buffer,
  packets: number,
  connection: number,
  fromServer: boolean,
  flags: number,
  seq: number,
  ack: number,
): void {
  const length = into.length - 16;
  const us = packets * STEP_US;
  into.fill(0, 0, HEADERS);
  into.writeUInt32LE(1_700_000_000 + Math.floor(us / 1e6), 0);
  into.writeUInt32LE(us % 1e6, 4);
  into.writeUInt32LE(length, 8);
  into.writeUInt32LE(length, 12);
  const frame = into.subarray(16);
  frame.writeUInt16BE(0x0800, 12);
  frame[14] = 0x45;
  frame.writeUInt16BE(length - 14, 16);
  frame.writeUInt16BE(packets & 0xffff, 18);
  frame[22] = 64;
  frame[23] = 6;
  // a client has a new port for each of its connections, 4,096 clients
  const client = 0x0a00_0000 + (connection & 4095);
  const server = 0x0a01_0000 + (connection % 16);
  const port = 1024 + ((connection >>> 12) % 60_000);
  frame.writeUInt32BE(fromServer ? server : client, 26);
  frame.writeUInt32BE(fromServer ? client : server, 30);
  frame.writeUInt16BE(fromServer ? SERVER_PORT : port, 34);
  frame.writeUInt16BE(fromServer ? port : SERVER_PORT, 36);
  frame.writeUInt32BE(seq, 38);
  frame.writeUInt32BE((flags & ACK) === 0 ? 0 : ack, 42);
  frame[46] = 0x50;
  frame[47] = flags;
  frame.writeUInt16BE(0xffff, 48);
}

import { constants } from 'node:os';
import { formatAddress, isV4 } from '../wire/address.ts';
import { clockTime, closeFd, SystemError } from './libc.ts';
import {
  beginConnect,
  type ControlMessage,
  errorQueue,
  socketName,
  waitForAnswer,
} from './libc-probe.ts';
import {
  AF_INET,
  bindSocket,
  getOption,
  openSocket,
  setOption,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  type SocketOption,
  SocketType,
} from './libc-sockets.ts';

/** What came back of one SYN that may only go so far. */
export type ProbeAnswer =
  | (Came & {
      /**
       * - `open`, `refused`: the end, or who speaks for it, accepts, or sends a RST
       * - `expired`: a router on the way
       */
      readonly kind: 'open' | 'refused' | 'expired';
    })
  /** ICMP says that it doesn't get there, and why. */
  | (Came & { readonly kind: 'unreachable'; readonly why: string })
  /** Nothing within the time. */
  | { readonly kind: 'silent' }
  /** Our own kernel has no way, or may not. */
  | { readonly kind: 'unsent'; readonly why: string };

interface Came {
  readonly from: string;
  readonly rtt_us: number;
}

export interface Probe {
  /** Of the end: 16 bytes, as src/wire/address.ts has them. */
  readonly address: Uint8Array;
  /** Index of the interface whose link has it, of a link-local address (RFC 4007); else 0. */
  readonly scope: number;
  readonly port: number;
  /** It is given up by the router that would make this zero. */
  readonly ttl: number;
  /** 0: the kernel chooses one. */
  readonly sourcePort: number;
  readonly waitMs: number;
}

/**
 * Sends a SYN with a small TTL by connect(2), and reads what becomes of it off the socket's error queue (ip(7),
 * IP_RECVERR). It needs no rights, and what it sends is what any program's connection would be.
 * Throws SystemError when there is no socket to be had.
 * @returns the answer, and the source port: with the same one the next probe takes the same of several balanced ways
 */
export async function probeTcp(probe: Probe): Promise<{ answer: ProbeAnswer; sourcePort: number }> {
  const v4 = isV4(probe.address);
  const [family, name] = v4 ? [AF_INET, 'AF_INET'] : [AF_INET6, 'AF_INET6'];
  const fd = openSocket(family, SocketType.STREAM | SOCK_NONBLOCK, name);
  try {
    const sourcePort = prepare(fd, v4, probe);
    return { answer: await answerOf(fd, v4, probe), sourcePort };
  } finally {
    closeFd(fd);
  }
}

function prepare(fd: number, v4: boolean, { ttl, sourcePort }: Probe): number {
  const value = Buffer.alloc(128);
  const set = (option: SocketOption, number: number): void => {
    value.writeInt32LE(number);
    setOption(fd, option, value, 4);
  };
  set(REUSE_ADDRESS, 1);
  set(TIMESTAMPS, 1);
  set(v4 ? TTL : HOP_LIMIT, ttl);
  set(v4 ? ERRORS : ERRORS6, 1);
  const bind = (port: number) =>
    bindSocket(fd, socketAddress(v4, new Uint8Array(16), port), v4 ? 16 : 28, 'a source port');
  try {
    bind(sourcePort);
  } catch (error) {
    // Somebody else has that port by now: from here on it is another flow.
    if (!(error instanceof SystemError) || error.code !== 'EADDRINUSE') throw error;
    bind(0);
  }
  return socketName(fd).readUInt16BE(2);
}

async function answerOf(
  fd: number,
  v4: boolean,
  { address, scope, port, waitMs }: Probe,
): Promise<ProbeAnswer> {
  const from = formatAddress(address);
  const sentUs = realtimeUs();
  const begun = beginConnect(fd, socketAddress(v4, address, port, scope), v4 ? 16 : 28);
  if (begun < 0 && begun !== -constants.errno.EINPROGRESS)
    return endAnswer(-begun, from, realtimeUs() - sentUs);
  if (begun < 0 && !(await waitForAnswer(fd, waitMs))) return { kind: 'silent' };
  const wokenUs = realtimeUs();
  const messages = errorQueue(fd);
  const icmp = messages.find((message) => is(message, ERRORS) || is(message, ERRORS6));
  if (icmp) return icmpAnswer(icmp.data, (stampUs(messages) ?? wokenUs) - sentUs);
  const error = getOption(fd, ERROR, 4).readInt32LE(0);
  if (error !== 0) return endAnswer(error, from, wokenUs - sentUs);
  // the kernel's own measure of the handshake
  const rtt_us = getOption(fd, TCP_INFO, TCPI_RTT + 4).readUInt32LE(TCPI_RTT);
  return { kind: 'open', from, rtt_us };
}

/** What an error of connect(2) tells, when no ICMP message came with it. */
function endAnswer(errno: number, from: string, rtt_us: number): ProbeAnswer {
  const { ECONNREFUSED, ETIMEDOUT } = constants.errno;
  if (errno === ECONNREFUSED) return { kind: 'refused', from, rtt_us };
  if (errno === ETIMEDOUT) return { kind: 'silent' };
  return { kind: 'unsent', why: new SystemError('connect', errno).code };
}

/** @param data struct sock_extended_err (linux/errqueue.h), and behind it the address of who sent the message */
function icmpAnswer(data: Buffer, rtt_us: number): ProbeAnswer {
  if (data.length < 16 + 16) return { kind: 'unsent', why: 'EPROTO' };
  const [origin, type, code] = [data[4]!, data[5]!, data[6]!];
  if (origin !== ORIGIN_ICMP && origin !== ORIGIN_ICMP6)
    return { kind: 'unsent', why: new SystemError('connect', data.readUInt32LE(0)).code };
  const v4 = origin === ORIGIN_ICMP;
  const from = v4
    ? formatAddress(Uint8Array.of(...MAPPED, ...data.subarray(20, 24)))
    : formatAddress(data.subarray(24, 40));
  const rttUs = Math.max(0, Math.round(rtt_us));
  if (type === (v4 ? TIME_EXCEEDED : TIME_EXCEEDED6))
    return { kind: 'expired', from, rtt_us: rttUs };
  const why = (v4 ? UNREACHABLE : UNREACHABLE6)[code] ?? `ICMP type ${type}, code ${code}`;
  return { kind: 'unreachable', from, rtt_us: rttUs, why };
}

/** When the kernel received it: SCM_TIMESTAMPNS. */
function stampUs(messages: readonly ControlMessage[]): number | undefined {
  const stamp = messages.find((message) => is(message, TIMESTAMPS));
  if (!stamp || stamp.data.length < 16) return undefined;
  return Number(stamp.data.readBigInt64LE(0)) * 1e6 + stamp.data.readInt32LE(8) / 1000;
}

function is({ level, type }: ControlMessage, option: SocketOption): boolean {
  return level === option.level && type === option.number;
}

function realtimeUs(): number {
  const [seconds, nanoseconds] = clockTime(CLOCK_REALTIME);
  return seconds * 1e6 + nanoseconds / 1000;
}

/** struct sockaddr_in, or sockaddr_in6. */
function socketAddress(v4: boolean, address: Uint8Array, port: number, scope = 0): Buffer {
  const name = Buffer.alloc(128);
  name.writeUInt16LE(v4 ? AF_INET : AF_INET6, 0);
  name.writeUInt16BE(port, 2);
  if (v4) name.set(address.subarray(12), 4);
  else name.set(address, 8);
  if (!v4) name.writeUInt32LE(scope, 24);
  return name;
}

const AF_INET6 = 10;
const CLOCK_REALTIME = 0;
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

const REUSE_ADDRESS: SocketOption = { level: SOL_SOCKET, number: 2, name: 'SO_REUSEADDR' };
const ERROR: SocketOption = { level: SOL_SOCKET, number: 4, name: 'SO_ERROR' };
const TIMESTAMPS: SocketOption = { level: SOL_SOCKET, number: 35, name: 'SO_TIMESTAMPNS' };
const TTL: SocketOption = { level: 0, number: 2, name: 'IP_TTL' };
const ERRORS: SocketOption = { level: 0, number: 11, name: 'IP_RECVERR' };
const HOP_LIMIT: SocketOption = { level: 41, number: 16, name: 'IPV6_UNICAST_HOPS' };
const ERRORS6: SocketOption = { level: 41, number: 25, name: 'IPV6_RECVERR' };
const TCP_INFO: SocketOption = { level: 6, number: 11, name: 'TCP_INFO' };
/** Offset of tcpi_rtt in struct tcp_info (linux/tcp.h), microseconds. */
const TCPI_RTT = 68;

/** SO_EE_ORIGIN_* */
const ORIGIN_ICMP = 2;
const ORIGIN_ICMP6 = 3;
const TIME_EXCEEDED = 11;
const TIME_EXCEEDED6 = 3;

/** Codes of Destination Unreachable (RFC 792; RFC 1812, section 5.2.7.1). */
const UNREACHABLE: Readonly<Record<number, string>> = {
  0: 'no way to the network',
  1: 'no way to the host',
  2: 'no such protocol there',
  3: 'port unreachable',
  4: 'too large for the way',
  5: 'source route failed',
  9: 'network prohibited by a firewall',
  10: 'host prohibited by a firewall',
  13: 'prohibited by a firewall',
};

/** Codes of the same for IPv6 (RFC 4443, section 3.1). */
const UNREACHABLE6: Readonly<Record<number, string>> = {
  0: 'no way to the network',
  1: 'prohibited by a firewall',
  2: 'beyond the scope of the source address',
  3: 'no way to the host',
  4: 'port unreachable',
  5: 'source address refused by a rule',
  6: 'way refused by a rule',
};

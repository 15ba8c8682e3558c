import { promisify } from 'node:util';
import koffi from 'koffi';
import { addressOf, failed, libc } from './libc.ts';

/** The calls that a connection needs which is only to find out what answers it; as in libc.ts. */

const cConnect = libc.func('int connect(int fd, const void *address, unsigned int length)');
const cRecvmsg = libc.func('long recvmsg(int fd, void *message, int flags)');
const cGetsockname = libc.func('int getsockname(int fd, void *address, void *length)');
const cPoll = libc.func('int poll(void *fds, unsigned long count, int timeout)');
const pollAsync = promisify(cPoll.async) as (
  fds: Uint8Array,
  count: number,
  timeout: number,
) => Promise<number>;

const MSG_DONTWAIT = 0x40;
const MSG_ERRQUEUE = 0x2000;
const POLLOUT = 4;

/** Begins to connect a socket that doesn't wait: 0, or -errno. @param address in memory that doesn't move */
export function beginConnect(fd: number, address: Uint8Array, length: number): number {
  return cConnect(fd, address, length) === 0 ? 0 : -koffi.errno();
}

/** Where a socket is bound: a struct sockaddr. Throws SystemError. */
export function socketName(fd: number): Buffer {
  const name = Buffer.alloc(128);
  name.writeUInt32LE(64, 64);
  if (cGetsockname(fd, name, name.subarray(64)) !== 0) throw failed('getsockname');
  return name.subarray(0, 64);
}

/** Waits, on another thread, until a socket is connected or has an error: false when nothing came within the time. */
export async function waitForAnswer(fd: number, timeoutMs: number): Promise<boolean> {
  const polled = Buffer.alloc(128); // struct pollfd: fd, events, revents
  polled.writeInt32LE(fd, 0);
  polled.writeInt16LE(POLLOUT, 4);
  return (await pollAsync(polled, 1, Math.ceil(timeoutMs))) > 0;
}

/** One control message, cmsg(3). */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: Buffer;
}

/** The control messages of what waits in a socket's error queue (recv(2), MSG_ERRQUEUE); empty: nothing does. */
export function errorQueue(fd: number): ControlMessage[] {
  const control = Buffer.alloc(512);
  const payload = Buffer.alloc(256);
  const vector = Buffer.alloc(128);
  vector.writeBigUInt64LE(addressOf(payload), 0);
  vector.writeBigUInt64LE(BigInt(payload.length), 8);
  const message = Buffer.alloc(128); // struct msghdr
  message.writeBigUInt64LE(addressOf(vector), 16);
  message.writeBigUInt64LE(1n, 24);
  message.writeBigUInt64LE(addressOf(control), 32);
  message.writeBigUInt64LE(BigInt(control.length), 40);
  if (Number(cRecvmsg(fd, message, MSG_ERRQUEUE | MSG_DONTWAIT)) < 0) return [];
  return controlMessages(control.subarray(0, Number(message.readBigUInt64LE(40))));
}

/** Bytes of struct cmsghdr: its length with itself, level, type. */
const HEADER = 16;

function controlMessages(control: Buffer): ControlMessage[] {
  const messages: ControlMessage[] = [];
  for (let at = 0; at + HEADER <= control.length; ) {
    const length = Number(control.readBigUInt64LE(at));
    if (length < HEADER || at + length > control.length) break;
    messages.push({
      level: control.readInt32LE(at + 8),
      type: control.readInt32LE(at + 12),
      data: control.subarray(at + HEADER, at + length),
    });
    at += (length + 7) & ~7;
  }
  return messages;
}

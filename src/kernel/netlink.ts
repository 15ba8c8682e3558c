import { constants } from 'node:os';
import { closeFd, SystemError } from './libc.ts';
import { netlinkSocket, receiveNetlink, sendDatagram } from './libc-sockets.ts';
import { Ask, type Datagram, dumpRequest, type NetlinkMessage, readDatagram } from './rtnetlink.ts';

/** The kernel writes no larger ones (netlink_dump). */
export const DATAGRAM_BYTES = 65_536;
const TRIES = 3;
const { EAGAIN, EINTR, ENOBUFS } = constants.errno;

/** The kernel's news of this network namespace. */
export class NetlinkEvents {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(DATAGRAM_BYTES);

  /** Throws SystemError where netlink is refused. @param groups of Group */
  constructor(groups: number) {
    this.#fd = netlinkSocket(groups);
  }

  /** The next datagram; undefined: there is none now. `bad`: something was lost, and only a dump tells what. */
  next(): Datagram | undefined {
    return receive(this.#fd, this.#buffer);
  }

  stop(): void {
    closeFd(this.#fd);
  }
}

/** All interfaces and their addresses as they are now; undefined: they change too fast. Throws SystemError. */
export function dumpInterfaces(): NetlinkMessage[] | undefined {
  for (let n = 0; n < TRIES; n++) {
    const links = dump(Ask.LINKS);
    const addresses = links && dump(Ask.ADDRESSES);
    if (addresses) return [...links, ...addresses];
  }
  return undefined;
}

function dump(what: number): NetlinkMessage[] | undefined {
  const fd = netlinkSocket(0);
  try {
    sendDatagram(fd, dumpRequest(what));
    const buffer = Buffer.alloc(DATAGRAM_BYTES);
    const found: NetlinkMessage[] = [];
    for (;;) {
      // Each call lets the kernel write the next part, so that it never has to be waited for.
      const datagram = receive(fd, buffer);
      if (!datagram || datagram.bad) return undefined;
      if (datagram.error !== 0) throw new SystemError('netlink', datagram.error);
      found.push(...datagram.messages);
      if (datagram.done) return found;
    }
  } finally {
    closeFd(fd);
  }
}

const LOST: Datagram = { messages: [], bad: true, done: false, error: 0 };

function receive(fd: number, buffer: Uint8Array): Datagram | undefined {
  const bytes = takeDatagram(fd, buffer);
  if (bytes === 'none') return undefined;
  return bytes === 'lost' ? LOST : readDatagram(bytes);
}

/**
 * The next datagram from the kernel, within the buffer; `lost`: there was one that is gone. Throws SystemError.
 * @param fd of netlinkSocket
 */
export function takeDatagram(fd: number, buffer: Uint8Array): Uint8Array | 'none' | 'lost' {
  for (;;) {
    const length = receiveNetlink(fd, buffer);
    if (length === 0 || length === -EINTR) continue; // somebody else's; or a signal
    if (length === -EAGAIN) return 'none';
    if (length === -ENOBUFS || length > buffer.length) return 'lost';
    if (length < 0) throw new SystemError('recvfrom AF_NETLINK', -length);
    return buffer.subarray(0, length);
  }
}

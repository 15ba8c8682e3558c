import { constants } from 'node:os';
import { setImmediate as others } from 'node:timers/promises';
import { SocketRow } from '../sockets/row.ts';
import { closeFd, SystemError } from './libc.ts';
import { NetlinkProtocol, netlinkSocket, sendDatagram } from './libc-sockets.ts';
import { AF_INET, AF_INET6 } from './netlink-body.ts';
import { DATAGRAM_BYTES, takeDatagram } from './netlink.ts';
import { DUMP, MESSAGE, walkMessages } from './netlink-messages.ts';

/** SOCK_DIAG_BY_FAMILY (linux/sock_diag.h). */
const BY_FAMILY = 20;
/** struct inet_diag_req_v2. */
const REQUEST = 56;
const IPPROTO_TCP = 6;
/** What is told of each socket, besides its queues: INET_DIAG_INFO, INET_DIAG_CONG, INET_DIAG_SKMEMINFO. */
const EXTENSIONS = (1 << 1) | (1 << 3) | (1 << 6);
/** Of about 80 sockets each: after so many, 2 ms or so, whatever else this process does has its turn. */
const DATAGRAMS = 8;
const { ENOBUFS } = constants.errno;

/**
 * All TCP sockets of this network namespace that are in some states, IPv4 and IPv6 (sock_diag(7)); needs no rights.
 * Throws SystemError where the kernel refuses.
 * @param states bits by the codes of TcpState
 * @param onRow is given the same row each time
 */
export async function dumpSockets(states: number, onRow: (row: SocketRow) => void): Promise<void> {
  const row = new SocketRow();
  for (const family of [AF_INET, AF_INET6]) await dump(family, states, row, onRow);
}

async function dump(
  family: number,
  states: number,
  row: SocketRow,
  onRow: (row: SocketRow) => void,
): Promise<void> {
  const fd = netlinkSocket(0, NetlinkProtocol.SOCK_DIAG);
  try {
    sendDatagram(fd, requestFor(family, states));
    const buffer = Buffer.alloc(DATAGRAM_BYTES);
    for (let taken = 1; ; taken++) {
      // Each call lets the kernel write the next part, so that it never has to be waited for.
      const bytes = takeDatagram(fd, buffer);
      if (typeof bytes === 'string') throw new SystemError('recvfrom NETLINK_SOCK_DIAG', ENOBUFS);
      const { bad, done, error } = walkMessages(bytes, (_type, from, to) => {
        if (!row.read(bytes, from, to)) return false;
        onRow(row);
        return true;
      });
      if (error !== 0) throw new SystemError('NETLINK_SOCK_DIAG', error);
      if (bad) throw new SystemError('NETLINK_SOCK_DIAG', constants.errno.EBADMSG);
      if (done) return;
      if (taken % DATAGRAMS === 0) await others();
    }
  } finally {
    closeFd(fd);
  }
}

function requestFor(family: number, states: number): Buffer {
  const request = Buffer.alloc(128); // koffi hands out memory of over 64 bytes only
  request.writeUInt32LE(MESSAGE + REQUEST, 0);
  request.writeUInt16LE(BY_FAMILY, 4);
  request.writeUInt16LE(DUMP, 6);
  request.writeUInt8(family, MESSAGE);
  request.writeUInt8(IPPROTO_TCP, MESSAGE + 1);
  request.writeUInt8(EXTENSIONS, MESSAGE + 2);
  request.writeUInt32LE(states, MESSAGE + 4);
  return request.subarray(0, MESSAGE + REQUEST);
}

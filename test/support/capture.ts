import { closeFd, SystemError } from '../../src/kernel/libc.ts';
import { openSocket, SocketType } from '../../src/kernel/libc-sockets.ts';

const AF_PACKET = 17;

/** Why this process may not open packet sockets here; undefined: it may. */
export function captureMissing(): string | undefined {
  try {
    closeFd(openSocket(AF_PACKET, SocketType.RAW, 'AF_PACKET'));
    return undefined;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return `packet sockets need CAP_NET_RAW (${error.message})`;
  }
}

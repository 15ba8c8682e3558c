/** Real loopback sockets whose packets a test may forge. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');
const cSocket = libc.func('int socket(int domain, int type, int protocol)');
const cBind = libc.func('int bind(int fd, const void *address, unsigned int length)');
const cListen = libc.func('int listen(int fd, int backlog)');
const cGetsockname = libc.func('int getsockname(int fd, void *address, void *length)');
const cClose = libc.func('int close(int fd)');

/** The two ends of something between loopback addresses. */
export interface Ends {
  readonly localPort: number;
  readonly remotePort: number;
  close(): Promise<void>;
}

/** A TCP connection; `remotePort` is the listener's. */
export async function connected(host: string): Promise<Ends> {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect(port, host);
  await once(client, 'connect');
  const [peer] = await accepted;
  return {
    localPort: client.localPort!,
    remotePort: port,
    close: async () => {
      for (const socket of [client, peer]) socket.resetAndDestroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A socket in SYN_SENT: nobody takes connections from the listener's queue, which holds one and no more. */
export async function connecting(): Promise<Ends> {
  const listener = lazyListener();
  const first = connect(listener.port, '127.0.0.1');
  await once(first, 'connect');
  const localPort = await freePort();
  const second = connect({ port: listener.port, host: '127.0.0.1', localPort });
  second.on('error', () => {});
  await new Promise(setImmediate);
  return {
    localPort,
    remotePort: listener.port,
    close: async () => {
      first.resetAndDestroy();
      second.destroy();
      await once(second, 'close');
      cClose(listener.fd);
    },
  };
}

/** A UDP socket, connected to `remotePort` unless that is undefined. */
export async function datagrams(remotePort: number | undefined): Promise<Ends> {
  const socket: UdpSocket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  if (remotePort !== undefined) {
    socket.connect(remotePort, '127.0.0.1');
    await once(socket, 'connect');
  }
  return {
    localPort: socket.address().port,
    remotePort: remotePort ?? 9,
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** A listener without accept(2), which Node always calls. */
function lazyListener(): { fd: number; port: number } {
  const fd = cSocket(2, 1, 0) as number;
  const address = Buffer.alloc(128);
  address.writeUInt16LE(2, 0);
  address.set([127, 0, 0, 1], 4);
  const length = Buffer.alloc(128);
  length.writeUInt32LE(16, 0);
  if (cBind(fd, address, 16) !== 0 || cListen(fd, 0) !== 0) throw new Error('no listener');
  cGetsockname(fd, address, length);
  return { fd, port: address.readUInt16BE(2) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import { closeFd } from '../kernel/libc.ts';
import { sendDatagram, unixDatagrams } from '../kernel/libc-sockets.ts';
import type { Carrier } from './carrier.ts';
import { local, rfc5424 } from './syslog-message.ts';

/** Where a syslog daemon listens. */
export type SyslogTarget =
  | { readonly by: 'unix'; readonly path: string }
  | { readonly by: 'udp' | 'tcp'; readonly host: string; readonly port: number };

/** @param host name of this host, as messages say it */
export function syslogTo(target: SyslogTarget, host: string): Carrier {
  if (target.by === 'unix') return new LocalSyslog(target.path);
  return target.by === 'udp' ? new UdpSyslog(target, host) : new TcpSyslog(target, host);
}

interface Remote {
  readonly host: string;
  readonly port: number;
}

function remoteName(by: string, { host, port }: Remote): string {
  return `syslog ${by}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A datagram socket of this host's, such as /dev/log; opened again after each failure. Never waits. */
class LocalSyslog implements Carrier {
  readonly by = 'syslog';
  readonly name: string;
  readonly batch = 1;
  readonly gatherMs = 0;
  readonly #path: string;
  #fd: number | undefined;

  constructor(path: string) {
    this.#path = path;
    this.name = `syslog ${path}`;
  }

  send(lines: readonly string[]): Promise<void> {
    // What is thrown in here rejects.
    return new Promise((resolve) => {
      try {
        for (const line of lines) {
          this.#fd ??= unixDatagrams(this.#path);
          sendDatagram(this.#fd, Buffer.from(local(line)));
        }
      } catch (error) {
        this.close();
        throw error;
      }
      resolve();
    });
  }

  close(): void {
    if (this.#fd !== undefined) closeFd(this.#fd);
    this.#fd = undefined;
  }
}

/** RFC 5426: a datagram for each message. Only what the network refuses is known to be lost. */
class UdpSyslog implements Carrier {
  readonly by = 'syslog';
  readonly name: string;
  readonly batch = 1;
  readonly gatherMs = 0;
  readonly #remote: Remote;
  readonly #host: string;
  #socket: Datagrams | undefined;

  constructor(remote: Remote, host: string) {
    this.#remote = remote;
    this.#host = host;
    this.name = remoteName('udp', remote);
  }

  async send(lines: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      this.#socket ??= await this.#open(signal);
      for (const line of lines) await sendOne(this.#socket, rfc5424(line, this.#host));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  async #open(signal: AbortSignal): Promise<Datagrams> {
    const { address, family } = await lookup(this.#remote.host);
    signal.throwIfAborted();
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).connect(this.#remote.port, address, resolve);
    });
    // ECONNREFUSED comes after the datagram that met it: the next one is tried on a new socket.
    return socket.on('error', () => {
      if (this.#socket === socket) this.close();
    });
  }
}

function sendOne(socket: Datagrams, message: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(message, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** RFC 6587 with octet counting. Sent is what the kernel took: the protocol has no acknowledgement. */
class TcpSyslog implements Carrier {
  readonly by = 'syslog';
  readonly name: string;
  readonly batch = 100;
  readonly gatherMs = 0;
  readonly #remote: Remote;
  readonly #host: string;
  #socket: Socket | undefined;

  constructor(remote: Remote, host: string) {
    this.#remote = remote;
    this.#host = host;
    this.name = remoteName('tcp', remote);
  }

  send(lines: readonly string[], signal: AbortSignal): Promise<void> {
    const socket = (this.#socket ??= this.#open());
    const frames = lines.map((line) => {
      const message = rfc5424(line, this.#host);
      return `${Buffer.byteLength(message)} ${message}`;
    });
    return new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => socket.destroy(), { once: true });
      const closed = (): void => reject(new Error('it closed the connection'));
      socket.once('error', reject).once('close', closed);
      // Waits for the connection, too; called back once the kernel has all of it.
      socket.write(frames.join(''), (error) => {
        socket.off('error', reject).off('close', closed);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  close(): void {
    this.#socket?.end(); // what was written still goes
    this.#socket?.unref();
    this.#socket = undefined;
  }

  #open(): Socket {
    const socket = connect({ ...this.#remote, keepAlive: true, noDelay: true });
    socket.resume(); // its end shows only to who reads
    socket
      .on('error', () => {})
      .on('close', () => {
        if (this.#socket === socket) this.#socket = undefined;
      });
    return socket;
  }
}

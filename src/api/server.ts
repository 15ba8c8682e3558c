import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorText, OperatorError } from '../model/errors.ts';
import { formatListen, isLoopback, isOwnHost, type ListenAddress } from './address.ts';
import { ANSWERS, type Status } from './answers.ts';
import type { HttpCounts } from './view.ts';

/** What a path answers with. */
export interface Page {
  readonly status: Status;
  readonly type: string;
  readonly body: string;
}

export interface ServerOptions {
  readonly address: ListenAddress;
  /** The page of a path, made anew for each request; undefined: there is none. */
  readonly page: (path: string, accept: string | undefined) => Page | undefined;
  /** Told what the operator should know, a line each. */
  readonly note: (line: string) => void;
}

export const SERVER_LIMITS = {
  /** Scrapers and a few curious people; more are refused and counted. */
  connections: 64,
  /** A scraper sends well under 1 kB. */
  headerBytes: 8192,
  /** From the connection's or the request's begin to the end of its headers. */
  headersMs: 5000,
  requestMs: 10_000,
  /** Longer than the usual minute between scrapes, so that a scraper is one connection in our own log. */
  keepAliveMs: 75_000,
} as const;

/** How often Node looks for requests that take too long. */
const CHECK_MS = 1000;

const HEADERS: OutgoingHttpHeaders = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** An HTTP server that only answers GET and HEAD, for pages that are made at once. After its start nothing of it throws. */
export class HttpServer {
  readonly #options: ServerOptions;
  readonly #checksHost: boolean;
  readonly #answers: Map<number, number> = new Map(Object.keys(ANSWERS).map((s) => [Number(s), 0]));
  #refused = 0;
  #server: Server | undefined;
  #failed = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#checksHost = isLoopback(options.address.host);
  }

  /** Listens. Throws OperatorError when the address can't be had. Returns where, with the port that was chosen. */
  async start(): Promise<ListenAddress> {
    const { host, port } = this.#options.address;
    const server = createServer(
      {
        maxHeaderSize: SERVER_LIMITS.headerBytes,
        headersTimeout: SERVER_LIMITS.headersMs,
        requestTimeout: SERVER_LIMITS.requestMs,
        keepAliveTimeout: SERVER_LIMITS.keepAliveMs,
        connectionsCheckingInterval: CHECK_MS,
      },
      (request, response) => this.#answer(request, response),
    );
    server.maxConnections = SERVER_LIMITS.connections;
    server.timeout = SERVER_LIMITS.requestMs; // of a reader that doesn't read
    server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.#reject(error.code, socket),
    );
    server.on('drop', () => {
      this.#refused++;
      server.closeIdleConnections();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ host, port }, resolve);
    }).catch((cause: unknown) => {
      throw refusal(this.#options.address, cause);
    });
    server.removeAllListeners('error').on('error', (error) => this.#fail(error));
    this.#server = server;
    return { host, port: (server.address() as AddressInfo).port };
  }

  counts(): HttpCounts {
    return { answers: this.#answers, refused: this.#refused };
  }

  /** Closes at once, whoever is connected. */
  stop(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { status, type, body } = this.#pageOf(request);
    this.#count(status);
    response.writeHead(status, {
      ...HEADERS,
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
      // Whoever asks for something else has nothing more to ask, and its body is not read.
      ...(status === 200 || status === 503 ? {} : { Connection: 'close' }),
    });
    response.end(body);
  }

  #pageOf({ method, url, headers }: IncomingMessage): Page {
    if (this.#checksHost && !isOwnHost(headers.host)) return plain(421);
    if (method !== 'GET' && method !== 'HEAD') return plain(405);
    try {
      const path = url!.split('?', 1)[0]!;
      return this.#options.page(path, headers.accept) ?? plain(404);
    } catch (error) {
      this.#fail(error);
      return plain(500);
    }
  }

  /** A request that Node's parser refused. */
  #reject(code: string | undefined, socket: Duplex): void {
    if (!socket.writable || code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const status = PARSER_ERRORS[code ?? ''] ?? 400;
    this.#count(status);
    socket.end(
      `HTTP/1.1 ${status} ${ANSWERS[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
  }

  #count(status: Status): void {
    this.#answers.set(status, this.#answers.get(status)! + 1);
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const why = errorText(error);
    this.#options.note(`the metrics listener failed (${why}); watching goes on`);
  }
}

const PARSER_ERRORS: Readonly<Record<string, Status>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

function plain(status: Status): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${ANSWERS[status]}\n` };
}

function refusal(address: ListenAddress, cause: unknown): OperatorError {
  const { code } = cause as NodeJS.ErrnoException;
  const [why, hint] = REASONS[code ?? ''] ?? [code ?? String(cause), 'use another address'];
  return new OperatorError(`cannot listen on ${formatListen(address)}: ${why}`, hint, { cause });
}

const REASONS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  EADDRINUSE: [
    'another program has that port (EADDRINUSE)',
    'use another one, such as --listen 127.0.0.1:9471',
  ],
  EADDRNOTAVAIL: [
    'this host has no such address (EADDRNOTAVAIL)',
    'use --listen 127.0.0.1:9470, or an address of `ip -brief addr`',
  ],
  EACCES: ['this user may not have that port (EACCES)', 'use one from 1024 on'],
  EAFNOSUPPORT: ['this host has no IPv6 (EAFNOSUPPORT)', 'use --listen 127.0.0.1:9470'],
};

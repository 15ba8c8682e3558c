import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorText, OperatorError } from '../model/errors.ts';
import { formatListen, type ListenAddress } from './address.ts';
import type { Certificate } from './certificate.ts';
import { ANSWERS, type Status } from './answers.ts';
import { type Gate, type Refusal, type RefusalName, REFUSALS } from './gate.ts';
import { clientOf } from './rate.ts';
import { errorBody } from './refused.ts';
import type { HttpCounts } from './view.ts';

export interface ServerOptions {
  readonly address: ListenAddress;
  /** Undefined: without TLS. */
  readonly certificate: Certificate | undefined;
  readonly gate: Gate;
  /** Answers what the gate lets in. */
  readonly answer: RequestListener;
  /** Told what the operator should know, a line each. */
  readonly note: (line: string) => void;
}

export const SERVER_LIMITS = {
  /** Scrapers, live streams and a few curious people; more are refused and counted. */
  connections: 64,
  /** A browser sends about 1 kB. */
  headerBytes: 8192,
  /** From the connection's or the request's begin to the end of its headers. */
  headersMs: 5000,
  requestMs: 10_000,
  /** Longer than the usual minute between scrapes, so that a scraper is one connection in our own log. */
  keepAliveMs: 75_000,
} as const;

/** Who goes on sending after its refusal would keep its place among the connections. */
const LINGER_MS = 1000;

/** How often Node looks for requests that take too long. */
const CHECK_MS = 1000;

/** The page has files of its own and nothing else: no inline scripts or styles, no other origin, no frames. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** The one HTTP server: bounded in every way, and with a gate before what answers. After its start nothing of it throws. */
export class HttpServer {
  readonly #options: ServerOptions;
  readonly #answers: Map<number, number> = new Map(Object.keys(ANSWERS).map((s) => [Number(s), 0]));
  readonly #refusals = new Map<RefusalName, number>();
  #refused = 0;
  #server: Server | undefined;
  #failed = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    for (const why of Object.keys(REFUSALS) as RefusalName[]) this.#refusals.set(why, 0);
  }

  /** Listens. Throws OperatorError when the address can't be had. Returns where, with the port that was chosen. */
  async start(): Promise<ListenAddress> {
    const { host, port } = this.#options.address;
    const server = this.#create();
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
    server.removeAllListeners('error').on('error', (error) => this.fail(error));
    this.#server = server;
    return { host, port: (server.address() as AddressInfo).port };
  }

  counts(): Pick<HttpCounts, 'answers' | 'refused' | 'refusals'> {
    return { answers: this.#answers, refused: this.#refused, refusals: this.#refusals };
  }

  /** Connections from now on have this certificate. Throws when it is none, and goes on with the one before. */
  renew(certificate: Certificate): void {
    if (this.#server instanceof SecureServer) this.#server.setSecureContext(certificate);
  }

  /** Closes at once, whoever is connected. */
  stop(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
  }

  countRefusal(why: RefusalName): void {
    this.#refusals.set(why, this.#refusals.get(why)! + 1);
  }

  /** Notes the first thing that should not have happened. */
  fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#options.note(`the listener failed (${errorText(error)}); watching goes on`);
  }

  #create(): Server {
    const { certificate } = this.#options;
    const limits = {
      maxHeaderSize: SERVER_LIMITS.headerBytes,
      headersTimeout: SERVER_LIMITS.headersMs,
      requestTimeout: SERVER_LIMITS.requestMs,
      keepAliveTimeout: SERVER_LIMITS.keepAliveMs,
      connectionsCheckingInterval: CHECK_MS,
    };
    const take: RequestListener = (request, response) => this.#take(request, response);
    if (!certificate) return createServer(limits, take);
    try {
      const handshakeTimeout = SERVER_LIMITS.headersMs;
      return createSecureServer({ ...limits, ...certificate, handshakeTimeout }, take);
    } catch (cause) {
      throw new OperatorError(
        `--tls-cert and --tls-key can't be used: ${errorText(cause)}`,
        'give a certificate and its key, both PEM, the key without a passphrase',
        { cause },
      );
    }
  }

  #take(...[request, response]: Parameters<RequestListener>): void {
    response.once('close', () => {
      if (response.headersSent) this.#count(response.statusCode);
    });
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const { method = '', url = '', headers, socket } = request;
    const path = url.split('?', 1)[0]!;
    const client = clientOf(socket.remoteAddress);
    const found = this.#options.gate.refusal({ method, path, headers, client }, performance.now());
    if (found) this.#refuse(response, path, found);
    else this.#options.answer(request, response);
  }

  #refuse(response: ServerResponse, path: string, refused: Refusal): void {
    const { why, status, message, hint } = refused;
    this.countRefusal(why);
    const api = path.startsWith('/api/');
    const body = api ? JSON.stringify(errorBody(why, message, hint)) : `${message}: ${hint}\n`;
    response.writeHead(status, {
      ...refused.headers,
      'Content-Type': api ? 'application/json' : 'text/plain; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      Connection: 'close', // the body is not read
    });
    response.end(body);
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
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }

  #count(status: number): void {
    this.#answers.set(status, (this.#answers.get(status) ?? 0) + 1);
  }
}

const PARSER_ERRORS: Readonly<Record<string, Status>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

function refusal(address: ListenAddress, cause: unknown): OperatorError {
  if (cause instanceof OperatorError) return cause;
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

import type { IncomingHttpHeaders } from 'node:http';
import { isOwnHost } from './address.ts';
import type { Status } from './answers.ts';
import { Rate } from './rate.ts';
import type { Token } from './token.ts';

/** Why a request is refused before anybody looks at what it asks for, or is refused a stream. */
export const REFUSALS = {
  host: 'a Host header of another name: DNS rebinding',
  origin: 'from a page of another origin',
  method: 'a method that nothing here has',
  token: 'without the token, or with another one',
  rate: 'too many from one client',
  body: 'a body that is too long, or no JSON',
  streams: 'more live streams, or filters of them, than there may be',
} as const;

export type RefusalName = keyof typeof REFUSALS;

export interface Refusal {
  readonly why: RefusalName;
  readonly status: Status;
  readonly message: string;
  readonly hint: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Of a request, what decides whether it is let in. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Who asks (clientOf). */
  readonly client: string;
}

export interface GateOptions {
  /** Nobody but this host reaches the listener. */
  readonly loopback: boolean;
  readonly scheme: 'http' | 'https';
  readonly token: Pick<Token, 'is'>;
}

/**
 * What asks for little. All else costs as much as so many of these: it may read a table of thousands, however it is
 * written (`/%61pi/`).
 */
const SMALL =
  /^\/(?:$|[\w-]+$|[\w.-]+\.\w+$|assets\/|api\/v1\/(?:status|health|live|blocks|allow)\b)/;
const LARGE_COST = 5;
/** A token that is wrong costs a second's worth of requests. */
const WRONG_TOKEN = 50;

/**
 * The files of the page, which tell nothing and ask for the token themselves. Whatever isn't written just so is closed:
 * paths may be written in many ways, and only those who answer decode them.
 */
const OPEN = /^\/(?:assets\/)?(?:[\w-]+(?:\.[\w-]+)+)?$/;

/** Lets requests in or not: by Host, method, Origin, token and how many there were. */
export class Gate {
  readonly #options: GateOptions;
  readonly #rate = new Rate();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Why a request is refused; undefined: it isn't. */
  refusal(asked: Asked, nowMs: number): Refusal | undefined {
    const { method, path, headers } = asked;
    if (this.#options.loopback && !isOwnHost(headers.host)) return OTHER_HOST;
    const changes = method === 'POST' || method === 'DELETE';
    if (method !== 'GET' && method !== 'HEAD' && !(changes && path.startsWith('/api/v1/')))
      return NO_METHOD;
    const token = this.#tokenOf(headers);
    const cost = token === 'wrong' ? WRONG_TOKEN : costOf(path);
    // who has the token isn't held up by others on the same address who don't
    const client = token === 'right' ? 'token' : asked.client;
    if (!this.#rate.takes(client, cost, nowMs)) return TOO_MANY;
    if (OPEN.test(path)) return undefined;
    if (!this.#isOwnOrigin(headers)) return OTHER_ORIGIN;
    if (token === 'right' || (this.#options.loopback && !changes)) return undefined;
    return token === 'wrong' ? WRONG : NO_TOKEN;
  }

  #tokenOf({ authorization }: IncomingHttpHeaders): 'right' | 'wrong' | 'none' {
    if (authorization === undefined) return 'none';
    const given = /^Bearer +(?<token>\S+)$/i.exec(authorization)?.groups?.['token'] ?? '';
    return this.#options.token.is(given) ? 'right' : 'wrong';
  }

  /** Browsers say of which page a request is; other programs say nothing. */
  #isOwnOrigin({ host, origin, ...others }: IncomingHttpHeaders): boolean {
    if (origin !== undefined)
      return origin.toLowerCase() === `${this.#options.scheme}://${host?.toLowerCase()}`;
    const site = others['sec-fetch-site'];
    return site === undefined || site === 'same-origin' || site === 'none';
  }
}

function costOf(path: string): number {
  return SMALL.test(path) && !/%|\.\./.test(path) ? 1 : LARGE_COST;
}

const OTHER_HOST: Refusal = {
  why: 'host',
  status: 421,
  message: 'this is the listener of another host name',
  hint: 'ask for localhost or 127.0.0.1',
};
const OTHER_ORIGIN: Refusal = {
  why: 'origin',
  status: 403,
  message: 'a page of another origin asks',
  hint: "use the program's own page",
};
const NO_METHOD: Refusal = {
  why: 'method',
  status: 405,
  message: 'nothing here has that method',
  hint: 'use GET; /api/v1/openapi.json lists what there is',
  headers: { Allow: 'GET, HEAD' },
};
const TOO_MANY: Refusal = {
  why: 'rate',
  status: 429,
  message: 'too many requests',
  hint: 'ask again in a second',
  headers: { 'Retry-After': '1' },
};
const NO_TOKEN: Refusal = {
  why: 'token',
  status: 401,
  message: 'the token is wanted',
  hint: 'send `Authorization: Bearer TOKEN`; the program says at its start in which file it is',
  headers: { 'WWW-Authenticate': 'Bearer' },
};
const WRONG: Refusal = { ...NO_TOKEN, message: 'that is not the token' };

import { Dns } from './dns.ts';
import type { Metadata } from '../model/metadata.ts';
import type { Finding } from './finding.ts';
import { Http } from './http.ts';
import type { PassiveNames } from './passive-names.ts';
import { Reading, someMore } from './reading.ts';
import { readSshBanner } from './ssh.ts';
import { socksEnd } from './socks.ts';
import { Tls } from './tls.ts';

/** Of HTTP's status codes, those between mean success. */
const OK = 200;
const REDIRECTION = 300;

/** All protocols that are known by their first bytes, whatever the port. */
export class Protocols {
  readonly #tls: Tls;
  readonly #http = new Http();
  readonly #dns: Dns;

  constructor(sha256hex: (text: string) => string, names?: PassiveNames) {
    this.#tls = new Tls(sha256hex);
    this.#dns = new Dns(names);
  }

  /** Answers to questions that weren't seen. */
  get unasked(): number {
    return this.#dns.unasked;
  }

  /**
   * Looks at the first bytes of one direction of a stream, and says what to do with more: a Reading.
   * @param last no more will come
   */
  stream(
    finding: Finding,
    fromOriginator: boolean,
    bytes: Uint8Array,
    from: number,
    to: number,
    last: boolean,
  ): number {
    const { metadata } = finding;
    // the first bytes of these have nothing in common but where there are too few to tell
    const direct = this.#direct(metadata, fromOriginator, bytes, from, to, last);
    if (direct !== Reading.unlike) return direct;
    const http = this.#http.stream(metadata, bytes, from, to, last);
    if (http === Reading.done && isTunnel(metadata)) {
      if (this.#http.end < 0 && !last) return someMore(to - from);
      const within = this.#within(metadata, fromOriginator, bytes, from, this.#http.end, to, last);
      return Math.max(Reading.done, within);
    }
    if (http !== Reading.unlike) return http;
    const start = socksEnd(bytes, from, to, fromOriginator);
    const socks = this.#within(metadata, fromOriginator, bytes, from, start, to, last);
    if (socks !== Reading.unlike) return socks;
    return this.#dns.stream(finding, fromOriginator, bytes, from, to, last);
  }

  /** Looks at a datagram. */
  datagram(finding: Finding, bytes: Uint8Array, from: number, to: number): void {
    this.#dns.message(finding, bytes, from, to);
  }

  /** What a tunnel may carry as well. */
  #direct(
    into: Metadata,
    fromOriginator: boolean,
    bytes: Uint8Array,
    from: number,
    to: number,
    last: boolean,
  ): number {
    const tls = this.#tls.stream(into, bytes, from, to, last);
    if (tls !== Reading.unlike) return tls;
    return readSshBanner(into, fromOriginator, bytes, from, to, last);
  }

  /** What a proxy passes on. @param start where it begins; -1 when nothing does */
  #within(
    into: Metadata,
    fromOriginator: boolean,
    bytes: Uint8Array,
    from: number,
    start: number,
    to: number,
    last: boolean,
  ): number {
    if (start < 0) return Reading.unlike;
    if (start >= to) return last ? Reading.unlike : start - from + 1;
    const reading = this.#direct(into, fromOriginator, bytes, start, to, last);
    return reading > Reading.done ? start - from + reading : reading;
  }
}

/** Does what follows the head belong to a tunnel (RFC 9110 9.3.6)? */
function isTunnel({ http }: Metadata): boolean {
  const { method, status = OK } = http ?? {};
  return method === 'CONNECT' && status >= OK && status < REDIRECTION;
}

import { Dns } from './dns.ts';
import type { Finding } from './finding.ts';
import { readHttpRequest, readHttpResponse } from './http.ts';
import type { PassiveNames } from './passive-names.ts';
import { Reading } from './reading.ts';
import { readSshBanner } from './ssh.ts';
import { Tls } from './tls.ts';

/** All protocols that are known by their first bytes, whatever the port. */
export class Protocols {
  readonly #tls: Tls;
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
    let reading = this.#tls.stream(metadata, bytes, from, to, last);
    if (reading === Reading.unlike)
      reading = readSshBanner(metadata, fromOriginator, bytes, from, to, last);
    if (reading === Reading.unlike) reading = readHttpRequest(metadata, bytes, from, to, last);
    if (reading === Reading.unlike) reading = readHttpResponse(metadata, bytes, from, to, last);
    if (reading === Reading.unlike) reading = this.#dns.stream(finding, bytes, from, to, last);
    return reading;
  }

  /** Looks at a datagram. */
  datagram(finding: Finding, bytes: Uint8Array, from: number, to: number): void {
    this.#dns.message(finding, bytes, from, to);
  }
}

import type { HttpMetadata, Metadata } from '../model/metadata.ts';
import { HttpFields, lineEnd } from './http-fields.ts';
import { RequestLine, statusAt } from './http-line.ts';
import { Reading, someMore } from './reading.ts';
import { byteText, TEXT_MAX } from './text.ts';

/** Most characters of a request's target. */
export const TARGET_MAX = 1024;

/** Length of `HTTP/1.1 200`. */
const STATUS = 12;
const OK = 200;
const SWITCHING_PROTOCOLS = 101;

/** Reads the head of the first request and of the first response. */
export class Http {
  /** Where what follows the head that was read last begins; -1 when that head has no end. */
  end = -1;
  readonly #line = new RequestLine();
  readonly #fields = new HttpFields();

  /** Reads what a direction begins with; whose it is is told by the first line. */
  stream(into: Metadata, bytes: Uint8Array, from: number, to: number, last: boolean): number {
    const reading = this.#request(into, bytes, from, to, last);
    return reading === Reading.unlike ? this.#response(into, bytes, from, to, last) : reading;
  }

  /** A request (RFC 9112 3). */
  #request(into: Metadata, bytes: Uint8Array, from: number, to: number, last: boolean): number {
    const line = this.#line;
    const fields = this.#fields;
    const reading = line.read(bytes, from, to, last);
    if (reading !== Reading.done) return reading;
    fields.read(bytes, line.version < 0 ? to : line.next, to);
    this.end = fields.end;
    if (this.end < 0 && line.version >= 0 && !last) return someMore(to - from);
    const http = (into.http ??= {});
    if (http.method !== undefined) return Reading.done;
    http.method = byteText(bytes, line.start, line.space);
    http.target = byteText(bytes, line.space + 1, line.targetEnd, TARGET_MAX);
    if (line.version >= 0) http.version = byteText(bytes, line.version + 5, line.version + 8);
    else if (line.next >= 0) http.version = '0.9';
    tellFields(http, fields);
    return Reading.done;
  }

  /** The first response that isn't interim (RFC 9112 4, RFC 9110 15.2): others follow those. */
  #response(into: Metadata, bytes: Uint8Array, from: number, to: number, last: boolean): number {
    let status = 0;
    for (let at = from; ; at = this.end) {
      const code = statusAt(bytes, at, to);
      if (code === to && !last) return at - from + STATUS;
      if (code === Reading.unlike || code === to) break;
      status = Number(byteText(bytes, code, code + 3));
      const line = lineEnd(bytes, code, to);
      this.#fields.read(bytes, line < 0 ? to : line + 1, to);
      this.end = this.#fields.end;
      if (status >= OK || status === SWITCHING_PROTOCOLS) break;
      if (this.end < 0 && !last) return someMore(to - from);
      if (this.end < 0) break;
    }
    if (status === 0) return Reading.unlike;
    const http = (into.http ??= {});
    http.status ??= status;
    return Reading.done;
  }
}

function tellFields(http: HttpMetadata, fields: HttpFields): void {
  const host = authority(http) ?? fields.host;
  if (host !== undefined) http.host = host;
  if (fields.userAgent !== undefined) http.userAgent = fields.userAgent;
  if (fields.forwardedFor !== undefined) http.forwardedFor = fields.forwardedFor;
  if (fields.forwarded !== undefined) http.forwarded = fields.forwarded;
}

/** The host and port in a target of authority or absolute form (RFC 9112 3.2). */
function authority({ method, target = '' }: HttpMetadata): string | undefined {
  const whole =
    method === 'CONNECT' ? target : /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1];
  return whole?.slice(whole.lastIndexOf('@') + 1, TEXT_MAX);
}

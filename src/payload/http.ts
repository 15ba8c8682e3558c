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

const LINE: RequestLine = new RequestLine();
const FIELDS: HttpFields = new HttpFields();

/** Reads the first request of a connection (RFC 9112 3). */
export function readHttpRequest(
  into: Metadata,
  bytes: Uint8Array,
  from: number,
  to: number,
  last: boolean,
): number {
  const line = LINE.read(bytes, from, to, last);
  if (line !== Reading.done) return line;
  FIELDS.read(bytes, LINE.version < 0 ? to : LINE.next, to);
  if (FIELDS.end < 0 && LINE.version >= 0 && !last) return someMore(to - from);
  const http = (into.http ??= {});
  if (http.method !== undefined) return Reading.done;
  http.method = byteText(bytes, LINE.start, LINE.space);
  http.target = byteText(bytes, LINE.space + 1, LINE.targetEnd, TARGET_MAX);
  if (LINE.version >= 0) http.version = byteText(bytes, LINE.version + 5, LINE.version + 8);
  else if (LINE.next >= 0) http.version = '0.9';
  tellFields(http);
  return Reading.done;
}

/** Reads the status of the first response that isn't interim (RFC 9110 15.2): others follow those. */
export function readHttpResponse(
  into: Metadata,
  bytes: Uint8Array,
  from: number,
  to: number,
  last: boolean,
): number {
  let status = 0;
  for (let at = from; ; at = FIELDS.end) {
    const code = statusAt(bytes, at, to);
    if (code === to && !last) return at - from + STATUS;
    if (code === Reading.unlike || code === to) break;
    status = Number(byteText(bytes, code, code + 3));
    if (status >= OK || status === SWITCHING_PROTOCOLS) break;
    const line = lineEnd(bytes, code, to);
    FIELDS.read(bytes, line < 0 ? to : line + 1, to);
    if (FIELDS.end >= 0) continue;
    if (!last) return someMore(to - from);
    break;
  }
  if (status === 0) return Reading.unlike;
  const http = (into.http ??= {});
  http.status ??= status;
  return Reading.done;
}

function tellFields(http: HttpMetadata): void {
  const host = authority(http) ?? FIELDS.host;
  if (host !== undefined) http.host = host;
  if (FIELDS.userAgent !== undefined) http.userAgent = FIELDS.userAgent;
  if (FIELDS.forwardedFor !== undefined) http.forwardedFor = FIELDS.forwardedFor;
  if (FIELDS.forwarded !== undefined) http.forwarded = FIELDS.forwarded;
}

/** The host and port in a target of authority or absolute form (RFC 9112 3.2). */
function authority({ method, target = '' }: HttpMetadata): string | undefined {
  const whole =
    method === 'CONNECT' ? target : /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1];
  return whole?.slice(whole.lastIndexOf('@') + 1, TEXT_MAX);
}

import { createHmac } from 'node:crypto';
import { type Carrier, Refused } from './carrier.ts';

/** Answers after which another try makes sense, among those that begin with 4: Request Timeout, Too Many Requests. */
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 429]);

export interface WebhookOptions {
  /** http or https. */
  readonly url: URL;
  /** Signs each body: `x-packetwatch-signature: sha256=HEX`, HMAC-SHA256 (RFC 2104). */
  readonly secret: string | undefined;
}

/** POSTs alerts as a JSON array. Redirects are not followed; a 2xx answer is success, its body is not read. */
export class Webhook implements Carrier {
  readonly by = 'webhook';
  readonly name: string;
  readonly batch = 100;
  readonly gatherMs = 1000;
  readonly #url: URL;
  readonly #secret: string | undefined;

  constructor(options: WebhookOptions) {
    this.#url = options.url;
    this.#secret = options.secret;
    this.name = `webhook ${options.url.origin}`;
  }

  async send(lines: readonly string[], signal: AbortSignal): Promise<void> {
    // Loaded by who needs them: they cost 3 MB.
    const { request } = await (this.#url.protocol === 'https:'
      ? import('node:https')
      : import('node:http'));
    const body = Buffer.from(`[${lines.join(',')}]`);
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      'user-agent': 'packetwatch',
      ...(this.#secret === undefined
        ? {}
        : { 'x-packetwatch-signature': sign(this.#secret, body) }),
    };
    await new Promise<void>((resolve, reject) => {
      // A connection for each: at most one a second is made, and none is left over at the end.
      const options = { method: 'POST', headers, signal, agent: false } as const;
      request(this.#url, options, (response) => {
        const status = response.statusCode ?? 0;
        response.on('error', () => {}).destroy();
        if (status >= 200 && status < 300) resolve();
        else if (status >= 500 || TRY_AGAIN.has(status))
          reject(new Error(`its answer was ${status}`));
        else reject(new Refused(`its answer was ${status}`));
      })
        .on('error', reject)
        .end(body);
    });
  }

  close(): void {}
}

function sign(secret: string, body: Buffer): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

import type { IncomingMessage } from 'node:http';
import type { Context, Hono } from 'hono';
import { OperatorError } from '../model/errors.ts';
import { formatPrefix } from '../wire/prefix.ts';
import type { Env } from './app.ts';
import type { Blocking } from './program.ts';
import { prefixOf } from './question.ts';
import { Refused } from './refused.ts';

/** Bytes of a body: an address and a number. */
const BODY = 4096;
/** As `block add` without --ttl, and its longest. */
const LONGEST_S = 365 * 86_400;

export interface ChangeOptions {
  /** Throws Refused when nothing here could block. */
  readonly blocking: () => Blocking;
  /** Tells the operator what was changed, a line. */
  readonly note: (line: string) => void;
}

/** Who is blocked and who never is, and the changes of both: as `packetwatch block` and `allow`. */
export function changeRoutes(app: Hono<Env>, { blocking, note }: ChangeOptions): void {
  const answer = async (c: Context<Env>) => c.json(await blocking().list());
  const change = async (c: Context<Env>, what: string, step: () => void | Promise<void>) => {
    try {
      await step();
    } catch (error) {
      if (error instanceof OperatorError)
        throw new Refused(409, 'refused', error.message, error.hint);
      throw error;
    }
    note(`${what}, asked over HTTP by ${c.env.incoming.socket.remoteAddress}`);
    return answer(c);
  };

  app.get('/api/v1/blocks', answer);
  app.get('/api/v1/blocks/:address/why', async (c) =>
    c.json(await blocking().why(prefixOf(c.req.param('address')))),
  );
  app.post('/api/v1/blocks', async (c) => {
    const { address, ttl_s: ttl } = await bodyOf(c);
    const source = prefixOf(address);
    const seconds = secondsOf(ttl) ?? blocking().seconds;
    const what = `${formatPrefix(source)} was blocked for ${seconds}s`;
    return change(c, what, () => blocking().block(source, seconds));
  });
  app.delete('/api/v1/blocks/:address', (c) => {
    const source = prefixOf(c.req.param('address'));
    return change(c, `${formatPrefix(source)} was unblocked`, () => blocking().unblock(source));
  });
  app.post('/api/v1/allow', async (c) => {
    const allowed = prefixOf((await bodyOf(c)).address);
    return change(c, `${formatPrefix(allowed)} was allowed`, () => blocking().allow(allowed));
  });
  app.delete('/api/v1/allow/:address', (c) => {
    const allowed = prefixOf(c.req.param('address'));
    const what = `${formatPrefix(allowed)} is not allowed any more`;
    return change(c, what, () => blocking().disallow(allowed));
  });
}

/** What a change is asked with; anything may be in it. */
interface Body {
  readonly address?: unknown;
  readonly ttl_s?: unknown;
}

async function bodyOf(c: Context<Env>): Promise<Body> {
  // what a form of another page can't send
  if (!/^application\/json\b/i.test(c.req.header('content-type') ?? ''))
    throw refusedBody(415, 'the body is JSON, and its Content-Type says so');
  const value = parsed(await textOf(c.env.incoming));
  if (typeof value === 'object' && value !== null) return value;
  throw refusedBody(400, 'the body is no JSON object');
}

/** The whole body, whether its length was told or it came in chunks; of one that broke off what there was. */
async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const some = incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  try {
    for await (const chunk of some) {
      size += chunk.length;
      if (size > BODY) break;
      chunks.push(chunk);
    }
  } catch {
    // Who asked is gone.
  }
  if (size > BODY) throw refusedBody(413, `a body has at most ${BODY} bytes`);
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusedBody(status: 400 | 413 | 415, message: string): Refused {
  return new Refused(status, 'body', message, 'send {"address": "192.0.2.7"}', 'body');
}

/** Undefined: it isn't there. */
function secondsOf(ttl: unknown): number | undefined {
  if (ttl === undefined || ttl === null) return undefined;
  if (typeof ttl === 'number' && ttl > 0 && ttl <= LONGEST_S) return ttl;
  throw new Refused(400, 'bad_request', 'ttl_s is no time', `give seconds, at most ${LONGEST_S}`);
}

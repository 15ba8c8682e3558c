import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Hono } from 'hono';
import type { Env } from './app.ts';
import type { Live } from './live.ts';
import { filterOf } from './question.ts';
import { Refused } from './refused.ts';

/** `/api/v1/live`: written to Node's response itself, since how much of it waits decides what is sent. */
export function liveRoute(app: Hono<Env>, live: () => Live): void {
  app.get('/api/v1/live', (c) => {
    const filter = filterOf(c.req.query('filter'));
    const stream = live();
    const full = stream.refusal(filter);
    if (full)
      throw new Refused(
        503,
        `too_many_${full}`,
        `there are as many live ${full} as there may be`,
        'close another page, or ask again later',
        'streams',
      );
    const { incoming, outgoing: response } = c.env;
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no', // proxies such as nginx would keep messages until there are some kilobytes
    });
    response.flushHeaders();
    if (incoming.method === 'HEAD') response.end();
    else stream.add(response, filter, c.req.header('last-event-id'));
    return RESPONSE_ALREADY_SENT;
  });
}

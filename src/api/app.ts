import type { RequestListener } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { OperatorError } from '../model/errors.ts';
import type { Assets } from './assets.ts';
import { CONTENT_TYPES, expose, formFor } from './exposition.ts';
import type { RefusalName } from './gate.ts';
import { changeRoutes } from './change-routes.ts';
import { historyRoutes } from './history-routes.ts';
import type { Live } from './live.ts';
import { hostRoutes } from './host-routes.ts';
import { liveRoute } from './live-route.ts';
import { send } from './packed.ts';
import type { Program } from './program.ts';
import { errorBody, Refused } from './refused.ts';

/** Of Node below hono. */
export interface Env {
  Bindings: HttpBindings;
}

export interface AppOptions {
  /** Undefined before the start and after the end. */
  readonly running: () => { readonly program: Program; readonly live: Live } | undefined;
  readonly assets: Assets;
  readonly countRefusal: (why: RefusalName) => void;
  /** Told what was changed, a line each. */
  readonly note: (line: string) => void;
  /** Told what should not have happened. */
  readonly fail: (error: unknown) => void;
}

const TEXT = 'text/plain; charset=utf-8';

/** Where the page was not built. */
const INDEX = `packetwatch

/metrics       counters and gauges for Prometheus
/healthz       200 while the process lives
/readyz        200 while the source reads, else 503
/api/v1/...    JSON, described in /api/v1/openapi.json
`;

/** Every path, and what it answers. */
export function appOf(options: AppOptions): RequestListener {
  const app = new Hono<Env>();
  const running = () => {
    const now = options.running();
    if (now) return now;
    throw new Refused(503, 'not_running', 'nothing is watched yet, or any more', 'ask again');
  };
  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/readyz', (c) =>
    options.running()?.program.up() ? c.text('ok\n') : c.text('nothing is watched\n', 503),
  );
  app.get('/metrics', (c) => {
    const now = options.running();
    if (!now) return c.text('not started\n', 503);
    const form = formFor(c.req.header('accept'));
    return c.body(expose(now.program.view(), form), 200, { 'Content-Type': CONTENT_TYPES[form] });
  });
  hostRoutes(app, () => running().program);
  changeRoutes(app, {
    blocking() {
      const { blocking } = running().program;
      if (blocking) return blocking;
      throw new Refused(
        409,
        'no_guard',
        'no guard is attached, so nothing can be blocked',
        'the kernel source has one: start as root on a kernel with BTF',
      );
    },
    note: options.note,
  });
  historyRoutes(app, () => running().program.history);
  liveRoute(app, () => running().live);
  const methodsOf = methodsIn(app);
  app.get('*', (c) => page(c, options.assets) ?? missing(c, methodsOf));
  app.notFound((c) => missing(c, methodsOf));
  app.onError((error, c) => {
    if (error instanceof OperatorError)
      return c.json(errorBody('bad_request', error.message, error.hint), 400);
    if (!(error instanceof Refused)) {
      options.fail(error);
      return c.json(errorBody('failed', 'the program failed to answer', 'see its notes'), 500);
    }
    if (error.why) options.countRefusal(error.why);
    return c.json(errorBody(error.code, error.message, error.hint), error.status);
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return (request, response) => void listener(request, response);
}

/** A file of the page. */
function page(c: Context<Env>, assets: Assets): Response | undefined {
  const asset = assets.get(c.req.path);
  if (!asset) return c.req.path === '/' ? c.text(INDEX) : undefined;
  return send(c, asset, {
    'Content-Type': asset.type,
    'Cache-Control': asset.hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
}

/** Which methods a path has; none: there is no such path. */
function methodsIn(app: Hono<Env>): (path: string) => string[] {
  const routes = app.routes.map(({ method, path }) => ({
    method,
    pattern: new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`),
  }));
  return (path) =>
    routes
      .filter(({ pattern }) => pattern.test(path))
      .map(({ method }) => (method === 'GET' ? 'GET, HEAD' : method));
}

function missing(c: Context<Env>, methodsOf: (path: string) => string[]): Response {
  const { path } = c.req;
  if (!path.startsWith('/api/')) return c.text('Not Found\n', 404, { 'Content-Type': TEXT });
  const allowed = methodsOf(path).join(', ');
  if (allowed === '') {
    const hint = '/api/v1/openapi.json lists what there is';
    return c.json(errorBody('not_found', `there is no ${path.slice(0, 100)}`, hint), 404);
  }
  c.header('Allow', allowed); // RFC 9110, section 15.5.6
  throw new Refused(405, 'method', `that has no ${c.req.method}`, `use ${allowed}`, 'method');
}

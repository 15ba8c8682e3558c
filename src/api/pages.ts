import { CONTENT_TYPES, expose, formFor } from './exposition.ts';
import type { Page } from './server.ts';
import type { MetricsView } from './view.ts';

const TEXT = 'text/plain; charset=utf-8';

const INDEX = `packetwatch

/metrics  counters and gauges for Prometheus
/healthz  200 while the process lives
/readyz   200 while the source reads, else 503
`;

/** The program, as its pages see it. */
export interface Watched {
  /** The source reads. */
  up(): boolean;
  view(): MetricsView;
}

/** What the listener serves. All of it only reads. @param watched undefined before the start and after the end */
export function pageOf(
  path: string,
  accept: string | undefined,
  watched: Watched | undefined,
): Page | undefined {
  switch (path) {
    case '/':
      return { status: 200, type: TEXT, body: INDEX };
    case '/healthz':
      return { status: 200, type: TEXT, body: 'ok\n' };
    case '/readyz':
      return ready(watched);
    case '/metrics':
      return metrics(accept, watched);
    default:
      return undefined;
  }
}

function ready(watched: Watched | undefined): Page {
  return watched?.up()
    ? { status: 200, type: TEXT, body: 'ok\n' }
    : { status: 503, type: TEXT, body: 'nothing is watched\n' };
}

function metrics(accept: string | undefined, watched: Watched | undefined): Page {
  if (!watched) return { status: 503, type: TEXT, body: 'not started\n' };
  const form = formFor(accept);
  return { status: 200, type: CONTENT_TYPES[form], body: expose(watched.view(), form) };
}

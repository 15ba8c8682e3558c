import type { Hono } from 'hono';
import type { History } from '../store/history.ts';
import type { Env } from './app.ts';
import { historyQuestion, pageQuestion } from './question.ts';
import { Refused } from './refused.ts';

/** What was told before: connections, who called whom, scans. */
export function historyRoutes(app: Hono<Env>, history: () => History): void {
  app.get('/api/v1/connections', async (c) =>
    c.json(await history().connections(pageQuestion((name) => c.req.query(name), Date.now()))),
  );
  app.get('/api/v1/connections/:id', async (c) => {
    const id = c.req.param('id').toLowerCase();
    const story = /^[0-9a-f]{16}$/.test(id) ? await history().story(id) : undefined;
    if (story) return c.json(story);
    throw new Refused(
      404,
      'not_found',
      'no connection with that id is known',
      'it may be forgotten: /api/v1/connections says what time is covered',
    );
  });
  app.get('/api/v1/map', async (c) =>
    c.json(await history().edges(historyQuestion((name) => c.req.query(name), Date.now()))),
  );
  app.get('/api/v1/scans', async (c) =>
    c.json(await history().scans(pageQuestion((name) => c.req.query(name), Date.now()))),
  );
}

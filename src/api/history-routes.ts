import type { Hono } from 'hono';
import { parseFilter } from '../filter/filter.ts';
import type { Probe, ProbesAnswer } from '../model/api.ts';
import type { JsonConnection } from '../model/json.ts';
import type { History } from '../store/history.ts';
import { formatAddress, isV4 } from '../wire/address.ts';
import type { AddressPrefix } from '../wire/prefix.ts';
import type { Env } from './app.ts';
import { historyQuestion, pageQuestion, prefixOf } from './question.ts';
import { Refused } from './refused.ts';

/** What was told before: connections, who called whom, scans, blocks. */
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
  app.get('/api/v1/scans/:source/probes', async (c) => {
    const source = prefixOf(c.req.param('source'));
    const asked = pageQuestion((name) => c.req.query(name), Date.now());
    const filter = parseFilter(`src net ${formatAddress(source.address)}/${bitsOf(source)}`);
    const { connections, more } = await history().connections({ ...asked, filter });
    return c.json({ probes: connections.map(probeOf), more } satisfies ProbesAnswer);
  });
  app.get('/api/v1/scans', async (c) =>
    c.json(await history().scans(pageQuestion((name) => c.req.query(name), Date.now()))),
  );
  app.get('/api/v1/blocks/past', async (c) =>
    c.json(await history().blocks(pageQuestion((name) => c.req.query(name), Date.now()))),
  );
}

/** An attempt of a scanner is a connection like any other. */
function probeOf({ ts, start_ts, event, dst_ip, dst_port, ...connection }: JsonConnection): Probe {
  const outcome = connection.outcome ?? (event === 'connection.open' ? 'ok' : undefined);
  return { ts: start_ts ?? ts, dst_ip, dst_port, ...(outcome === undefined ? {} : { outcome }) };
}

/** As the address is written. */
function bitsOf({ address, length }: AddressPrefix): number {
  return isV4(address) ? length - 96 : length;
}

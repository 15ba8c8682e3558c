import { readFile } from 'node:fs/promises';
import type { Hono } from 'hono';
import type { Env } from './app.ts';
import { type Packed, packed, send } from './packed.ts';
import type { Program } from './program.ts';
import { socketQuestion } from './question.ts';

/** Generated (`make generate`), and in the package. */
const DESCRIPTION = new URL('../../docs/openapi.json', import.meta.url);
const JSON_TYPE = { 'Content-Type': 'application/json' };

/** What is on this host now: the program itself, TCP's states, its sockets; and what all words mean. */
export function hostRoutes(app: Hono<Env>, program: () => Program): void {
  let description: Packed | undefined;
  let glossary: Packed | undefined;
  app.get('/api/v1/status', (c) => c.json(program().status()));
  app.get('/api/v1/health', (c) => c.json(program().health()));
  app.get('/api/v1/states', (c) => c.json(program().states()));
  app.get('/api/v1/sockets', async (c) =>
    c.json(await program().sockets(socketQuestion((name) => c.req.query(name)))),
  );
  app.get('/api/v1/openapi.json', async (c) => {
    description ??= packed(await readFile(DESCRIPTION));
    return send(c, description, JSON_TYPE);
  });
  app.get('/api/v1/glossary', async (c) => {
    // Loaded by who asks for it: nobody else needs so much text in memory.
    const { GLOSSARY } = await import('../model/glossary/glossary.ts');
    glossary ??= packed(Buffer.from(JSON.stringify({ entries: GLOSSARY })));
    return send(c, glossary, JSON_TYPE);
  });
}

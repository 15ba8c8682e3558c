/** Writes docs/openapi.json, the description of the HTTP API, from src/api/openapi.ts and the schemas of lines and sockets. */
import { readFileSync, writeFileSync } from 'node:fs';
import { version } from '../src/agent/version.ts';
import { openApi } from '../src/api/openapi.ts';

function schema(name: string): Record<string, unknown> {
  const text = readFileSync(new URL(`../docs/${name}.schema.json`, import.meta.url), 'utf8');
  return JSON.parse(text) as Record<string, unknown>;
}

const api = openApi({ events: schema('events'), sockets: schema('sockets'), version });
writeFileSync(
  new URL('../docs/openapi.json', import.meta.url),
  `${JSON.stringify(api, null, 1)}\n`,
);

import type { PluginEvent } from '../sinks/sink.ts';
import type { Field } from './decoder.ts';
import type { Manifest } from './manifest.ts';

const FIELD = /^[a-z][a-z0-9_]*$/;
/** What each line has of its own. */
const TAKEN: ReadonlySet<string> = new Set(['ts', 'event', 'plugin', 'runbook', 'host']);
/** Of one event; an output's line has room for all of it, escaped. */
const MOST = { text: 512, fields: 32, json: 1024 } as const;

/** The event that a decoder told; throws for what no line can hold or its manifest doesn't have. */
export function eventOf(
  manifest: Manifest,
  name: string,
  text: string,
  fields: Readonly<Record<string, Field>>,
  tsNs: number,
): PluginEvent {
  if (!Object.hasOwn(manifest.events, name))
    throw new RangeError(`the manifest has no event '${name}'`);
  if (typeof text !== 'string' || text.length > MOST.text)
    throw new RangeError(
      `the text of '${name}' is to be a string of ${MOST.text} characters at most`,
    );
  if (typeof tsNs !== 'number' || !(tsNs >= 0 && tsNs < Number.MAX_SAFE_INTEGER))
    throw new RangeError(`the time of '${name}' is to be nanoseconds of the monotonic clock`);
  const entries = Object.entries(fields);
  for (const [field, value] of entries) {
    if (!FIELD.test(field) || TAKEN.has(field))
      throw new RangeError(`an event can't have a field '${field}'`);
    if (!(Array.isArray(value) ? (value as Field[]).every(isPlain) : isPlain(value)))
      throw new RangeError(
        `the field '${field}' of '${name}' is to be text, a number, true or false`,
      );
  }
  const json = JSON.stringify(fields);
  if (entries.length > MOST.fields || json.length > MOST.json)
    throw new RangeError(`the fields of '${name}' are more than a line holds`);
  return { name, plugin: manifest.name, tsNs, text, json: json.slice(1, -1) };
}

function isPlain(value: unknown): boolean {
  return (
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value))
  );
}

/** As much of JSON Schema as docs/*.schema.json use; what it doesn't know fails loudly. */
import { readFileSync } from 'node:fs';

type Schema = boolean | Record<string, unknown>;
type Definitions = Record<string, Schema>;

function read(name: string): Record<string, unknown> {
  return JSON.parse(
    readFileSync(new URL(`../../docs/${name}.schema.json`, import.meta.url), 'utf8'),
  ) as Record<string, unknown>;
}

const EVENTS = read('events');
const ECS = read('ecs');
const OCSF = read('ocsf');
const SOCKETS = read('sockets');

/** Fields that the schema names anywhere for connections, scans and so on; others are mistakes of ours. */
const KNOWN = new Set(
  Object.values(EVENTS['$defs'] as Definitions).flatMap((def) =>
    Object.keys((def as { properties?: object }).properties ?? {}),
  ),
);

/** What is wrong with an event of `-o json`, one sentence each; empty when it is valid. */
export function problems(event: Record<string, unknown>): string[] {
  const unknown = Object.keys(event).filter((key) => !KNOWN.has(key));
  return [...unknown.map((key) => `unknown field ${key}`), ...against(EVENTS, event)];
}

/** The same of `-o ecs`. */
export function ecsProblems(event: Record<string, unknown>): string[] {
  return against(ECS, event);
}

/** The same of `-o ocsf`. */
export function ocsfProblems(event: Record<string, unknown>): string[] {
  return against(OCSF, event);
}

/** The same of `sockets --json`. */
export function socketsProblems(sockets: object): string[] {
  return against(SOCKETS, sockets);
}

interface Answers {
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Answers>>>>;
  readonly components: { readonly schemas: Definitions };
}

/**
 * What is wrong with an answer of the API, by its own description (docs/openapi.json).
 * @param path as the description has it: `/api/v1/connections/{id}`
 */
export function answerProblems(
  api: unknown,
  path: string,
  method: string,
  status: number,
  body: unknown,
): string[] {
  const { paths, components } = api as OpenApi;
  const { responses } = paths[path]![method]!;
  defs = components.schemas;
  const answer = responses[status] ?? responses['default']!;
  return check(answer.content['application/json']!.schema, body, '$');
}

/** The same of what a message of the stream holds. @param name of its schema */
export function messageProblems(api: unknown, name: string, data: unknown): string[] {
  defs = (api as OpenApi).components.schemas;
  return check(defs[name]!, data, '$');
}

/** The same of a line of `top --json`. */
export function topProblems(line: object): string[] {
  return against({ $ref: '#/$defs/top', $defs: SOCKETS['$defs'] }, line);
}

let defs: Definitions = {};

function against(root: Record<string, unknown>, value: unknown): string[] {
  defs = root['$defs'] as Definitions;
  return check(root, value, '$');
}

function check(schema: Schema, value: unknown, at: string): string[] {
  if (typeof schema === 'boolean') return schema ? [] : [`${at} must not be there`];
  return Object.entries(schema).flatMap(([word, rule]) => {
    const verb = WORDS[word];
    if (verb === undefined) throw new Error(`the schema checker doesn't know ${word}`);
    return verb(rule as never, value, at, schema);
  });
}

type Word = (rule: never, value: unknown, at: string, schema: Record<string, unknown>) => string[];

const wrong = (bad: boolean, text: string): string[] => (bad ? [text] : []);

const WORDS: Record<string, Word> = {
  $schema: () => [],
  $defs: () => [],
  title: () => [],
  description: () => [],
  oneOf: (rule: Schema[], value, at) => {
    const fits = rule.map((schema) => check(schema, value, at));
    const matching = fits.filter((found) => found.length === 0).length;
    return matching === 1 ? [] : [`${matching} of the schemas match ${at}`, ...fits.flat()];
  },
  $ref: (rule: string, value, at) =>
    check(defs[rule.replace(/^#\/(?:\$defs|components\/schemas)\//, '')]!, value, at),
  allOf: (rule: Schema[], value, at) => rule.flatMap((schema) => check(schema, value, at)),
  properties: (rule: Record<string, Schema>, value, at) =>
    Object.entries(rule).flatMap(([key, schema]) => {
      const held = (value as Record<string, unknown>)[key];
      return held === undefined ? [] : check(schema, held, `${at}.${key}`);
    }),
  required: (rule: string[], value, at) =>
    rule.filter((key) => !(key in (value as object))).map((key) => `${at}.${key} is missing`),
  additionalProperties: (_rule: false, value, at, { properties }) =>
    Object.keys(value as object)
      .filter((key) => !(key in (properties as object)))
      .map((key) => `${at}.${key} is unknown`),
  type: (rule: string, value, at) => wrong(!isOfType(rule, value), `${at} is no ${rule}`),
  const: (rule: unknown, value, at) => wrong(value !== rule, `${at} is not ${String(rule)}`),
  enum: (rule: unknown[], value, at) =>
    wrong(!rule.includes(value), `${at} is none of ${rule.join()}`),
  pattern: (rule: string, value, at) =>
    wrong(!new RegExp(rule).test(String(value)), `${at} does not match ${rule}`),
  minimum: (rule: number, value, at) => wrong((value as number) < rule, `${at} is under ${rule}`),
  maximum: (rule: number, value, at) => wrong((value as number) > rule, `${at} is over ${rule}`),
  maxLength: (rule: number, value, at) =>
    wrong((value as string).length > rule, `${at} is too long`),
  minItems: (rule: number, value, at) => wrong((value as []).length < rule, `${at} is too short`),
  minLength: (rule: number, value, at) =>
    wrong((value as string).length < rule, `${at} is too short`),
  maxItems: (rule: number, value, at) => wrong((value as []).length > rule, `${at} is too long`),
  items: (rule: Schema, value, at) =>
    (value as []).flatMap((item, i) => check(rule, item, `${at}[${i}]`)),
};

function isOfType(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'null') return value === null;
  if (type === 'object')
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

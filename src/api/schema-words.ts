/** The words that schemas are made of (JSON Schema 2020-12, which OpenAPI 3.1 takes). */

export type Schema = Readonly<Record<string, unknown>>;

export const text = { type: 'string' } as const;
export const flag = { type: 'boolean' } as const;
export const count = { type: 'integer', minimum: 0 } as const;
export const amount = { type: 'number', minimum: 0 } as const;
export const time: Schema = ref('time');
export const address: Schema = ref('address');
export const port: Schema = ref('port');

export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

export function list(items: Schema, description?: string): Schema {
  return { type: 'array', items, ...(description === undefined ? {} : { description }) };
}

/** An object; members whose names end in `?` may be left out. */
export function object(members: Readonly<Record<string, Schema>>, description?: string): Schema {
  const named = Object.entries(members).map(([name, schema]) => [name.replace('?', ''), schema]);
  const required = Object.keys(members).filter((name) => !name.endsWith('?'));
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    properties: Object.fromEntries(named) as Schema,
    required,
  };
}

export const said = (schema: Schema, description: string): Schema => ({ ...schema, description });

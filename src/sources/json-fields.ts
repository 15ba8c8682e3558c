/** Fields of an object that anybody may have written: each is what it should be, or undefined. */
export type Fields = Readonly<Record<string, unknown>>;

/** An object, but no list. */
export function fieldsOf(value: unknown): Fields | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Fields) : undefined;
}

/** Text of at most so many UTF-16 units, cut there. */
export function textOf(value: unknown, most = 255): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (value.length <= most) return value;
  // a copy: of a part V8 keeps the whole, and a line may have a megabyte
  return Buffer.from(value.slice(0, most), 'utf16le').toString('utf16le');
}

/** Several texts, so many at most. */
export function textsOf(value: unknown, most = 128): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.slice(0, most).flatMap((each) => textOf(each) ?? []);
}

/** A whole number from 0 to `most`. */
export function countOf(
  value: unknown,
  most: number = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const fits = typeof value === 'number' && value >= 0 && value <= most;
  return fits && Number.isInteger(value) ? value : undefined;
}

/** The place of a name in a list, from 1 on. */
export function codeOf(value: unknown, names: readonly string[]): number | undefined {
  const code = typeof value === 'string' && value !== '' ? names.indexOf(value) : -1;
  return code < 0 ? undefined : code;
}

/** A moment since 1970. */
export interface Moment {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** A time as in RFC 3339. */
export function momentOf(value: unknown): Moment | undefined {
  const [, day, fraction = '', zone] = (typeof value === 'string' && TIME.exec(value)) || [];
  if (day === undefined) return undefined;
  const seconds = Date.parse(`${day.replace(' ', 'T')}${zone}`.toUpperCase()) / 1000;
  if (!(seconds >= 0)) return undefined;
  return { seconds, nanoseconds: Number(fraction.padEnd(9, '0').slice(0, 9)) };
}

const TIME = /^(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d{1,30}))?([Zz]|[+-]\d\d:\d\d)$/;

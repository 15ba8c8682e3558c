/** In seconds. */
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:[Zz]|[+-]\d\d:\d\d)$/;

/**
 * Reads a point in time: RFC 3339, or how long ago it was, as in `15m`.
 * @returns microseconds since 1970; undefined: it is none
 */
export function parseMoment(text: string, nowUs: number): number | undefined {
  const [, count, unit] = /^(\d{1,9}(?:\.\d{1,6})?)([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined)
    return Math.round(nowUs - Number(count) * UNITS[unit]! * 1e6);
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const ms = Date.parse(`${text.slice(0, 19)}${text.slice(19).replace(/^\.\d+/, '')}`);
  return Number.isNaN(ms)
    ? undefined
    : ms * 1000 + Number((match[1] ?? '').padEnd(6, '0').slice(0, 6));
}

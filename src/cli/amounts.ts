/** Amounts in at most five characters, for columns. */

const UNITS = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** A count or bytes, decimal: `0`, `999`, `1.2k`, `45k`, `1.0M`. */
export function amount(value: number): string {
  let unit = 0;
  let rest = Math.max(0, value);
  while (Math.round(rest) >= 1000 && unit < UNITS.length - 1) {
    rest /= 1000;
    unit++;
  }
  return unit > 0 && rest < 9.95
    ? `${rest.toFixed(1)}${UNITS[unit]}`
    : `${Math.round(rest)}${UNITS[unit]}`;
}

/** Microseconds: `43us`, `1.2ms`, `250ms`, `3.1s`, `120s`. */
export function duration(us: number | undefined): string {
  if (us === undefined) return '-';
  if (us < 999.5) return `${Math.round(us)}us`;
  if (us < 9_950) return `${(us / 1e3).toFixed(1)}ms`;
  if (us < 999_500) return `${Math.round(us / 1e3)}ms`;
  return us < 9_950_000 ? `${(us / 1e6).toFixed(1)}s` : `${Math.round(us / 1e6)}s`;
}

/** Numbers and times as the page shows them: short, of the same form in each row of a column. */

const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,345`. */
export function whole(value: number): string {
  return GROUPED.format(value);
}

const STEPS = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** At most three digits and a prefix of powers of 1,000: `12.3k`. */
export function short(value: number): string {
  return scaled(value, 1000, STEPS);
}

const BYTE_STEPS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1.21 MiB`. */
export function bytes(value: number): string {
  return scaled(value, 1024, BYTE_STEPS, ' ');
}

/** From microseconds to days, three digits. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '';
  if (seconds < 1e-3) return `${digits(seconds * 1e6)} µs`;
  if (seconds < 1) return `${digits(seconds * 1e3)} ms`;
  if (seconds < 60) return `${digits(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${pad(Math.floor(seconds % 60))} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${pad(minutes % 60)} m`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A rate per second: one decimal below ten. */
export function rate(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value !== 0 && value < 10 ? value.toFixed(1) : short(Math.round(value));
}

/** Of one, in per cent. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return '–';
  return `${share > 0 && share < 0.1 ? (share * 100).toFixed(1) : Math.round(share * 100)} %`;
}

/** Local wall time with milliseconds. */
export function clock(ms: number): string {
  const date = new Date(ms);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** Local date and wall time. */
export function dateTime(ms: number): string {
  const date = new Date(ms);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock(ms).slice(0, 8)}`;
}

/** `[2001:db8::1]:443`, `192.0.2.1:443`. */
export function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function scaled(value: number, base: number, steps: readonly string[], gap = ''): string {
  if (!Number.isFinite(value)) return '';
  let rest = value;
  let step = 0;
  // What would be rounded up to the next step is of it
  while (rest >= (step === 0 ? base : base * 0.9995) && step < steps.length - 1) {
    rest /= base;
    step++;
  }
  return `${step === 0 ? Math.round(rest) : digits(rest)}${gap}${steps[step]}`;
}

/** Three significant digits, none of them after a number of three places. */
function digits(value: number): string {
  return value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

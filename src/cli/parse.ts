import { InvalidArgumentError } from 'commander';
import type { Rule } from '../agent/config.ts';
import { parseMoment } from '../store/moment.ts';
import { type AddressPrefix, parsePrefix } from '../wire/prefix.ts';

const LONGEST = 365 * 86400;
const UNITS: Record<string, number> = { '': 1, ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 };

const SIZES: Record<string, number> = { M: 1e6, G: 1e9, T: 1e12 };
/** Less couldn't hold what is being merged. */
const LEAST_STORE = 1e8;

/** A span of time such as `90`, `10s`, `1.5m`, in seconds. */
export function seconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|)$/.exec(text);
  const unit = UNITS[match?.[2] ?? 'none'];
  if (!match || unit === undefined)
    throw new InvalidArgumentError('a time such as 10s, 5m or 1h is wanted.');
  const value = Number(match[1]) * unit;
  if (value <= 0) throw new InvalidArgumentError('it must be more than zero.');
  if (value > LONGEST) throw new InvalidArgumentError('a year is the most.');
  return value;
}

/** An address, or a prefix in CIDR form. */
export function prefix(text: string): AddressPrefix {
  const found = parsePrefix(text);
  if (!found)
    throw new InvalidArgumentError(
      'an address such as 192.0.2.7, 2001:db8::/32 or 10.1.0.0/16 is wanted.',
    );
  return found;
}

/** A whole number within bounds. */
export function integer(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high)
      throw new InvalidArgumentError(`a whole number from ${low} to ${high} is wanted.`);
    return value;
  };
}

/** A size such as `500M` or `10G`, in bytes. */
export function bytes(text: string): number {
  const [, count, unit] = /^(\d{1,6})([MGT])$/.exec(text) ?? [];
  const value = Number(count) * (SIZES[unit ?? ''] ?? NaN);
  if (!(value >= LEAST_STORE))
    throw new InvalidArgumentError('a size such as 500M or 10G is wanted, 100M at least.');
  return value;
}

/** A point in time, RFC 3339 or how long ago it was; microseconds since 1970. */
export function moment(text: string): number {
  const us = parseMoment(text, Date.now() * 1000);
  if (us === undefined)
    throw new InvalidArgumentError(
      'a time such as 2026-04-28T15:28:05Z, or how long ago such as 15m, 2h or 7d is wanted.',
    );
  return us;
}

/** The value of `--block`. What follows it may be meant as a filter: commander takes it for the value. */
export function blockBy(text: string): 'bpf' | 'nft' {
  if (text !== 'bpf' && text !== 'nft')
    throw new InvalidArgumentError(
      'it is `bpf`, `nft` or nothing; a filter goes before the options or after `--`.',
    );
  return text;
}

/** How long the weighted rule knows a port that a source touched: coming back to it is no new evidence. */
const WEIGHTED_WINDOW = 600;

/** `reference`, `reference,ports=5,window=30s`, `weighted`. */
export function rule(text: string): Rule {
  const [name, ...parameters] = text.split(',');
  if (name === 'weighted' && parameters.length === 0)
    return { name, ports: 3, windowSeconds: WEIGHTED_WINDOW };
  if (name === 'weighted') throw new InvalidArgumentError('the weighted rule has no parameters.');
  if (name !== 'reference')
    throw new InvalidArgumentError('the rules are `reference` and `weighted`.');
  let ports = 3;
  let windowSeconds = 60;
  for (const parameter of parameters) {
    const [key, value = ''] = parameter.split('=', 2);
    if (key === 'ports') ports = integer(1, 15)(value);
    else if (key === 'window') windowSeconds = windowOf(value);
    else throw new InvalidArgumentError('its parameters are ports=1..15 and window=1s..1h.');
  }
  return { name, ports, windowSeconds };
}

function windowOf(text: string): number {
  const value = seconds(text);
  if (value < 1 || value > 3600) throw new InvalidArgumentError('the window is 1s to 1h.');
  return value;
}

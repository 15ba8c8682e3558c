import { Exit, OperatorError } from '../model/errors.ts';
import { formatAddress, isV4, parseAddress } from '../wire/address.ts';

/** Where a listener listens. */
export interface ListenAddress {
  /** IPv4 or IPv6, without brackets. */
  readonly host: string;
  /** 0: the kernel chooses one. */
  readonly port: number;
}

/** Reads `127.0.0.1:9470` or `[::1]:9470`; throws OperatorError when it isn't such a text. */
export function parseListen(text: string): ListenAddress {
  const match = /^(?:\[(?<v6>[^\]]*)\]|(?<v4>[^:]*)):(?<port>\d{1,5})$/.exec(text);
  const { v6, v4, port: digits } = match?.groups ?? {};
  if (v4 === '')
    throw usage(
      `--listen ${text} names no address`,
      `use 127.0.0.1${text} for this host alone, or 0.0.0.0${text} for every network`,
    );
  const bytes = parseAddress(v6 ?? v4 ?? '');
  const port = Number(digits);
  if (!bytes || port > 65_535 || (v6 !== undefined && !v6.includes(':')))
    throw usage(
      `--listen: '${text}' is no address and port`,
      'use one such as 127.0.0.1:9470 or [::1]:9470',
    );
  return { host: formatAddress(bytes), port };
}

/** `127.0.0.1:9470`, `[::1]:9470`. */
export function formatListen({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** 127.0.0.0/8 (RFC 1122, section 3.2.1.3) or ::1 (RFC 4291, section 2.5.3). */
export function isLoopback(host: string): boolean {
  const bytes = parseAddress(host);
  if (!bytes) return false;
  return isV4(bytes) ? bytes[12] === 127 : formatAddress(bytes) === '::1';
}

/**
 * May a request with this Host header be answered by a listener on loopback? A page whose name was made to point at
 * 127.0.0.1 (DNS rebinding) comes with its own name; names of this host are fine whatever the port says, which
 * `ssh -L` changes.
 */
export function isOwnHost(header: string | undefined): boolean {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:]+))(?::\d{1,5})?$/.exec(header ?? '');
  const { v6, name } = match?.groups ?? {};
  return name?.toLowerCase() === 'localhost' || isLoopback(v6 ?? name ?? '');
}

function usage(message: string, hint: string): OperatorError {
  return new OperatorError(message, hint, { exitCode: Exit.usage });
}

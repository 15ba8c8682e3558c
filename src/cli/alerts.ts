import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { Exit, OperatorError } from '../model/errors.ts';
import type { SyslogTarget } from '../sinks/syslog.ts';

/** What --syslog means without a value. */
export const LOCAL_LOG: SyslogTarget = { by: 'unix', path: '/dev/log' };

/** RFC 5426; for TCP no port is assigned (RFC 6587), and daemons use the same. */
const SYSLOG_PORT = 514;

/** The value of --webhook. No error shows it, because it may hold a secret. */
export function webhookUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw misused('--webhook: that is no http or https URL', 'use such as https://HOST/PATH');
}

/** The value of --syslog: an absolute path, or `udp://HOST[:PORT]`, `tcp://HOST[:PORT]`. */
export function syslogTarget(text: string): SyslogTarget {
  if (isAbsolute(text)) return { by: 'unix', path: text };
  const [, by, host, port] =
    /^(udp|tcp):\/\/(\[[0-9a-f:.]+\]|[^:/@[\]\s]+)(?::(\d+))?$/i.exec(text) ?? [];
  const number = port === undefined ? SYSLOG_PORT : Number(port);
  if ((by === 'udp' || by === 'tcp') && host !== undefined && number >= 1 && number <= 65_535)
    return { by, host: host.replace(/^\[|\]$/g, ''), port: number };
  throw misused(
    '--syslog: that names no receiver',
    'use an absolute path, udp://HOST[:PORT] or tcp://HOST[:PORT]',
  );
}

/** The secret of --webhook-secret-file, without white space around it. Throws OperatorError. */
export function secretOf(path: string): string {
  let secret: string;
  try {
    secret = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new OperatorError(
      `--webhook-secret-file: ${path} can't be read (${(cause as NodeJS.ErrnoException).code})`,
      'name a file that this user may read',
      { cause },
    );
  }
  if (secret !== '') return secret;
  throw new OperatorError(`--webhook-secret-file: ${path} is empty`, 'put the secret into it');
}

function misused(what: string, hint: string): OperatorError {
  return new OperatorError(what, hint, { exitCode: Exit.usage });
}

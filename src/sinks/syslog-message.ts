import type { JsonEvent } from '../model/json.ts';

/** RFC 5424, table 1. */
const AUTHPRIV = 10;
const DAEMON = 3;
/** RFC 5424, table 2. */
const WARNING = 4;
const NOTICE = 5;
const INFO = 6;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The message that RFC 5424 makes of an alert's JSON line: the line is the text, the event its MSGID. */
export function rfc5424(line: string, host: string): string {
  const event = JSON.parse(line) as JsonEvent;
  const name = host.replace(/[^!-~]/g, '').slice(0, 255) || '-';
  return `<${priority(event)}>1 ${event.ts} ${name} packetwatch ${process.pid} ${event.event} - ${line}`;
}

/**
 * The same as syslog(3) writes it to /dev/log, with local time and without a host: what listens there, journald and
 * rsyslog alike, doesn't read RFC 5424.
 */
export function local(line: string): string {
  const event = JSON.parse(line) as JsonEvent;
  const at = new Date(event.ts);
  const day = String(at.getDate()).padStart(2);
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) =>
    String(n).padStart(2, '0'),
  );
  const stamp = `${MONTHS[at.getMonth()]} ${day} ${time.join(':')}`;
  return `<${priority(event)}>${stamp} packetwatch[${process.pid}]: ${line}`;
}

/** Facility * 8 + severity. */
function priority(event: JsonEvent): number {
  switch (event.event) {
    case 'scan':
      return AUTHPRIV * 8 + ('state' in event && event.state === 'end' ? INFO : WARNING);
    case 'block':
      return AUTHPRIV * 8 + NOTICE;
    case 'unblock':
      return AUTHPRIV * 8 + INFO;
    default:
      return DAEMON * 8 + WARNING;
  }
}

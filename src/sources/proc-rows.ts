/** One row of /proc/net/tcp or tcp6; parseRows uses one object for all rows. */
export interface ProcRow {
  /** 4 words whose memory is the address in network order, IPv4 as ::ffff:a.b.c.d. */
  readonly local: Uint32Array;
  readonly remote: Uint32Array;
  localPort: number;
  remotePort: number;
  /** TCP state, include/net/tcp_states.h. */
  state: number;
  uid: number;
  /** 0: the kernel shows none (TIME_WAIT, SYN_RECV, not yet accepted, orphaned). */
  inode: number;
}

export function newRow(): ProcRow {
  return {
    local: new Uint32Array(4),
    remote: new Uint32Array(4),
    localPort: 0,
    remotePort: 0,
    state: 0,
    uid: 0,
    inode: 0,
  };
}

/**
 * Parses the whole lines of `bytes[0, end)` as printed by tcp4_seq_show (net/ipv4/tcp_ipv4.c) and tcp6_seq_show
 * (net/ipv6/tcp_ipv6.c); see proc_pid_net(5). Both kinds may be mixed: an address of 8 hex digits is IPv4, one of 32 is IPv6.
 * Header and blank lines are skipped.
 * @param onRow called for each row with the same object
 * @param onMalformed called for each line that is none of these
 * @returns how many bytes were consumed; what follows is a line without its end
 */
export function parseRows(
  bytes: Uint8Array,
  end: number,
  row: ProcRow,
  onRow: (row: ProcRow) => void,
  onMalformed: () => void,
): number {
  let from = 0;
  for (;;) {
    const eol = bytes.indexOf(NEWLINE, from);
    if (eol < 0 || eol >= end) return from;
    const start = skipSpaces(bytes, from);
    if (bytes[start] !== NEWLINE && !isHeader(bytes, start)) {
      if (parseRow(bytes, start, row)) onRow(row);
      else onMalformed();
    }
    from = eol + 1;
  }
}

/** `  12: 0100007F:0050 0200007F:C350 01 tx:rx tr:when retrnsmt uid timeout inode ...`; stops at the newline at the latest. */
function parseRow(bytes: Uint8Array, start: number, row: ProcRow): boolean {
  let at = skipDigits(bytes, start);
  if (at === start || bytes[at] !== COLON) return false;

  const local = skipSpaces(bytes, at + 1);
  const digits = hexRun(bytes, local);
  if (!readAddress(bytes, local, digits, row.local)) return false;
  at = local + digits;
  row.localPort = readPort(bytes, at);

  const remote = skipSpaces(bytes, at + 5);
  if (hexRun(bytes, remote) !== digits || !readAddress(bytes, remote, digits, row.remote))
    return false;
  at = remote + digits;
  row.remotePort = readPort(bytes, at);
  if (row.localPort < 0 || row.remotePort < 0) return false;

  at = skipSpaces(bytes, at + 5);
  if (hexRun(bytes, at) !== 2) return false;
  row.state = readHex(bytes, at, 2);
  if (row.state < 1 || row.state > LAST_STATE) return false;

  at = skipField(bytes, at); // state
  at = skipField(bytes, at); // tx_queue:rx_queue
  at = skipField(bytes, at); // tr:tm->when
  at = skipField(bytes, at); // retrnsmt
  row.uid = readDecimal(bytes, at);
  at = skipField(bytes, at);
  at = skipField(bytes, at); // timeout
  row.inode = readDecimal(bytes, at);
  return row.uid >= 0 && row.uid <= 0xffff_ffff && row.inode >= 0;
}

/** The kernel prints the words as it has them in its own byte order; stored again in ours they lie in network order. */
function readAddress(bytes: Uint8Array, at: number, digits: number, into: Uint32Array): boolean {
  if (digits === 8) {
    into[0] = 0;
    into[1] = 0;
    into[2] = V4_PREFIX;
    into[3] = readHex(bytes, at, 8);
    return true;
  }
  if (digits !== 32) return false;
  for (let word = 0; word < 4; word++) into[word] = readHex(bytes, at + word * 8, 8);
  return true;
}

/** `:0050` at `at`, or -1. */
function readPort(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== COLON || hexRun(bytes, at + 1) !== 4) return -1;
  return readHex(bytes, at + 1, 4);
}

function readHex(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) value = (value << 4) | HEX[bytes[i]!]!;
  return value >>> 0;
}

/** A decimal number that is followed by white space, or -1. */
function readDecimal(bytes: Uint8Array, start: number): number {
  let value = 0;
  let at = start;
  for (; HEX[bytes[at]!]! < 10; at++) value = value * 10 + HEX[bytes[at]!]!;
  return at > start && (bytes[at] === SPACE || bytes[at] === NEWLINE) ? value : -1;
}

function hexRun(bytes: Uint8Array, start: number): number {
  let at = start;
  while (HEX[bytes[at]!]! < 16) at++;
  return at - start;
}

function skipDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while (HEX[bytes[at]!]! < 10) at++;
  return at;
}

function skipSpaces(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === SPACE) at++;
  return at;
}

/** To the beginning of the next field of the same line. */
function skipField(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at]! > SPACE) at++;
  return skipSpaces(bytes, at);
}

function isHeader(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x73 && bytes[at + 1] === 0x6c && bytes[at + 2] === SPACE; // "sl "
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
/** TCP_BOUND_INACTIVE. */
const LAST_STATE = 13;
const V4_PREFIX = new Uint32Array(Uint8Array.of(0, 0, 0xff, 0xff).buffer)[0]!;

/** The value of a hex digit's character; 255: it is none. */
const HEX: Uint8Array = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  HEX[text.charCodeAt(0)] = digit;
  HEX[text.toUpperCase().charCodeAt(0)] = digit;
}

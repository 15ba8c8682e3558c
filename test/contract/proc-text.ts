import { parseAddress } from '../../src/wire/address.ts';

/** A row as tests write it; the rest of its line is filled in. */
export interface TextRow {
  /** `192.0.2.1:80` or `[2001:db8::1]:80`. */
  readonly local: string;
  readonly remote?: string;
  /** TCP state; ESTABLISHED unless given. */
  readonly state?: number;
  readonly uid?: number;
  readonly inode?: number;
}

export const TCP_HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
export const TCP6_HEADER =
  '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

/** The text of /proc/net/tcp on a little-endian host, padded as tcp4_seq_show does. */
export function tcpText(rows: readonly TextRow[]): string {
  const lines = rows.map((row, i) => rowText(row, i, 4).padEnd(149));
  return [TCP_HEADER.padEnd(149), ...lines].map((line) => `${line}\n`).join('');
}

/** The text of /proc/net/tcp6. */
export function tcp6Text(rows: readonly TextRow[]): string {
  return [TCP6_HEADER, ...rows.map((row, i) => rowText(row, i, 16))]
    .map((line) => `${line}\n`)
    .join('');
}

function rowText(row: TextRow, number: number, bytes: 4 | 16): string {
  const { state = 1, uid = 0, inode = 0 } = row;
  const remote = row.remote ?? (bytes === 4 ? '0.0.0.0:0' : '[::]:0');
  const sl = String(number).padStart(4);
  const st = hex(state, 2);
  const rest = `00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)} ${'0'.padStart(8)} ${inode} 1 0000000000000000 20 4 30 10 -1`;
  return `${sl}: ${endpoint(row.local, bytes)} ${endpoint(remote, bytes)} ${st} ${rest}`;
}

function endpoint(text: string, bytes: 4 | 16): string {
  const colon = text.lastIndexOf(':');
  const address = parseAddress(text.slice(0, colon).replace(/^\[|\]$/g, ''))!;
  const view = new DataView(address.buffer);
  let words = '';
  for (let at = 16 - bytes; at < 16; at += 4) words += hex(view.getUint32(at, true), 8);
  return `${words}:${hex(Number(text.slice(colon + 1)), 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

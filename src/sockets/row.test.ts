import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diagMessage, rowOf } from '../../test/support/diag.ts';
import { TcpState } from '../model/tcp-state.ts';
import { formatAddress } from '../wire/address.ts';
import { MemInfo, SocketRow, TcpInfo } from './row.ts';

const SOCKET = {
  state: TcpState.ESTABLISHED,
  local: '10.0.0.5',
  localPort: 443,
  remote: '192.0.2.7',
  remotePort: 40_000,
  ifindex: 3,
  cookie: 0xabc,
  receiveQueue: 7,
  sendQueue: 9,
  uid: 33,
  inode: 4242,
  info: { [TcpInfo.rtt]: 1500, [TcpInfo.bytes_acked]: 1, [TcpInfo.bytes_acked + 4]: 2 },
  memory: { [MemInfo.drops]: 5 },
  congestion: 'cubic',
} as const;

describe('a row', () => {
  test('has what the kernel says of a socket', () => {
    const row = rowOf(SOCKET);
    expect(row).toMatchObject({ state: 1, localPort: 443, remotePort: 40_000, ifindex: 3 });
    expect(row).toMatchObject({ receiveQueue: 7, sendQueue: 9, uid: 33, inode: 4242 });
    expect([row.local, row.remote].map((a) => formatAddress(a))).toEqual(['10.0.0.5', '192.0.2.7']);
    expect([row.isFull, row.congestion(), row.memory(MemInfo.drops)]).toEqual([true, 'cubic', 5]);
    expect(row.tcp32(TcpInfo.rtt)).toBe(1500);
    expect(row.tcp64(TcpInfo.bytes_acked)).toBe(2 * 2 ** 32 + 1);
  });

  test('has IPv6 addresses, and IPv4 in them', () => {
    const row = rowOf({ ...SOCKET, local: '2001:db8::5', remote: '::', v6Only: true });
    expect([row.local, row.remote].map((a) => formatAddress(a))).toEqual(['2001:db8::5', '::']);
    expect(row.v6Only).toBe(true);
    const bytes = diagMessage({ ...SOCKET, local: '2001:db8::5' });
    bytes.fill(0, 8, 24).set([0xff, 0xff, 10, 0, 0, 5], 18);
    expect(row.read(bytes, 0, bytes.length)).toBe(true);
    expect(formatAddress(row.local)).toBe('10.0.0.5');
    expect(row.v6Only).toBe(false); // nothing is left of the one before
  });

  test('of an older kernel has zero where that has nothing', () => {
    const row = rowOf({ ...SOCKET, infoBytes: 130 });
    expect(row.tcp32(TcpInfo.rtt)).toBe(1500);
    expect([row.tcp32(TcpInfo.snd_wnd), row.tcp64(TcpInfo.bytes_received)]).toEqual([0, 0]);
    const handshake = rowOf({ state: TcpState.SYN_RECV, local: '::1', localPort: 80 });
    expect([handshake.isFull, handshake.tcp32(TcpInfo.rtt), handshake.tcp8(0)]).toEqual([
      false,
      0,
      0,
    ]);
    expect([handshake.congestion(), handshake.memory(MemInfo.drops)]).toEqual(['', 0]);
  });

  test.each([
    ['a head that is cut', 71, undefined],
    ['an attribute without its length', 74, undefined],
    ['an attribute that is cut', 100, undefined],
    ['an attribute shorter than its head', undefined, [72, 3]],
    ['an attribute longer than the message', undefined, [73, 0xff]],
    ['another family', undefined, [0, 1]],
  ])('refuses %s', (_, length, change) => {
    const bytes = diagMessage(SOCKET);
    if (change) bytes[change[0]!] = change[1]!;
    expect(new SocketRow().read(bytes, 0, length ?? bytes.length)).toBe(false);
  });

  test('takes every cut without reading beyond it', () => {
    const whole = diagMessage(SOCKET);
    const row = new SocketRow();
    const taken = [...whole.keys()].filter((length) => row.read(whole, 0, length));
    // behind the head, struct tcp_info, the memory, and the name without all of its padding
    expect(taken).toEqual([72, 72 + 236, 72 + 236 + 40, 358, 359]);
    expect(row.read(whole, 0, whole.length + 1)).toBe(false);
  });

  test('throws for no bytes', () => {
    const row = new SocketRow();
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 400 });
    fc.assert(
      fc.property(bytes, fc.nat(90), (rest, from) => {
        const message = new Uint8Array(from + 74 + rest.length);
        message[from] = rest[0]! % 2 === 0 ? 2 : 10;
        message.set(rest, from + 72);
        if (!row.read(message, from, message.length)) return;
        expect(row.congestion().length).toBeLessThanOrEqual(rest.length);
        expect(row.tcp64(TcpInfo.bytes_sent) + row.memory(MemInfo.drops)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

/** What a blocked source still has: the connections that it has with us, and replies that we asked for. */
import { afterEach, describe, expect, it } from 'vitest';
import { Tcp, tcpFrame, udpFrame } from '../support/frames.ts';
import { HOOKS } from './rig.ts';
import { connected, connecting, datagrams, type Ends } from './sockets.ts';
import { withRig } from './with-rig.ts';

const LOOPBACK = [
  ['IPv4', '127.0.0.1'],
  ['IPv6', '::1'],
] as const;
const INSIDE = [Tcp.ACK, Tcp.PSH | Tcp.ACK, Tcp.FIN | Tcp.ACK, Tcp.RST, Tcp.RST | Tcp.ACK];

describe.each(HOOKS)('a blocked source with sockets of ours, %s', (hook) => {
  const rig = withRig({ block: true });
  let ends: Ends | undefined;
  afterEach(async () => {
    await ends?.close();
    ends = undefined;
  });

  const run = (host: string, srcPort: number, dstPort: number, flags: number): string =>
    rig().run(hook, tcpFrame({ src: host, dst: host, srcPort, dstPort, flags }));

  it.each(LOOPBACK)(
    'an established connection goes on, in both directions, %s',
    async (_, host) => {
      ends = await connected(host);
      const { localPort, remotePort } = ends;
      rig().block(host);
      rig().moved();
      for (const flags of INSIDE) {
        expect([flags, run(host, localPort, remotePort, flags)]).toEqual([flags, 'pass']);
        expect([flags, run(host, remotePort, localPort, flags)]).toEqual([flags, 'pass']);
      }
      expect(rig().moved()).toEqual({ packets: 2 * INSIDE.length });
    },
  );

  it.each(LOOPBACK)('what no peer sends is dropped even there, %s', async (_, host) => {
    ends = await connected(host);
    rig().block(host);
    for (const flags of [0, Tcp.SYN, Tcp.FIN, Tcp.SYN | Tcp.FIN])
      expect([flags, run(host, ends.localPort, ends.remotePort, flags)]).toEqual([flags, 'drop']);
  });

  it.each(LOOPBACK)('a listener is no connection, %s', async (_, host) => {
    ends = await connected(host);
    rig().block(host);
    for (const flags of INSIDE)
      expect([flags, run(host, ends.localPort ^ 1, ends.remotePort, flags)]).toEqual([
        flags,
        'drop',
      ]);
    expect(rig().moved()).toMatchObject({ dropped_other: INSIDE.length });
  });

  it.each(LOOPBACK)('--block-established cuts connections, %s', async (_, host) => {
    ends = await connected(host);
    rig().block(host);
    const guard = rig().guard(hook, { blockEstablished: true });
    const segment = { src: host, dst: host, srcPort: ends.localPort, dstPort: ends.remotePort };
    for (const flags of INSIDE) expect(guard(tcpFrame({ ...segment, flags }))).toBe('drop');
  });

  it('replies to our own connecting socket pass, and none when it is gone', async () => {
    ends = await connecting();
    const { localPort, remotePort } = ends;
    rig().block('127.0.0.1');
    const reply = (flags: number) => run('127.0.0.1', remotePort, localPort, flags);
    expect(reply(Tcp.SYN | Tcp.ACK)).toBe('pass');
    expect(reply(Tcp.RST | Tcp.ACK)).toBe('pass');
    await ends.close();
    ends = undefined;
    expect(reply(Tcp.SYN | Tcp.ACK)).toBe('drop');
  });

  it('datagrams reach a socket that is connected to their sender only', async () => {
    const datagram = (srcPort: number, dstPort: number): string =>
      rig().run(hook, udpFrame({ src: '127.0.0.1', dst: '127.0.0.1', srcPort, dstPort }));
    rig().block('127.0.0.1');
    ends = await datagrams(4053);
    expect(datagram(4053, ends.localPort)).toBe('pass');
    expect(datagram(4054, ends.localPort)).toBe('drop');
    await ends.close();
    ends = await datagrams(undefined);
    expect(datagram(4053, ends.localPort)).toBe('drop');
  });
});

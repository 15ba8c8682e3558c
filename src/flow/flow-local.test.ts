import { describe, expect, it } from 'vitest';
import { rig, type Spec } from '../../test/flow/records.ts';
import { Flag } from '../wire/layout.gen.ts';
import { TcpState } from '../model/tcp-state.ts';

const curl = { comm: 'curl', pid: 10, uid: 1000, start: 100, from: 1 };
const nginx = { comm: 'nginx', pid: 20, uid: 33, start: 100, from: 2 };
const PASSIVE = Flag.PASSIVE;
const closed = { state: TcpState.LAST_ACK };

describe('a connection within this host', () => {
  const loop: Partial<Spec> = { src: '127.0.0.1', dst: '127.0.0.1' };
  const egress: Spec = { ...loop, kind: 'ATTEMPT', socket: curl };
  const ingress: Spec = { ...loop, kind: 'ATTEMPT', ifindex: 1 };

  it('tells each thing once, with both processes, both ends’ retransmissions and sent bytes', () => {
    const { feed, told } = rig();
    feed(egress, ingress);
    feed(
      { ...loop, kind: 'OPEN', socket: curl },
      { ...loop, kind: 'OPEN', flags: PASSIVE, direction: 'INBOUND', socket: nginx },
    );
    feed({
      ...loop,
      kind: 'CLOSE',
      at: 101,
      socket: { ...curl, sent: 80, received: 499, retransmits: 1, state: TcpState.FIN_WAIT2 },
    });
    expect(told.names()).toEqual(['attempt', 'open']);
    feed({
      ...loop,
      kind: 'CLOSE',
      at: 102,
      flags: PASSIVE,
      socket: { ...nginx, sent: 500, received: 79, retransmits: 2, ...closed },
    });
    expect(told.take()).toMatchObject([
      {
        event: 'close',
        direction: 'local',
        orig: 'curl[10] by connect',
        resp: 'nginx[20] by listen',
        bytes: [80, 500],
        retransmits: 3,
        at: 102,
      },
    ]);
  });

  it('that one end resets is a reset, whichever end closes first', () => {
    for (const clientFirst of [true, false]) {
      const { feed, told } = rig();
      feed(
        egress,
        ingress,
        { ...loop, kind: 'OPEN', socket: curl },
        { ...loop, kind: 'OPEN', flags: PASSIVE, socket: nginx },
      );
      const client: Spec = {
        ...loop,
        kind: 'CLOSE',
        socket: { ...curl, state: TcpState.ESTABLISHED },
      };
      const server: Spec = {
        ...loop,
        kind: 'CLOSE',
        flags: PASSIVE,
        socket: { ...nginx, state: TcpState.ESTABLISHED, error: 104 },
      };
      feed(...(clientFirst ? [client, server] : [server, client]));
      expect(told.take().slice(2)).toMatchObject([{ event: 'reset', state: 'RSTO' }]);
    }
  });

  it('that is refused tells it once, with the originator’s process', () => {
    const { feed, told } = rig();
    feed(egress, ingress, { ...loop, kind: 'REFUSED', at: 100.0001, ifindex: 1 });
    expect(told.names()).toEqual(['attempt']);
    feed({
      ...loop,
      kind: 'CLOSE',
      at: 100.0002,
      socket: { ...curl, state: TcpState.SYN_SENT, error: 111 },
    });
    expect(told.take()).toMatchObject([
      { event: 'refused', orig: 'curl[10] by connect', state: 'REJ' },
    ]);
  });

  it('that is refused is told 100 ms later when the CLOSE is lost, and a late CLOSE adds nothing', () => {
    const { feed, told, flow } = rig();
    feed(egress, { ...loop, kind: 'REFUSED', at: 100.05 });
    flow.tick(100.1e9);
    expect(told.names()).toEqual(['attempt']);
    flow.tick(100.15e9);
    feed({
      ...loop,
      kind: 'CLOSE',
      at: 101,
      socket: { ...curl, state: TcpState.SYN_SENT, error: 111 },
    });
    expect(told.take()).toMatchObject([{ event: 'refused', at: 100.05 }]);
    expect(flow.counts().records.close.late).toBe(1);
  });

  it('is recognised by its two sockets when no address says so', () => {
    const { feed, told } = rig();
    const pair: Partial<Spec> = { src: '10.0.0.5', dst: '10.0.0.6' };
    feed({ ...pair, kind: 'ATTEMPT', socket: curl }, { ...pair, kind: 'ATTEMPT', ifindex: 1 });
    feed({ ...pair, kind: 'OPEN', socket: curl });
    expect(told.take().map((t) => t.direction)).toEqual(['outbound', 'local']);
  });

  it('is recognised between any two loopback addresses', () => {
    const { feed, told } = rig();
    feed({ kind: 'ATTEMPT', src: '127.0.0.1', dst: '127.0.0.53', socket: curl });
    expect(told.take()).toMatchObject([{ direction: 'local' }]);
  });

  it('waits for its socket, not for an answer, when the wire was seen first', () => {
    const { feed, told, flow } = rig();
    feed(ingress, egress);
    flow.tick(1e12);
    expect(told.names()).toEqual(['attempt']);
  });

  it('does not come back when one end was told alone', () => {
    const { feed, told, flow } = rig();
    feed(
      egress,
      { ...loop, kind: 'OPEN', socket: curl },
      { ...loop, kind: 'CLOSE', socket: { ...curl, ...closed } },
    );
    feed(
      { ...loop, kind: 'OPEN', flags: PASSIVE, socket: nginx },
      { ...loop, kind: 'CLOSE', flags: PASSIVE, socket: { ...nginx, ...closed } },
    );
    expect(told.names()).toEqual(['attempt', 'open', 'close']);
    expect(flow.counts()).toMatchObject({
      live: 0,
      records: { open: { late: 1 }, close: { late: 1 } },
    });
  });
});

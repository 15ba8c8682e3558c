import { describe, expect, it } from 'vitest';
import { rig } from '../../test/flow/records.ts';
import { Flag } from '../wire/layout.gen.ts';
import { TcpState } from '../model/tcp-state.ts';

const curl = { comm: 'curl', pid: 10, uid: 1000, start: 100, from: 1 };
const nginx = { comm: 'nginx', pid: 20, uid: 33, start: 100, from: 2 };
const PASSIVE = Flag.PASSIVE;
const closed = { state: TcpState.LAST_ACK };

describe('a connection to this host', () => {
  it('is attempted, opened, closed, with the responder and its bytes', () => {
    const { feed, told } = rig();
    feed({ kind: 'ATTEMPT', at: 100 });
    feed({ kind: 'OPEN', at: 100.01, flags: PASSIVE, socket: { ...nginx, rttUs: 900 } });
    feed({
      kind: 'CLOSE',
      at: 101,
      flags: PASSIVE,
      socket: { ...nginx, pid: 21, from: 3, sent: 500, received: 80, retransmits: 2, ...closed },
    });
    const [attempt, open, close] = told.take();
    expect(attempt).toMatchObject({
      event: 'attempt',
      at: 100,
      direction: 'inbound',
      conn: '192.0.2.56:5973 > 10.0.0.5:80',
    });
    expect(open).toMatchObject({
      event: 'open',
      at: 100.01,
      resp: 'nginx[20] by listen',
      rttUs: 900,
      start: 100,
    });
    expect(close).toMatchObject({
      event: 'close',
      outcome: 'ok',
      state: 'SF',
      bytes: [80, 500],
      retransmits: 2,
      resp: 'nginx[21] by accept',
      at: 101,
    });
    expect(close!.orig).toBeUndefined();
  });

  it('counts a SYN again as retransmission only on the same interface after 0.2 s', () => {
    const { feed, told, flow } = rig();
    feed({ kind: 'ATTEMPT', at: 100, ifindex: 2 });
    feed(
      { kind: 'ATTEMPT', at: 100.0001, ifindex: 3 },
      { kind: 'ATTEMPT', at: 100.0002, ifindex: 2 },
    );
    feed({ kind: 'ATTEMPT', at: 101, ifindex: 3 }, { kind: 'ATTEMPT', at: 101, ifindex: 2 });
    feed({ kind: 'REFUSED', at: 101.1 });
    expect(told.take().map((t) => [t.event, t.retransmits])).toEqual([
      ['attempt', 0],
      ['refused', 1],
    ]);
    expect(flow.counts().records.attempt).toEqual({ taken: 5, applied: 1, merged: 4, late: 0 });
  });

  it('is refused at once, and its SYN again is no new attempt', () => {
    const { feed, told } = rig();
    feed(
      { kind: 'ATTEMPT' },
      { kind: 'REFUSED', at: 100.001 },
      { kind: 'ATTEMPT', at: 100.5 },
      { kind: 'REFUSED', at: 100.6 },
    );
    const [, refused] = told.all;
    expect(refused).toMatchObject({ outcome: 'refused', state: 'REJ', direction: 'inbound' });
    expect(told.names()).toEqual(['attempt', 'refused']);
  });

  it('is dropped after 3 s without an answer, and its SYN again is no new attempt', () => {
    const { feed, told, flow } = rig({ answered: () => 0 });
    feed({ kind: 'ATTEMPT', at: 100 });
    flow.tick(102.9e9);
    expect(told.names()).toEqual(['attempt']);
    flow.tick(103e9);
    expect(told.take()).toMatchObject([
      { event: 'timeout', outcome: 'dropped', state: 'S0', at: 103 },
    ]);
    feed(
      { kind: 'ATTEMPT', at: 107 },
      { kind: 'CLOSE', at: 108, flags: PASSIVE, socket: { ...nginx, state: TcpState.SYN_RECV } },
    );
    expect(told.names()).toEqual([]);
    expect(flow.counts()).toMatchObject({ live: 0, records: { close: { late: 1 } } });
  });

  it('that was told as dropped may still open', () => {
    const { feed, told, flow } = rig();
    feed({ kind: 'ATTEMPT', at: 100 });
    flow.tick(103e9);
    feed(
      { kind: 'ATTEMPT', at: 103.1 },
      { kind: 'OPEN', at: 103.2, flags: PASSIVE, socket: nginx },
    );
    expect(told.names()).toEqual(['attempt', 'timeout', 'open']);
    expect(flow.counts().revived).toBe(1);
  });

  it('is a new one when a scanner comes back with the same numbers on a later day', () => {
    const { feed, told, flow } = rig();
    feed({ kind: 'ATTEMPT', at: 100 });
    flow.tick(103e9);
    feed({ kind: 'ATTEMPT', at: 90_000 });
    expect(told.names()).toEqual(['attempt', 'timeout', 'attempt']);
  });

  it('waits 60 s after SYN+ACK, then the handshake never completed', () => {
    const { feed, told, flow } = rig({ answered: () => 1 });
    feed({ kind: 'ATTEMPT', at: 100 });
    flow.tick(103e9);
    flow.tick(159.9e9);
    expect(told.names()).toEqual(['attempt']);
    flow.tick(160e9);
    expect(told.take()).toMatchObject([
      { event: 'timeout', outcome: 'timeout', state: 'S1', at: 160 },
    ]);
  });

  it('that the originator resets after SYN+ACK is a reset, whenever that is seen', () => {
    let answer = 2;
    const { feed, told, flow } = rig({ answered: () => answer });
    feed({ kind: 'ATTEMPT', at: 100 });
    flow.tick(103e9);
    expect(told.take()[1]).toMatchObject({ event: 'reset', outcome: 'reset', state: 'RSTO' });
    answer = 1;
    feed({ kind: 'ATTEMPT', at: 200, isn: 8 });
    flow.tick(203e9);
    answer = 2;
    flow.tick(260e9);
    expect(told.take()[1]).toMatchObject({ event: 'reset', state: 'RSTO', at: 260 });
  });

  it('has no deadline when the source cannot see answers', () => {
    const { feed, told, flow } = rig({ watchesAnswers: false });
    feed({ kind: 'ATTEMPT', at: 100 });
    flow.tick(1e12);
    expect(told.names()).toEqual(['attempt']);
  });
});

describe('a connection from this host', () => {
  const endings: [error: number, event: string, outcome: string, state: string][] = [
    [111, 'refused', 'refused', 'REJ'],
    [110, 'timeout', 'timeout', 'S0'],
    [113, 'timeout', 'timeout', 'S0'],
    [0, 'timeout', 'timeout', 'S0'],
  ];
  for (const [error, event, outcome, state] of endings) {
    it(`that fails with errno ${error} is ${event}, with the process`, () => {
      const { feed, told, flow } = rig();
      feed({ kind: 'ATTEMPT', socket: curl });
      flow.tick(1e12); // an own attempt has no deadline: the kernel tells
      feed({
        kind: 'CLOSE',
        at: 227,
        socket: { ...curl, state: TcpState.SYN_SENT, error, retransmits: 6 },
      });
      expect(told.take()).toMatchObject([
        { event: 'attempt', direction: 'outbound', orig: 'curl[10] by connect' },
        { event, outcome, state, error, orig: 'curl[10] by connect', retransmits: 6, at: 227 },
      ]);
    });
  }

  it('counts retransmissions as its socket does, not by sightings', () => {
    const { feed, told } = rig();
    feed({ kind: 'ATTEMPT', socket: curl }, { kind: 'ATTEMPT', at: 101, socket: curl });
    feed({ kind: 'CLOSE', at: 102, socket: { ...curl, retransmits: 1, ...closed } });
    expect(told.take()[1]).toMatchObject({ event: 'close', retransmits: 1 });
  });

  it('has its own sent bytes as the originator’s', () => {
    const { feed, told } = rig();
    feed({ kind: 'ATTEMPT', socket: curl }, { kind: 'OPEN', socket: { ...curl, rttUs: 5 } });
    feed({
      kind: 'CLOSE',
      at: 101,
      socket: { ...curl, sent: 80, received: 500, state: TcpState.FIN_WAIT2 },
    });
    expect(told.take()[2]).toMatchObject({ event: 'close', bytes: [80, 500], rttUs: 5 });
  });

  it('keeps the connecting process when another one closes', () => {
    const { feed, told } = rig();
    feed({ kind: 'ATTEMPT', socket: curl });
    feed({ kind: 'CLOSE', socket: { ...curl, comm: 'heir', pid: 11, from: 4, ...closed } });
    expect(told.take()[1]).toMatchObject({ orig: 'curl[10] by connect' });
  });
});

describe('a connection whose attempt was not seen', () => {
  it('is attempted first, as of its start, then gets its outcome', () => {
    const { feed, told, flow } = rig();
    feed({ kind: 'OPEN', at: 101, isn: 1, flags: PASSIVE, socket: nginx });
    feed({ kind: 'CLOSE', at: 102, isn: 2, socket: { ...curl, ...closed } });
    feed({ kind: 'REFUSED', at: 103, isn: 3 });
    expect(told.take()).toMatchObject([
      { event: 'attempt', at: 100, resp: 'nginx[20] by listen' },
      { event: 'open', at: 101 },
      { event: 'attempt', at: 100, orig: 'curl[10] by connect' },
      { event: 'close', at: 102, start: 100 },
      { event: 'attempt', at: 103 },
      { event: 'refused', at: 103 },
    ]);
    feed({ kind: 'ATTEMPT', at: 104, isn: 2 }, { kind: 'ATTEMPT', at: 104, isn: 1 });
    expect(told.names()).toEqual([]);
    expect(flow.counts()).toMatchObject({ inferred: 3, live: 1 });
  });
});

import { describe, expect, it } from 'vitest';
import { rig, type Spec } from '../../test/flow/records.ts';
import { Flag } from '../wire/layout.gen.ts';
import { TcpState } from '../model/tcp-state.ts';

const BEFORE = Flag.BEFORE;
const old = { from: 0, start: 0, state: TcpState.ESTABLISHED };
const listener: Spec = {
  kind: 'EXISTING',
  src: '0.0.0.0',
  srcPort: 22,
  dst: '0.0.0.0',
  dstPort: 0,
  isn: 0,
  flags: BEFORE,
  socket: { state: TcpState.LISTEN },
};
/** As the kernel has it: src is the local end. */
const sshd: Partial<Spec> = {
  src: '10.0.0.5',
  srcPort: 22,
  dst: '192.0.2.56',
  dstPort: 5973,
  isn: 0,
  flags: BEFORE,
  direction: 'UNKNOWN',
};
const wget: Partial<Spec> = {
  src: '10.0.0.5',
  srcPort: 40_000,
  dst: '192.0.2.80',
  dstPort: 80,
  isn: 0,
  flags: BEFORE,
  direction: 'UNKNOWN',
};

describe('a socket older than the program', () => {
  it('is told at its close only, with the originator first', () => {
    const { feed, told, flow } = rig();
    feed(
      listener,
      { ...sshd, kind: 'EXISTING', socket: old },
      { ...wget, kind: 'EXISTING', socket: old },
    );
    expect(told.names()).toEqual([]);
    expect(flow.counts()).toMatchObject({ existing: 2, live: 2 });
    feed({
      ...sshd,
      kind: 'CLOSE',
      at: 200,
      socket: { comm: 'sshd', pid: 5, from: 4, sent: 900, received: 100, state: TcpState.LAST_ACK },
    });
    feed({
      ...wget,
      kind: 'CLOSE',
      at: 201,
      socket: { comm: 'wget', pid: 6, from: 4, sent: 10, received: 20, state: TcpState.FIN_WAIT2 },
    });
    expect(told.take()).toMatchObject([
      {
        event: 'close',
        conn: '192.0.2.56:5973 > 10.0.0.5:22',
        direction: 'inbound',
        bytes: [100, 900],
        resp: 'sshd[5] by close',
        start: 0,
      },
      {
        event: 'close',
        conn: '10.0.0.5:40000 > 192.0.2.80:80',
        direction: 'outbound',
        bytes: [10, 20],
        orig: 'wget[6] by close',
      },
    ]);
  });

  it('closes without an attempt when it was not announced either', () => {
    const { feed, told } = rig();
    feed(listener, { ...sshd, kind: 'CLOSE', socket: { state: TcpState.LAST_ACK } });
    expect(told.take()).toMatchObject([
      { event: 'close', direction: 'inbound', conn: '192.0.2.56:5973 > 10.0.0.5:22' },
    ]);
  });

  it('is one connection when both its ends are here, even if the listener is gone', () => {
    for (const announced of [[listener], []]) {
      const { feed, told, flow } = rig();
      const client: Partial<Spec> = {
        ...sshd,
        src: '10.0.0.5',
        srcPort: 5973,
        dst: '10.0.0.5',
        dstPort: 22,
      };
      const server: Partial<Spec> = { ...client, srcPort: 22, dstPort: 5973 };
      feed(
        ...announced,
        { ...client, kind: 'EXISTING', socket: old },
        { ...server, kind: 'EXISTING', socket: old },
      );
      expect(flow.counts().live).toBe(1);
      feed(
        { ...client, kind: 'CLOSE', socket: { state: TcpState.FIN_WAIT2 } },
        { ...server, kind: 'CLOSE', socket: { state: TcpState.LAST_ACK } },
      );
      expect(told.take()).toMatchObject([
        { event: 'close', direction: 'local', conn: '10.0.0.5:5973 > 10.0.0.5:22' },
      ]);
    }
  });

  it('that was adopted keeps its id and direction, and its SYN again is no attempt', () => {
    const { feed, told } = rig();
    feed({
      kind: 'EXISTING',
      flags: Flag.PASSIVE,
      socket: { ...old, comm: 'nginx', pid: 20, from: 2, start: 50 },
    });
    feed(
      { kind: 'ATTEMPT', at: 101 },
      { kind: 'CLOSE', at: 102, flags: Flag.PASSIVE, socket: { state: TcpState.LAST_ACK } },
    );
    expect(told.take()).toMatchObject([
      { event: 'close', direction: 'inbound', start: 50, resp: 'nginx[20] by listen' },
    ]);
  });

  it('keeps its direction when its port is listened on later', () => {
    const { feed, told } = rig();
    feed({ ...wget, kind: 'EXISTING', socket: old }, { ...listener, srcPort: wget.srcPort! });
    feed({ ...wget, kind: 'CLOSE', socket: { state: TcpState.FIN_WAIT2 } });
    expect(told.take()).toMatchObject([{ event: 'close', direction: 'outbound' }]);
  });

  it('that was connecting still tells its open', () => {
    const { feed, told } = rig();
    feed(
      { ...wget, kind: 'EXISTING', socket: { ...old, state: TcpState.SYN_SENT } },
      { ...wget, kind: 'OPEN', socket: old },
    );
    expect(told.names()).toEqual(['open']);
  });

  it('of a state that no CLOSE follows is not kept', () => {
    const { feed, flow } = rig();
    for (const state of [TcpState.TIME_WAIT, TcpState.NEW_SYN_RECV, TcpState.CLOSE])
      feed({ ...wget, kind: 'EXISTING', socket: { ...old, state } });
    expect(flow.counts()).toMatchObject({ live: 0, records: { existing: { merged: 3 } } });
  });
});

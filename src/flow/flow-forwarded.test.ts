import { describe, expect, it } from 'vitest';
import { rig, type Spec } from '../../test/flow/records.ts';
import { Flag } from '../wire/layout.gen.ts';
import { TcpState } from '../model/tcp-state.ts';

const curl = { comm: 'curl', pid: 10, uid: 1000, start: 100, from: 1 };
const nginx = { comm: 'nginx', pid: 20, uid: 33, start: 100, from: 2 };
const PASSIVE = Flag.PASSIVE;
const closed = { state: TcpState.LAST_ACK };

describe('a forwarded connection', () => {
  const through: Partial<Spec> = { direction: 'FORWARDED' };

  it('opens without a process and is let go; its later sightings add nothing', () => {
    const { feed, told, flow } = rig();
    feed(
      { ...through, kind: 'ATTEMPT' },
      { ...through, kind: 'OPEN', at: 100.1 },
      { ...through, kind: 'OPEN', at: 100.1, ifindex: 3 },
    );
    feed({ ...through, kind: 'ATTEMPT', at: 101 });
    expect(told.names()).toEqual(['attempt', 'open']);
    expect(flow.counts()).toMatchObject({ forwarded: 1, live: 0 });
  });

  it('that nobody answers timed out: it was not this host that dropped it', () => {
    const { feed, told, flow } = rig();
    feed({ ...through, kind: 'ATTEMPT' });
    flow.tick(103e9);
    expect(told.take()[1]).toMatchObject({ event: 'timeout', outcome: 'timeout', state: 'S0' });
  });
});

describe('a forwarded connection, with the sockets of other namespaces', () => {
  const through: Partial<Spec> = { direction: 'FORWARDED' };
  const answered = [
    { ...through, kind: 'ATTEMPT' },
    { ...through, kind: 'OPEN', at: 100.1 },
    { ...through, kind: 'OPEN', at: 100.1, ifindex: 3 },
  ] as const;
  const others = () => rig({ otherNamespaces: true });

  it('opens as its originator says, and is followed to its end', () => {
    const { feed, told } = others();
    feed(...answered, { kind: 'OPEN', at: 100.2, socket: curl });
    feed({ kind: 'CLOSE', at: 101, socket: { ...curl, ...closed } });
    expect(told.take()).toMatchObject([
      { event: 'attempt', direction: 'forwarded' },
      { event: 'open', at: 100.2, orig: 'curl[10] by connect', direction: 'forwarded' },
      { event: 'close', at: 101, orig: 'curl[10] by connect' },
    ]);
  });

  it('opens as its responder says, a round trip after the answer', () => {
    const { feed, told, flow } = others();
    feed(...answered);
    flow.tick(101e9);
    feed({ kind: 'OPEN', at: 101, flags: PASSIVE, socket: nginx });
    expect(told.take()[1]).toMatchObject({ event: 'open', at: 101, resp: 'nginx[20] by listen' });
  });

  it('opens without a process when no socket says anything for a second', () => {
    const { feed, told, flow } = others();
    feed(...answered);
    flow.tick(101e9);
    expect(told.names()).toEqual(['attempt']);
    flow.tick(101.1e9);
    expect(told.take()).toMatchObject([{ event: 'open', at: 100.1 }]);
    feed({ kind: 'OPEN', at: 105, socket: curl });
    expect(told.names()).toEqual([]);
    expect(flow.counts()).toMatchObject({ forwarded: 1, live: 0 });
  });

  it('opens at the end of the program at the latest', () => {
    const { feed, told, flow } = others();
    feed(...answered);
    flow.stop(100.2e9);
    expect(told.names()).toEqual(['attempt', 'open']);
  });

  it('is local when both ends are here, and closes when both have', () => {
    const { feed, told, flow } = others();
    feed(...answered, { kind: 'OPEN', at: 100.2, socket: curl });
    feed({ kind: 'OPEN', at: 100.3, flags: PASSIVE, socket: nginx });
    feed({ kind: 'CLOSE', at: 101, socket: { ...curl, ...closed } });
    expect(told.names()).toEqual(['attempt', 'open']);
    feed({ kind: 'CLOSE', at: 101.1, flags: PASSIVE, socket: { ...nginx, ...closed } });
    expect(told.take()).toMatchObject([
      {
        event: 'close',
        direction: 'local',
        orig: 'curl[10] by connect',
        resp: 'nginx[20] by listen',
      },
    ]);
    expect(flow.counts()).toMatchObject({ live: 0, inferred: 0 });
  });

  it('opens before it closes', () => {
    const { feed, told } = others();
    feed(...answered, { kind: 'CLOSE', at: 100.3, socket: { ...curl, ...closed } });
    expect(told.take()).toMatchObject([
      { event: 'attempt' },
      { event: 'open', at: 100.1 },
      { event: 'close', at: 100.3 },
    ]);
  });

  it('is refused as its originator says', () => {
    const { feed, told } = others();
    feed({ ...through, kind: 'ATTEMPT' }, { ...through, kind: 'REFUSED', at: 100.1 });
    feed({
      kind: 'CLOSE',
      at: 100.11,
      socket: { ...curl, state: TcpState.SYN_SENT, error: 111 },
    });
    expect(told.take()[1]).toMatchObject({ event: 'refused', orig: 'curl[10] by connect' });
  });
});

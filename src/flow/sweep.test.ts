/** Connections whose CLOSE records were lost, found by looking at the sockets that there are. */
import { expect, it } from 'vitest';
import { rig, type Spec } from '../../test/flow/records.ts';
import { write } from '../../test/flow/records.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { Flag } from '../wire/layout.gen.ts';
import { TcpState } from '../model/tcp-state.ts';

const socket = { comm: 'nginx', pid: 20 };
const open = (srcPort: number, at: number): Spec => ({
  kind: 'OPEN',
  at,
  srcPort,
  flags: Flag.PASSIVE,
  socket: { ...socket, state: TcpState.SYN_RECV },
});

function existing(...ports: number[]): RecordWriter {
  const writer = new RecordWriter();
  for (const srcPort of ports)
    write(writer, {
      kind: 'EXISTING',
      at: 200,
      srcPort,
      flags: Flag.PASSIVE,
      socket: { ...socket, state: TcpState.ESTABLISHED },
    });
  return writer;
}

it('are let go and counted; those that live, and those that came since, stay', () => {
  const { feed, flow, told } = rig();
  // the attempt of the third would have waited for an answer until 202
  for (const [port, at] of [
    [1, 100],
    [2, 100],
    [3, 199],
  ] as const)
    feed({ kind: 'ATTEMPT', srcPort: port, at }, open(port, at));
  flow.alive(existing(2), 200e9);
  feed({ kind: 'ATTEMPT', srcPort: 4, at: 200.5 }, open(4, 200.5));
  told.take();
  flow.sweep(200e9);
  expect(told.take()).toEqual([]);
  expect(flow.counts()).toMatchObject({ live: 2, unclosed: 2 });
  const close = (srcPort: number): Spec => ({
    kind: 'CLOSE',
    srcPort,
    at: 300,
    flags: Flag.PASSIVE,
    socket: { ...socket, state: TcpState.LAST_ACK },
  });
  feed(close(2), close(4), close(1));
  expect(told.names()).toEqual(['close', 'close']);
  expect(flow.counts()).toMatchObject({ live: 0, unclosed: 2 });
});

it('and whose other end said how they ended are told', () => {
  const { feed, flow, told } = rig();
  const end = (kind: 'OPEN' | 'CLOSE', passive: boolean): Spec => ({
    kind,
    src: '127.0.0.1',
    dst: '127.0.0.1',
    direction: 'LOCAL',
    flags: passive ? Flag.PASSIVE : 0,
    socket: { ...socket, state: kind === 'OPEN' ? TcpState.SYN_RECV : TcpState.LAST_ACK },
  });
  feed(end('OPEN', false), end('OPEN', true), end('CLOSE', true));
  told.take();
  flow.alive(existing(), 200e9);
  flow.sweep(200e9);
  expect(told.take()).toEqual([expect.objectContaining({ event: 'close', state: 'SF' })]);
  expect(flow.counts()).toMatchObject({ live: 0, unclosed: 0 });
});

/** What is told of connections whose records are not all there. */
import { expect, it } from 'vitest';
import { rig, type Spec } from '../../test/flow/records.ts';
import { TcpState } from '../model/tcp-state.ts';
import { Flag } from '../wire/layout.gen.ts';

const end = (state: number, error = 0, flags = 0): Spec => ({
  kind: 'CLOSE',
  at: 101,
  flags,
  socket: { comm: 'curl', pid: 20, state, error },
});

it.each([
  ['closed', end(TcpState.FIN_WAIT2), 1],
  ['closed by the responder', end(TcpState.LAST_ACK, 0, Flag.PASSIVE), 1],
  ['cut', end(TcpState.ESTABLISHED, 104), 1],
  ['never answered', end(TcpState.SYN_SENT, 110), 0],
  ['refused', end(TcpState.SYN_SENT, 111), 0],
  ['half-open', end(TcpState.SYN_RECV, 0, Flag.PASSIVE), 0],
])('an attempt that was %s: its end shows whether an open is missing', (_, close, missing) => {
  const { feed, flow, told } = rig();
  feed({ kind: 'ATTEMPT', at: 100 }, close);
  expect(told.names()).toHaveLength(2);
  expect(flow.counts()).toMatchObject({ unopened: missing, live: 0 });
});

it('misses no open that was told, or may have been told by an earlier run', () => {
  const { feed, flow, told } = rig();
  feed(
    { kind: 'ATTEMPT', at: 100 },
    { ...end(TcpState.SYN_SENT), kind: 'OPEN' },
    end(TcpState.FIN_WAIT2),
  );
  feed({ ...end(TcpState.FIN_WAIT2), srcPort: 2 });
  feed({
    kind: 'EXISTING',
    at: 100,
    flags: Flag.BEFORE,
    srcPort: 3,
    socket: { comm: 'curl', pid: 20, state: TcpState.ESTABLISHED },
  });
  feed({ ...end(TcpState.FIN_WAIT2, 0, Flag.BEFORE), srcPort: 3 });
  expect(told.names().filter((name) => name === 'close')).toHaveLength(3);
  expect(flow.counts()).toMatchObject({ unopened: 0, live: 0 });
});

it('misses the open of a connection of both ends here once', () => {
  const { feed, flow } = rig();
  feed({ kind: 'ATTEMPT', at: 100, direction: 'LOCAL' });
  feed(end(TcpState.FIN_WAIT2), end(TcpState.LAST_ACK, 0, Flag.PASSIVE));
  expect(flow.counts()).toMatchObject({ unopened: 1, live: 0 });
});

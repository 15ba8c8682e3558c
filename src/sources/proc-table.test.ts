import { beforeEach, describe, expect, it } from 'vitest';
import {
  brief,
  eachWithHost,
  IN,
  IN_NAME,
  LISTEN80,
  OUT,
  OUT_NAME,
  type ProcHost,
} from '../../test/contract/proc-host.ts';
import type { TextRow } from '../../test/contract/proc-text.ts';
import type { PlainRecord } from '../../test/contract/records.ts';
import { Flag } from '../wire/layout.gen.ts';
import { ProcSource } from './proc.ts';
import { NO_UID } from './proc-connection.ts';
import { TcpState } from '../model/tcp-state.ts';

let host: ProcHost;
eachWithHost((fresh) => {
  host = fresh;
});

describe('a new connection', () => {
  beforeEach(() => void host.begin([LISTEN80]));

  it('outbound: ATTEMPT and OPEN of our socket', () => {
    const records = host.next([LISTEN80, OUT]);
    expect(brief(records)).toEqual([`ATTEMPT ${OUT_NAME}`, `OPEN ${OUT_NAME}`]);
    expect(records.map(({ flags }) => flags)).toEqual([Flag.WHOLE, Flag.WHOLE]);
    expect(records.map(({ socket }) => socket!.uid)).toEqual([1000, 1000]);
    expect(new Set(records.map(({ id }) => id)).size).toBe(1);
    expect(host.next([LISTEN80, OUT])).toEqual([]);
  });

  it('inbound: an ATTEMPT of others is a head alone, OPEN is passive', () => {
    const records = host.next([LISTEN80, IN]);
    expect(brief(records)).toEqual([`ATTEMPT ${IN_NAME}`, `OPEN ${IN_NAME}`]);
    expect(records.map(({ flags }) => flags)).toEqual([0, Flag.WHOLE | Flag.PASSIVE]);
    expect(records[1]!.socket!.uid).toBe(33);
  });

  it('is inbound by a listener of the other table', () => {
    const listen6: TextRow = { local: '[::]:80', state: TcpState.LISTEN };
    expect(brief(host.next([IN], [listen6]))[0]).toBe(`ATTEMPT ${IN_NAME}`);
  });

  it('is outbound without a listener', () => {
    expect(brief(host.next([IN]))[0]).toBe('ATTEMPT outbound 10.0.0.5:80 > 192.0.2.56:5973');
  });

  it('in a handshake: ATTEMPT, and OPEN once it is over', () => {
    expect(brief(host.next([LISTEN80, { ...OUT, state: TcpState.SYN_SENT }]))).toEqual([
      `ATTEMPT ${OUT_NAME}`,
    ]);
    expect(brief(host.next([LISTEN80, OUT]))).toEqual([`OPEN ${OUT_NAME}`]);
    expect(
      brief(host.next([LISTEN80, OUT, { ...IN, state: TcpState.SYN_RECV, inode: 0 }])),
    ).toEqual([`ATTEMPT ${IN_NAME}`]);
    expect(brief(host.next([LISTEN80, OUT, IN]))).toEqual([`OPEN ${IN_NAME}`]);
  });

  it('that is closing already has been open', () => {
    expect(brief(host.next([{ ...OUT, state: TcpState.CLOSE_WAIT }]))).toEqual([
      `ATTEMPT ${OUT_NAME}`,
      `OPEN ${OUT_NAME}`,
    ]);
  });

  it('that lingers in TIME_WAIT: all three at once, and no more', () => {
    const row = { ...OUT, state: TcpState.TIME_WAIT, inode: 0, uid: 0 };
    const records = host.next([row]);
    expect(brief(records)).toEqual([
      `ATTEMPT ${OUT_NAME}`,
      `OPEN ${OUT_NAME}`,
      `CLOSE ${OUT_NAME} ${TcpState.FIN_WAIT2}`,
    ]);
    expect(records[2]!.socket!.uid).toBe(NO_UID);
    expect(host.next([row])).toEqual([]);
    expect(host.next([])).toEqual([]);
  });

  it('of IPv6, and of IPv4 through an IPv6 socket', () => {
    const records = host.next(
      [LISTEN80],
      [
        { local: '[2001:db8::5]:40000', remote: '[2001:db8::1]:443', inode: 5 },
        { local: '[::ffff:10.0.0.5]:80', remote: '[::ffff:192.0.2.56]:5973', inode: 6 },
      ],
    );
    expect(brief(records)).toEqual([
      'ATTEMPT outbound [2001:db8::5]:40000 > [2001:db8::1]:443',
      'OPEN outbound [2001:db8::5]:40000 > [2001:db8::1]:443',
      `ATTEMPT ${IN_NAME}`,
      `OPEN ${IN_NAME}`,
    ]);
    expect(records.map(({ family }) => family)).toEqual([6, 6, 4, 4]);
  });

  it('has the same id as an existing one after a restart', () => {
    const [attempt] = host.next([LISTEN80, IN]);
    const other = new ProcSource(host.paths);
    other.start();
    const records = host.drain(other);
    expect(records.at(-1)).toMatchObject({ kind: 'EXISTING', id: attempt!.id });
  });

  it('is no row that is bound, closed or repeated', () => {
    expect(
      host.next([
        { ...OUT, state: TcpState.CLOSE },
        { ...OUT, state: TcpState.BOUND_INACTIVE },
      ]),
    ).toEqual([]);
    expect(host.next([OUT, IN, OUT, OUT])).toHaveLength(4);
  });
});

describe('the end of a connection', () => {
  const last = (state: number): PlainRecord[] => {
    host.begin([]);
    host.next([{ ...OUT, state }]);
    return host.next([]);
  };

  it.each([
    [TcpState.ESTABLISHED, TcpState.LAST_ACK],
    [TcpState.CLOSE_WAIT, TcpState.LAST_ACK],
    [TcpState.LAST_ACK, TcpState.LAST_ACK],
    [TcpState.FIN_WAIT1, TcpState.FIN_WAIT2],
    [TcpState.FIN_WAIT2, TcpState.FIN_WAIT2],
    [TcpState.CLOSING, TcpState.CLOSING],
    [TcpState.SYN_SENT, TcpState.SYN_SENT],
    [TcpState.SYN_RECV, TcpState.SYN_RECV],
    [TcpState.NEW_SYN_RECV, TcpState.SYN_RECV],
  ])('vanished in state %i: left state %i, no error', (state, left) => {
    const records = last(state);
    expect(brief(records)).toEqual([`CLOSE ${OUT_NAME} ${left}`]);
    expect(records[0]!.socket!.error).toBe(0);
  });

  it('keeps the user that was known before TIME_WAIT', () => {
    host.begin([]);
    host.next([OUT]);
    const [close] = host.next([{ ...OUT, state: TcpState.TIME_WAIT, inode: 0, uid: 0 }]);
    expect(close).toMatchObject({
      kind: 'CLOSE',
      socket: { uid: 1000, state: TcpState.FIN_WAIT2 },
    });
  });
});

describe('the same addresses and ports', () => {
  beforeEach(() => void host.begin([LISTEN80]));
  const names = (row: TextRow): string[] => host.next([LISTEN80, row]).map(({ kind }) => kind);

  it('with another inode: a new connection with another id', () => {
    const first = host.next([LISTEN80, OUT]);
    const second = host.next([LISTEN80, { ...OUT, inode: 101 }]);
    expect(second.map(({ kind }) => kind)).toEqual(['CLOSE', 'ATTEMPT', 'OPEN']);
    expect(second[0]!.id).toBe(first[0]!.id);
    expect(second[1]).toMatchObject({ isn: 101 });
    expect(second[1]!.id).not.toBe(first[0]!.id);
    expect(second[2]!.id).toBe(second[1]!.id);
    expect(names({ ...OUT, inode: 101 })).toEqual([]);
  });

  it('with an inode for the first time, or none any more: the same one', () => {
    expect(names({ ...IN, state: TcpState.SYN_RECV, inode: 0 })).toEqual(['ATTEMPT']);
    expect(names({ ...IN, inode: 0 })).toEqual(['OPEN']);
    expect(names(IN)).toEqual([]);
    expect(names({ ...IN, state: TcpState.FIN_WAIT2, inode: 0 })).toEqual([]);
    expect(names({ ...IN, state: TcpState.TIME_WAIT, inode: 0 })).toEqual(['CLOSE']);
  });

  it.each([
    TcpState.FIN_WAIT1,
    TcpState.FIN_WAIT2,
    TcpState.CLOSE_WAIT,
    TcpState.LAST_ACK,
    TcpState.CLOSING,
  ])('in a handshake after closing state %i: a new one', (state) => {
    host.next([LISTEN80, { ...IN, state, inode: 0 }]);
    const records = host.next([LISTEN80, { ...IN, state: TcpState.SYN_RECV, inode: 0 }]);
    expect(records.map(({ kind }) => kind)).toEqual(['CLOSE', 'ATTEMPT']);
    expect(records[0]!.id).not.toBe(records[1]!.id);
  });

  it('after TIME_WAIT: a new one by a handshake or an inode', () => {
    const waiting = { ...IN, state: TcpState.TIME_WAIT, inode: 0 };
    host.next([LISTEN80, waiting]);
    expect(names({ ...IN, state: TcpState.SYN_RECV, inode: 0 })).toEqual(['ATTEMPT']);
    expect(names(waiting)).toEqual(['OPEN', 'CLOSE']);
    expect(names(IN)).toEqual(['ATTEMPT', 'OPEN']);
  });

  it('an established row without an inode says nothing new', () => {
    host.next([LISTEN80, OUT]);
    expect(names({ ...OUT, inode: 0 })).toEqual([]);
    expect(names(OUT)).toEqual([]);
  });

  it('again after it vanished: another id, without an inode too', () => {
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const [attempt] = host.next([LISTEN80, { ...IN, inode: 0 }]);
      expect(attempt!.kind).toBe('ATTEMPT');
      ids.add(attempt!.id);
      host.next([LISTEN80]);
    }
    expect(ids.size).toBe(3);
  });
});

describe('a connection within this host', () => {
  const client: TextRow = {
    local: '127.0.0.1:40000',
    remote: '127.0.0.1:80',
    inode: 300,
    uid: 1000,
  };
  const server: TextRow = { local: '127.0.0.1:80', remote: '127.0.0.1:40000', inode: 301, uid: 33 };
  const NAME = 'local 127.0.0.1:40000 > 127.0.0.1:80';

  it.each([
    ['the client first', [client, server]],
    ['the server first', [server, client]],
  ])('is one connection of two rows, %s', (_, rows) => {
    host.begin([LISTEN80]);
    const records = host.next([LISTEN80, ...rows]);
    expect(brief(records)).toEqual([`ATTEMPT ${NAME}`, `OPEN ${NAME}`, `OPEN ${NAME}`]);
    expect(new Set(records.map(({ id }) => id)).size).toBe(1);
    expect(records[0]).toMatchObject({ flags: Flag.WHOLE, socket: { uid: 1000 }, isn: 0 });
    const uids = records.slice(1).map(({ flags, socket }) => [flags & Flag.PASSIVE, socket!.uid]);
    expect(uids).toContainEqual([0, 1000]);
    expect(uids).toContainEqual([Flag.PASSIVE, 33]);
    expect(host.next([LISTEN80, ...rows])).toEqual([]);
  });

  it('ends at each end once', () => {
    host.begin([LISTEN80]);
    host.next([LISTEN80, client, server]);
    const first = host.next([LISTEN80, { ...client, state: TcpState.TIME_WAIT, inode: 0 }]);
    expect(brief(first).sort()).toEqual([
      `CLOSE ${NAME} ${TcpState.FIN_WAIT2}`,
      `CLOSE ${NAME} ${TcpState.LAST_ACK}`,
    ]);
    expect(host.next([LISTEN80])).toEqual([]);
  });

  it('whose second row appears later is not attempted again', () => {
    host.begin([LISTEN80]);
    expect(brief(host.next([LISTEN80, { ...client, state: TcpState.SYN_SENT }]))).toEqual([
      `ATTEMPT ${NAME}`,
    ]);
    expect(brief(host.next([LISTEN80, client, { ...server, inode: 0 }]))).toEqual([
      `OPEN ${NAME}`,
      `OPEN ${NAME}`,
    ]);
    expect(host.next([LISTEN80, client, server])).toEqual([]);
  });

  it('between two own addresses is local by its two rows', () => {
    host.begin([LISTEN80]);
    const a: TextRow = { local: '10.0.0.5:40000', remote: '10.0.0.6:80', inode: 1 };
    const b: TextRow = { local: '10.0.0.6:80', remote: '10.0.0.5:40000', inode: 2 };
    expect(brief(host.next([LISTEN80, a, b]))[0]).toBe(
      'ATTEMPT local 10.0.0.5:40000 > 10.0.0.6:80',
    );
  });

  it('made again is one new connection', () => {
    host.begin([LISTEN80]);
    host.next([LISTEN80, client, server]);
    const again = host.next([LISTEN80, { ...client, inode: 302 }, { ...server, inode: 303 }]);
    expect(again.map(({ kind }) => kind)).toEqual(['CLOSE', 'CLOSE', 'ATTEMPT', 'OPEN', 'OPEN']);
    expect(host.next([LISTEN80, { ...client, inode: 302 }, { ...server, inode: 303 }])).toEqual([]);
  });

  it('made again while it was read is still one new connection', () => {
    host.begin([LISTEN80]);
    host.next([LISTEN80, client, server]);
    const again = host.next([LISTEN80, { ...client, inode: 302 }, server]); // the server's row is the old one
    expect(again.map(({ kind }) => kind)).toEqual(['CLOSE', 'CLOSE', 'ATTEMPT', 'OPEN']);
    const later = host.next([LISTEN80, { ...client, inode: 302 }, { ...server, inode: 303 }]);
    expect(later.map(({ kind }) => kind)).toEqual(['OPEN']);
    expect(later[0]!.id).toBe(again[2]!.id);
  });

  it('was there before: both ends EXISTING with one id', () => {
    const records = host.begin([LISTEN80, server, client]).slice(1);
    expect(brief(records)).toEqual([`EXISTING ${NAME} 1`, `EXISTING ${NAME} 1`]);
    expect(records[0]!.id).toBe(records[1]!.id);
  });

  it('to itself is one row', () => {
    host.begin([]);
    const self: TextRow = { local: '127.0.0.1:5000', remote: '127.0.0.1:5000', inode: 4 };
    expect(brief(host.next([self]))).toEqual([
      'ATTEMPT local 127.0.0.1:5000 > 127.0.0.1:5000',
      'OPEN local 127.0.0.1:5000 > 127.0.0.1:5000',
    ]);
  });
});

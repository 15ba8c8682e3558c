import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tcp6Text, tcpText, type TextRow } from '../../test/contract/proc-text.ts';
import { type PlainRecord, plain } from '../../test/contract/records.ts';
import { OperatorError } from '../model/errors.ts';
import { Flag } from '../wire/layout.gen.ts';
import { type ProcOptions, ProcSource } from './proc.ts';
import { NO_UID, State } from './proc-connection.ts';

let folder: string;
let tcpPath: string;
let tcp6Path: string;
let source: ProcSource;
let nowNs: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'proc-'));
  tcpPath = join(folder, 'tcp');
  tcp6Path = join(folder, 'tcp6');
  nowNs = 1_000e9;
});
afterEach(() => {
  source.stop();
  rmSync(folder, { recursive: true });
});

function begin(
  rows: readonly TextRow[],
  rows6: readonly TextRow[] = [],
  options: Partial<ProcOptions> = {},
): PlainRecord[] {
  write(rows, rows6);
  source = new ProcSource({ tcpPath, tcp6Path, ...options });
  source.start();
  return drain();
}

function write(rows: readonly TextRow[], rows6: readonly TextRow[] = []): void {
  writeFileSync(tcpPath, tcpText(rows));
  writeFileSync(tcp6Path, tcp6Text(rows6));
}

function drain(): PlainRecord[] {
  const records: PlainRecord[] = [];
  source.drain(nowNs, (batch) => records.push(...plain(batch)));
  return records;
}

/** The records of the next read, 10 s later. */
function next(rows: readonly TextRow[], rows6: readonly TextRow[] = []): PlainRecord[] {
  write(rows, rows6);
  nowNs += 10e9;
  return drain();
}

/** `KIND direction src > dst`, and the state of closes. */
const brief = (records: readonly PlainRecord[]): string[] =>
  records.map(({ kind, direction, src, dst, socket }) => {
    const state = kind === 'CLOSE' || kind === 'EXISTING' ? ` ${socket!.state}` : '';
    return `${kind} ${direction.toLowerCase()} ${src} > ${dst}${state}`;
  });

const LISTEN80: TextRow = { local: '0.0.0.0:80', state: State.LISTEN, inode: 1 };
const OUT: TextRow = { local: '10.0.0.5:40000', remote: '192.0.2.1:443', inode: 100, uid: 1000 };
const IN: TextRow = { local: '10.0.0.5:80', remote: '192.0.2.56:5973', inode: 200, uid: 33 };
const OUT_NAME = 'outbound 10.0.0.5:40000 > 192.0.2.1:443';
const IN_NAME = 'inbound 192.0.2.56:5973 > 10.0.0.5:80';

describe('the first read', () => {
  it('gives what is there as EXISTING, listeners with state 10', () => {
    const records = begin(
      [LISTEN80, OUT, IN],
      [{ local: '[::]:22', state: State.LISTEN, uid: 7, inode: 2 }],
    );
    expect(brief(records)).toEqual([
      'EXISTING unknown 0.0.0.0:80 > 0.0.0.0:0 10',
      'EXISTING unknown [::]:22 > [::]:0 10',
      `EXISTING ${OUT_NAME} 1`,
      `EXISTING ${IN_NAME} 1`,
    ]);
    expect(records.map(({ flags }) => flags)).toEqual([
      Flag.WHOLE | Flag.BEFORE | Flag.PASSIVE,
      Flag.WHOLE | Flag.BEFORE | Flag.PASSIVE,
      Flag.WHOLE,
      Flag.WHOLE | Flag.PASSIVE,
    ]);
    expect(records[1]!.socket).toEqual({ state: 10, error: 0, uid: 7, pid: 0, from: 0 });
    expect(records[3]).toMatchObject({
      isn: 0,
      tsNs: nowNs,
      count: 1,
      netns: 0n,
      socket: { uid: 33 },
    });
  });

  it('says nothing of TIME_WAIT, neither then nor later', () => {
    expect(begin([{ ...OUT, state: State.TIME_WAIT, inode: 0 }])).toEqual([]);
    expect(next([{ ...OUT, state: State.TIME_WAIT, inode: 0 }])).toEqual([]);
    expect(next([])).toEqual([]);
  });

  it('is followed by CLOSE of what was there', () => {
    const [existing] = begin([OUT]);
    const [close, ...more] = next([]);
    expect(more).toEqual([]);
    expect(brief([close!])).toEqual([`CLOSE ${OUT_NAME} ${State.LAST_ACK}`]);
    expect(close!.id).toBe(existing!.id);
  });

  it('names several listeners on one port, and a repeated row once', () => {
    const records = begin([LISTEN80, { ...LISTEN80, inode: 9 }, LISTEN80]);
    expect(records).toHaveLength(2);
  });
});

describe('the interval', () => {
  it('reads nothing until it is over', () => {
    begin([]);
    write([OUT]);
    nowNs += 9.999e9;
    expect(drain()).toEqual([]);
    nowNs += 0.001e9;
    expect(drain()).toHaveLength(2);
    expect(source.dueNs).toBe(nowNs + 10e9);
  });

  it('does not make up for reads that were missed', () => {
    begin([]);
    nowNs += 95e9;
    drain();
    expect(source.dueNs).toBe(nowNs + 10e9);
  });
});

describe('a new connection', () => {
  beforeEach(() => void begin([LISTEN80]));

  it('outbound: ATTEMPT and OPEN of our socket', () => {
    const records = next([LISTEN80, OUT]);
    expect(brief(records)).toEqual([`ATTEMPT ${OUT_NAME}`, `OPEN ${OUT_NAME}`]);
    expect(records.map(({ flags }) => flags)).toEqual([Flag.WHOLE, Flag.WHOLE]);
    expect(records.map(({ socket }) => socket!.uid)).toEqual([1000, 1000]);
    expect(new Set(records.map(({ id }) => id)).size).toBe(1);
    expect(next([LISTEN80, OUT])).toEqual([]);
  });

  it('inbound: an ATTEMPT of others is a head alone, OPEN is passive', () => {
    const records = next([LISTEN80, IN]);
    expect(brief(records)).toEqual([`ATTEMPT ${IN_NAME}`, `OPEN ${IN_NAME}`]);
    expect(records.map(({ flags }) => flags)).toEqual([0, Flag.WHOLE | Flag.PASSIVE]);
    expect(records[1]!.socket!.uid).toBe(33);
  });

  it('is inbound by a listener of the other table', () => {
    const listen6: TextRow = { local: '[::]:80', state: State.LISTEN };
    expect(brief(next([IN], [listen6]))[0]).toBe(`ATTEMPT ${IN_NAME}`);
  });

  it('is outbound without a listener', () => {
    expect(brief(next([IN]))[0]).toBe('ATTEMPT outbound 10.0.0.5:80 > 192.0.2.56:5973');
  });

  it('in a handshake: ATTEMPT, and OPEN once it is over', () => {
    expect(brief(next([LISTEN80, { ...OUT, state: State.SYN_SENT }]))).toEqual([
      `ATTEMPT ${OUT_NAME}`,
    ]);
    expect(brief(next([LISTEN80, OUT]))).toEqual([`OPEN ${OUT_NAME}`]);
    expect(brief(next([LISTEN80, OUT, { ...IN, state: State.SYN_RECV, inode: 0 }]))).toEqual([
      `ATTEMPT ${IN_NAME}`,
    ]);
    expect(brief(next([LISTEN80, OUT, IN]))).toEqual([`OPEN ${IN_NAME}`]);
  });

  it('that is closing already has been open', () => {
    expect(brief(next([{ ...OUT, state: State.CLOSE_WAIT }]))).toEqual([
      `ATTEMPT ${OUT_NAME}`,
      `OPEN ${OUT_NAME}`,
    ]);
  });

  it('that lingers in TIME_WAIT: all three at once, and no more', () => {
    const row = { ...OUT, state: State.TIME_WAIT, inode: 0, uid: 0 };
    const records = next([row]);
    expect(brief(records)).toEqual([
      `ATTEMPT ${OUT_NAME}`,
      `OPEN ${OUT_NAME}`,
      `CLOSE ${OUT_NAME} ${State.FIN_WAIT2}`,
    ]);
    expect(records[2]!.socket!.uid).toBe(NO_UID);
    expect(next([row])).toEqual([]);
    expect(next([])).toEqual([]);
  });

  it('of IPv6, and of IPv4 through an IPv6 socket', () => {
    const records = next(
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
    const [attempt] = next([LISTEN80, IN]);
    const other = new ProcSource({ tcpPath, tcp6Path });
    other.start();
    const records: PlainRecord[] = [];
    other.drain(nowNs, (batch) => records.push(...plain(batch)));
    expect(records.at(-1)).toMatchObject({ kind: 'EXISTING', id: attempt!.id });
  });

  it('is no row that is bound, closed or repeated', () => {
    expect(
      next([
        { ...OUT, state: State.CLOSE },
        { ...OUT, state: State.BOUND_INACTIVE },
      ]),
    ).toEqual([]);
    expect(next([OUT, IN, OUT, OUT])).toHaveLength(4);
  });
});

describe('the end of a connection', () => {
  const last = (state: number): PlainRecord[] => {
    begin([]);
    next([{ ...OUT, state }]);
    return next([]);
  };

  it.each([
    [State.ESTABLISHED, State.LAST_ACK],
    [State.CLOSE_WAIT, State.LAST_ACK],
    [State.LAST_ACK, State.LAST_ACK],
    [State.FIN_WAIT1, State.FIN_WAIT2],
    [State.FIN_WAIT2, State.FIN_WAIT2],
    [State.CLOSING, State.CLOSING],
    [State.SYN_SENT, State.SYN_SENT],
    [State.SYN_RECV, State.SYN_RECV],
    [State.NEW_SYN_RECV, State.SYN_RECV],
  ])('vanished in state %i: left state %i, no error', (state, left) => {
    const records = last(state);
    expect(brief(records)).toEqual([`CLOSE ${OUT_NAME} ${left}`]);
    expect(records[0]!.socket!.error).toBe(0);
  });

  it('keeps the user that was known before TIME_WAIT', () => {
    begin([]);
    next([OUT]);
    const [close] = next([{ ...OUT, state: State.TIME_WAIT, inode: 0, uid: 0 }]);
    expect(close).toMatchObject({ kind: 'CLOSE', socket: { uid: 1000, state: State.FIN_WAIT2 } });
  });
});

describe('the same addresses and ports', () => {
  beforeEach(() => void begin([LISTEN80]));
  const names = (row: TextRow): string[] => next([LISTEN80, row]).map(({ kind }) => kind);

  it('with another inode: a new connection with another id', () => {
    const first = next([LISTEN80, OUT]);
    const second = next([LISTEN80, { ...OUT, inode: 101 }]);
    expect(second.map(({ kind }) => kind)).toEqual(['CLOSE', 'ATTEMPT', 'OPEN']);
    expect(second[0]!.id).toBe(first[0]!.id);
    expect(second[1]).toMatchObject({ isn: 101 });
    expect(second[1]!.id).not.toBe(first[0]!.id);
    expect(second[2]!.id).toBe(second[1]!.id);
    expect(names({ ...OUT, inode: 101 })).toEqual([]);
  });

  it('with an inode for the first time, or none any more: the same one', () => {
    expect(names({ ...IN, state: State.SYN_RECV, inode: 0 })).toEqual(['ATTEMPT']);
    expect(names({ ...IN, inode: 0 })).toEqual(['OPEN']);
    expect(names(IN)).toEqual([]);
    expect(names({ ...IN, state: State.FIN_WAIT2, inode: 0 })).toEqual([]);
    expect(names({ ...IN, state: State.TIME_WAIT, inode: 0 })).toEqual(['CLOSE']);
  });

  it.each([State.FIN_WAIT1, State.FIN_WAIT2, State.CLOSE_WAIT, State.LAST_ACK, State.CLOSING])(
    'in a handshake after closing state %i: a new one',
    (state) => {
      next([LISTEN80, { ...IN, state, inode: 0 }]);
      const records = next([LISTEN80, { ...IN, state: State.SYN_RECV, inode: 0 }]);
      expect(records.map(({ kind }) => kind)).toEqual(['CLOSE', 'ATTEMPT']);
      expect(records[0]!.id).not.toBe(records[1]!.id);
    },
  );

  it('after TIME_WAIT: a new one by a handshake or an inode', () => {
    const waiting = { ...IN, state: State.TIME_WAIT, inode: 0 };
    next([LISTEN80, waiting]);
    expect(names({ ...IN, state: State.SYN_RECV, inode: 0 })).toEqual(['ATTEMPT']);
    expect(names(waiting)).toEqual(['OPEN', 'CLOSE']);
    expect(names(IN)).toEqual(['ATTEMPT', 'OPEN']);
  });

  it('an established row without an inode says nothing new', () => {
    next([LISTEN80, OUT]);
    expect(names({ ...OUT, inode: 0 })).toEqual([]);
    expect(names(OUT)).toEqual([]);
  });

  it('again after it vanished: another id, without an inode too', () => {
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const [attempt] = next([LISTEN80, { ...IN, inode: 0 }]);
      expect(attempt!.kind).toBe('ATTEMPT');
      ids.add(attempt!.id);
      next([LISTEN80]);
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
    begin([LISTEN80]);
    const records = next([LISTEN80, ...rows]);
    expect(brief(records)).toEqual([`ATTEMPT ${NAME}`, `OPEN ${NAME}`, `OPEN ${NAME}`]);
    expect(new Set(records.map(({ id }) => id)).size).toBe(1);
    expect(records[0]).toMatchObject({ flags: Flag.WHOLE, socket: { uid: 1000 }, isn: 0 });
    const uids = records.slice(1).map(({ flags, socket }) => [flags & Flag.PASSIVE, socket!.uid]);
    expect(uids).toContainEqual([0, 1000]);
    expect(uids).toContainEqual([Flag.PASSIVE, 33]);
    expect(next([LISTEN80, ...rows])).toEqual([]);
  });

  it('ends at each end once', () => {
    begin([LISTEN80]);
    next([LISTEN80, client, server]);
    const first = next([LISTEN80, { ...client, state: State.TIME_WAIT, inode: 0 }]);
    expect(brief(first).sort()).toEqual([
      `CLOSE ${NAME} ${State.FIN_WAIT2}`,
      `CLOSE ${NAME} ${State.LAST_ACK}`,
    ]);
    expect(next([LISTEN80])).toEqual([]);
  });

  it('whose second row appears later is not attempted again', () => {
    begin([LISTEN80]);
    expect(brief(next([LISTEN80, { ...client, state: State.SYN_SENT }]))).toEqual([
      `ATTEMPT ${NAME}`,
    ]);
    expect(brief(next([LISTEN80, client, { ...server, inode: 0 }]))).toEqual([
      `OPEN ${NAME}`,
      `OPEN ${NAME}`,
    ]);
    expect(next([LISTEN80, client, server])).toEqual([]);
  });

  it('between two own addresses is local by its two rows', () => {
    begin([LISTEN80]);
    const a: TextRow = { local: '10.0.0.5:40000', remote: '10.0.0.6:80', inode: 1 };
    const b: TextRow = { local: '10.0.0.6:80', remote: '10.0.0.5:40000', inode: 2 };
    expect(brief(next([LISTEN80, a, b]))[0]).toBe('ATTEMPT local 10.0.0.5:40000 > 10.0.0.6:80');
  });

  it('made again is one new connection', () => {
    begin([LISTEN80]);
    next([LISTEN80, client, server]);
    const again = next([LISTEN80, { ...client, inode: 302 }, { ...server, inode: 303 }]);
    expect(again.map(({ kind }) => kind)).toEqual(['CLOSE', 'CLOSE', 'ATTEMPT', 'OPEN', 'OPEN']);
    expect(next([LISTEN80, { ...client, inode: 302 }, { ...server, inode: 303 }])).toEqual([]);
  });

  it('made again while it was read is still one new connection', () => {
    begin([LISTEN80]);
    next([LISTEN80, client, server]);
    const again = next([LISTEN80, { ...client, inode: 302 }, server]); // the server's row is the old one
    expect(again.map(({ kind }) => kind)).toEqual(['CLOSE', 'CLOSE', 'ATTEMPT', 'OPEN']);
    const later = next([LISTEN80, { ...client, inode: 302 }, { ...server, inode: 303 }]);
    expect(later.map(({ kind }) => kind)).toEqual(['OPEN']);
    expect(later[0]!.id).toBe(again[2]!.id);
  });

  it('was there before: both ends EXISTING with one id', () => {
    const records = begin([LISTEN80, server, client]).slice(1);
    expect(brief(records)).toEqual([`EXISTING ${NAME} 1`, `EXISTING ${NAME} 1`]);
    expect(records[0]!.id).toBe(records[1]!.id);
  });

  it('to itself is one row', () => {
    begin([]);
    const self: TextRow = { local: '127.0.0.1:5000', remote: '127.0.0.1:5000', inode: 4 };
    expect(brief(next([self]))).toEqual([
      'ATTEMPT local 127.0.0.1:5000 > 127.0.0.1:5000',
      'OPEN local 127.0.0.1:5000 > 127.0.0.1:5000',
    ]);
  });
});

describe('trouble', () => {
  it('counts malformed lines and reads the others', () => {
    begin([]);
    writeFileSync(tcpPath, `${tcpText([OUT])}garbage\n   7: 0100007F:0050 zz\n\n`);
    nowNs += 10e9;
    expect(drain()).toHaveLength(2);
    expect(source.counts()).toEqual({ records: 2, lost: { malformed: 2, table: 0, read: 0 } });
  });

  it('counts a read that fails and takes nothing for closed', () => {
    begin([OUT]);
    renameSync(tcpPath, `${tcpPath}.away`);
    nowNs += 10e9;
    expect(drain()).toEqual([]);
    expect(source.counts().lost).toMatchObject({ read: 1 });
    renameSync(`${tcpPath}.away`, tcpPath);
    nowNs += 10e9;
    expect(drain()).toEqual([]);
    expect(next([]).map(({ kind }) => kind)).toEqual(['CLOSE']);
  });

  it('forgets rows of a read that failed halfway', () => {
    begin([]);
    writeFileSync(tcpPath, tcpText([OUT]));
    rmSync(tcp6Path);
    nowNs += 10e9;
    expect(drain()).toEqual([]);
    expect(next([])).toEqual([]);
  });

  it('tracks no more than it may, and counts each connection beyond once', () => {
    const rows = [1, 2, 3, 4, 5].map(
      (n): TextRow => ({ local: `10.0.0.5:${n}`, remote: '192.0.2.1:443', inode: n }),
    );
    expect(begin(rows, [], { maxConnections: 3 })).toHaveLength(3);
    expect(source.counts().lost).toMatchObject({ table: 2 });
    expect(next(rows)).toEqual([]);
    expect(source.counts().lost).toMatchObject({ table: 2 });
  });

  it('hands a batch on again when its taker failed', () => {
    const rows = Array.from(
      { length: 1000 },
      (_, n): TextRow => ({ local: `10.0.0.5:${n + 1}`, remote: '192.0.2.1:443' }),
    );
    write(rows);
    source = new ProcSource({ tcpPath, tcp6Path });
    source.start();
    let batches = 0;
    const records: PlainRecord[] = [];
    const failing = (): number =>
      source.drain(nowNs, (batch) => {
        if (++batches === 2) throw new Error('full disk');
        records.push(...plain(batch));
      });
    expect(failing).toThrow('full disk');
    expect(source.counts().records).toBe(records.length);
    const first = records.length;
    expect(failing()).toBe(1000 - first);
    expect(new Set(records.map(({ src }) => src)).size).toBe(1000);
    expect(source.counts().records).toBe(1000);
  });

  it('starts without tcp6, and not without tcp', () => {
    write([LISTEN80]);
    rmSync(tcp6Path);
    source = new ProcSource({ tcpPath, tcp6Path });
    source.start();
    expect(drain()).toHaveLength(1);
    expect(existsSync(tcp6Path)).toBe(false);
    const without = new ProcSource({ tcpPath: join(folder, 'none'), tcp6Path });
    expect(() => without.start()).toThrow(OperatorError);
    expect(() => without.start()).toThrow(/cannot read .*none/);
  });
});

describe('a large table', () => {
  it('of 50,000 rows is read in well under a second', () => {
    const rows = Array.from(
      { length: 50_000 },
      (_, n): TextRow => ({
        local: `10.0.${n >> 14}.5:${(n & 16383) + 1024}`,
        remote: '192.0.2.1:443',
        inode: n + 1,
      }),
    );
    expect(begin(rows)).toHaveLength(50_000);
    nowNs += 10e9;
    const started = performance.now();
    expect(drain()).toEqual([]);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

import { once } from 'node:events';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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
import { type TextRow, tcpText } from '../../test/contract/proc-text.ts';
import { type PlainRecord, plain } from '../../test/contract/records.ts';
import { OperatorError } from '../model/errors.ts';
import { Flag } from '../wire/layout.gen.ts';
import { ProcSource } from './proc.ts';
import type { Written } from './source.ts';
import { TcpState } from '../model/tcp-state.ts';

let host: ProcHost;
eachWithHost((fresh) => {
  host = fresh;
});

describe('the first read', () => {
  it('gives what is there as EXISTING, listeners with state 10', () => {
    const records = host.begin(
      [LISTEN80, OUT, IN],
      [{ local: '[::]:22', state: TcpState.LISTEN, uid: 7, inode: 2 }],
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
      tsNs: host.nowNs,
      count: 1,
      netns: 0n,
      socket: { uid: 33 },
    });
  });

  it('says nothing of TIME_WAIT, neither then nor later', () => {
    expect(host.begin([{ ...OUT, state: TcpState.TIME_WAIT, inode: 0 }])).toEqual([]);
    expect(host.next([{ ...OUT, state: TcpState.TIME_WAIT, inode: 0 }])).toEqual([]);
    expect(host.next([])).toEqual([]);
  });

  it('is followed by CLOSE of what was there', () => {
    const [existing] = host.begin([OUT]);
    const [close, ...more] = host.next([]);
    expect(more).toEqual([]);
    expect(brief([close!])).toEqual([`CLOSE ${OUT_NAME} ${TcpState.LAST_ACK}`]);
    expect(close!.id).toBe(existing!.id);
  });

  it('names several listeners on one port, and a repeated row once', () => {
    const records = host.begin([LISTEN80, { ...LISTEN80, inode: 9 }, LISTEN80]);
    expect(records).toHaveLength(2);
  });
});

describe('the interval', () => {
  it('reads nothing until it is over', () => {
    host.begin([]);
    host.write([OUT]);
    host.nowNs += 9.999e9;
    expect(host.drain()).toEqual([]);
    host.nowNs += 0.001e9;
    expect(host.drain()).toHaveLength(2);
    expect(host.source.dueNs).toBe(host.nowNs + 10e9);
  });

  it('does not make up for reads that were missed', () => {
    host.begin([]);
    host.nowNs += 95e9;
    host.drain();
    expect(host.source.dueNs).toBe(host.nowNs + 10e9);
  });
});

describe('trouble', () => {
  it('hands a batch on again when it could not be committed', () => {
    host.begin([]);
    host.write([OUT]);
    host.nowNs += 10e9;
    const kinds: string[] = [];
    const drain = (commit: () => Written): number =>
      host.source.drain(
        host.nowNs,
        (batch) => kinds.push(...plain(batch).map(({ kind }) => kind)),
        commit,
      );
    const failing = (): number =>
      drain(() => {
        throw new Error('full disk');
      });
    expect(failing).toThrow('full disk');
    expect(drain(() => ({ made: 0, written: 0 }))).toBe(2);
    expect(kinds).toEqual(['ATTEMPT', 'OPEN', 'ATTEMPT', 'OPEN']);
  });

  it('counts malformed lines and reads the others', () => {
    host.begin([]);
    writeFileSync(host.paths.tcpPath, `${tcpText([OUT])}garbage\n   7: 0100007F:0050 zz\n\n`);
    host.nowNs += 10e9;
    expect(host.drain()).toHaveLength(2);
    expect(host.source.counts()).toEqual({ records: 2, lost: { malformed: 2, table: 0, read: 0 } });
  });

  it('counts a read that fails and takes nothing for closed', () => {
    host.begin([OUT]);
    renameSync(host.paths.tcpPath, `${host.paths.tcpPath}.away`);
    host.nowNs += 10e9;
    expect(host.drain()).toEqual([]);
    expect(host.source.counts().lost).toMatchObject({ read: 1 });
    renameSync(`${host.paths.tcpPath}.away`, host.paths.tcpPath);
    host.nowNs += 10e9;
    expect(host.drain()).toEqual([]);
    expect(host.next([]).map(({ kind }) => kind)).toEqual(['CLOSE']);
  });

  it('forgets rows of a read that failed halfway', () => {
    host.begin([]);
    writeFileSync(host.paths.tcpPath, tcpText([OUT]));
    rmSync(host.paths.tcp6Path);
    host.nowNs += 10e9;
    expect(host.drain()).toEqual([]);
    expect(host.next([])).toEqual([]);
  });

  it('tracks no more than it may, and counts each connection beyond once', () => {
    const rows = [1, 2, 3, 4, 5].map(
      (n): TextRow => ({ local: `10.0.0.5:${n}`, remote: '192.0.2.1:443', inode: n }),
    );
    expect(host.begin(rows, [], { maxConnections: 3 })).toHaveLength(3);
    expect(host.source.counts().lost).toMatchObject({ table: 2 });
    expect(host.next(rows)).toEqual([]);
    expect(host.source.counts().lost).toMatchObject({ table: 2 });
  });

  it('hands a batch on again when its taker failed', () => {
    const rows = Array.from(
      { length: 1000 },
      (_, n): TextRow => ({ local: `10.0.0.5:${n + 1}`, remote: '192.0.2.1:443' }),
    );
    host.write(rows);
    host.source = new ProcSource(host.paths);
    host.source.start();
    let batches = 0;
    const records: PlainRecord[] = [];
    const failing = (): number =>
      host.source.drain(host.nowNs, (batch) => {
        if (++batches === 2) throw new Error('full disk');
        records.push(...plain(batch));
      });
    expect(failing).toThrow('full disk');
    expect(host.source.counts().records).toBe(records.length);
    const first = records.length;
    expect(failing()).toBe(1000 - first);
    expect(new Set(records.map(({ src }) => src)).size).toBe(1000);
    expect(host.source.counts().records).toBe(1000);
  });

  it('starts without tcp6, and not without tcp', () => {
    host.write([LISTEN80]);
    rmSync(host.paths.tcp6Path);
    host.source = new ProcSource(host.paths);
    host.source.start();
    expect(host.drain()).toHaveLength(1);
    expect(existsSync(host.paths.tcp6Path)).toBe(false);
    const without = new ProcSource({
      tcpPath: join(host.folder, 'none'),
      tcp6Path: host.paths.tcp6Path,
    });
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
    expect(host.begin(rows)).toHaveLength(50_000);
    host.nowNs += 10e9;
    const started = performance.now();
    expect(host.drain()).toEqual([]);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('this host', () => {
  it('shows a connection of our own with both ends, its user and its end', async () => {
    host.source = new ProcSource({ intervalMs: 1 });
    host.source.start();
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ours = (): PlainRecord[] => {
      host.nowNs += 1e6;
      return host.drain().filter(({ dst }) => dst === `127.0.0.1:${port}`);
    };
    ours();
    const client = connect(port, '127.0.0.1');
    await Promise.all([once(client, 'connect'), once(server, 'connection')]);
    const records = ours();
    expect(records.map(({ kind, direction }) => `${kind} ${direction}`)).toEqual([
      'ATTEMPT LOCAL',
      'OPEN LOCAL',
      'OPEN LOCAL',
    ]);
    expect(records[0]).toMatchObject({
      src: `127.0.0.1:${client.localPort}`,
      socket: { uid: process.getuid!() },
    });
    client.end();
    await once(client, 'close');
    const closes = ours();
    expect(closes.map(({ kind }) => kind)).toEqual(['CLOSE', 'CLOSE']);
    expect(closes[0]!.id).toBe(records[0]!.id);
    server.close();
  });
});

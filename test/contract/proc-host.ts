import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { TcpState } from '../../src/model/tcp-state.ts';
import { type ProcOptions, ProcSource } from '../../src/sources/proc.ts';
import { tcp6Text, type TextRow, tcpText } from './proc-text.ts';
import { type PlainRecord, plain } from './records.ts';

/** A `proc` source over tables that a test writes, and its clock. */
export class ProcHost {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'proc-'));
  readonly paths: { readonly tcpPath: string; readonly tcp6Path: string } = {
    tcpPath: join(this.folder, 'tcp'),
    tcp6Path: join(this.folder, 'tcp6'),
  };
  source: ProcSource = new ProcSource(this.paths);
  nowNs = 1_000e9;

  /** The records of the first read. */
  begin(
    rows: readonly TextRow[],
    rows6: readonly TextRow[] = [],
    options: Partial<ProcOptions> = {},
  ): PlainRecord[] {
    this.write(rows, rows6);
    this.source = new ProcSource({ ...this.paths, ...options });
    this.source.start();
    return this.drain();
  }

  write(rows: readonly TextRow[], rows6: readonly TextRow[] = []): void {
    writeFileSync(this.paths.tcpPath, tcpText(rows));
    writeFileSync(this.paths.tcp6Path, tcp6Text(rows6));
  }

  drain(source: ProcSource = this.source): PlainRecord[] {
    const records: PlainRecord[] = [];
    source.drain(this.nowNs, (batch) => records.push(...plain(batch)));
    return records;
  }

  /** The records of the next read, 10 s later. */
  next(rows: readonly TextRow[], rows6: readonly TextRow[] = []): PlainRecord[] {
    this.write(rows, rows6);
    this.nowNs += 10e9;
    return this.drain();
  }
}

/** A new ProcHost for each test of a file. */
export function eachWithHost(set: (host: ProcHost) => void): void {
  let host: ProcHost;
  beforeEach(() => {
    host = new ProcHost();
    set(host);
  });
  afterEach(() => {
    host.source.stop();
    rmSync(host.folder, { recursive: true });
  });
}

/** `KIND direction src > dst`, and the state of CLOSE and EXISTING. */
export function brief(records: readonly PlainRecord[]): string[] {
  return records.map(({ kind, direction, src, dst, socket }) => {
    const state = kind === 'CLOSE' || kind === 'EXISTING' ? ` ${socket!.state}` : '';
    return `${kind} ${direction.toLowerCase()} ${src} > ${dst}${state}`;
  });
}

export const LISTEN80: TextRow = { local: '0.0.0.0:80', state: TcpState.LISTEN, inode: 1 };
export const OUT: TextRow = {
  local: '10.0.0.5:40000',
  remote: '192.0.2.1:443',
  inode: 100,
  uid: 1000,
};
export const IN: TextRow = { local: '10.0.0.5:80', remote: '192.0.2.56:5973', inode: 200, uid: 33 };
export const OUT_NAME = 'outbound 10.0.0.5:40000 > 192.0.2.1:443';
export const IN_NAME = 'inbound 192.0.2.56:5973 > 10.0.0.5:80';

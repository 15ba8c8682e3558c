import { existsSync } from 'node:fs';
import { errorText, OperatorError } from '../model/errors.ts';
import type { RecordBatch } from '../wire/batch.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { ProcReader } from './proc-reader.ts';
import type { ProcRow } from './proc-rows.ts';
import { ProcTable } from './proc-table.ts';
import type { Source, SourceCounts, Written } from './source.ts';

export interface ProcOptions {
  /** Time between two reads, milliseconds. */
  readonly intervalMs: number;
  readonly tcpPath: string;
  /** Need not exist: without IPv6 the kernel has no such file. */
  readonly tcp6Path: string;
  /** Connections tracked at once, about 250 bytes each; further ones are counted as lost. */
  readonly maxConnections: number;
}

export const PROC_DEFAULTS: ProcOptions = {
  intervalMs: 10_000,
  tcpPath: '/proc/net/tcp',
  tcp6Path: '/proc/net/tcp6',
  maxConnections: 1_000_000,
};

/**
 * Finds connections by reading the kernel's table of sockets, proc_pid_net(5), again and again: needs no privilege.
 *
 * The first read is the baseline: what is there is EXISTING. Later ones give
 * - ATTEMPT for a new connection, whole when the originator's socket is ours, and OPEN once its handshake is over;
 * - CLOSE when it enters TIME_WAIT or vanishes, with the state in which it was last seen.
 *
 * A connection is known by its addresses and ports; another non-zero inode, or a handshake after a closing state,
 * makes it a new one. Both ends on this host are two rows and one connection: one ATTEMPT, and OPEN and CLOSE of each
 * end, all with one id. `isn` is 0, so ids are the same after a restart; only when the same addresses and ports come
 * again during one run it is the inode (or, without one, a running number).
 * `uid` is the row's, with `from` NONE and `pid` 0; 0xffffffff when the row does not tell. Times are those of the read.
 */
export class ProcSource implements Source {
  readonly name = 'proc';
  readonly #options: ProcOptions;
  readonly #reader: ProcReader = new ProcReader();
  readonly #writer: RecordWriter = new RecordWriter(64 << 10);
  readonly #table: ProcTable;
  /** What is left to tell of the last read. */
  #telling: Generator<void, void, void> | undefined;
  #started = false;
  #hasTcp6 = false;
  #dueNs = 0;
  #records = 0;
  #failedReads = 0;

  constructor(options: Partial<ProcOptions> = {}) {
    this.#options = { ...PROC_DEFAULTS, ...options };
    this.#table = new ProcTable(this.#writer, this.#options.maxConnections);
  }

  start(): void {
    const { tcpPath, tcp6Path } = this.#options;
    this.#hasTcp6 = existsSync(tcp6Path);
    for (const path of this.#paths()) {
      try {
        this.#reader.check(path);
      } catch (cause) {
        const hint =
          path === tcpPath ? 'mount proc on /proc, or use --source ebpf' : 'make it readable';
        throw new OperatorError(`cannot read ${path}: ${errorText(cause)}`, hint, { cause });
      }
    }
    this.#started = true;
  }

  /** When the next read is due, CLOCK_MONOTONIC nanoseconds; 0: at once. */
  get dueNs(): number {
    return this.#dueNs;
  }

  drain(nowNs: number, take: (batch: RecordBatch) => void, commit?: () => Written): number {
    if (!this.#started) return 0;
    if (this.#telling === undefined) {
      if (nowNs < this.#dueNs || !this.#read(nowNs)) return 0;
      this.#telling = this.#table.settle(BATCH_RECORDS);
    }
    const before = this.#records;
    // When `take` or `commit` throws, the batch is still here and comes again with the next call.
    for (;;) {
      this.#hand(take, commit);
      if (this.#telling.next().done === true) break;
    }
    this.#hand(take, commit);
    this.#telling = undefined;
    return this.#records - before;
  }

  counts(): SourceCounts {
    return {
      records: this.#records,
      lost: {
        malformed: this.#reader.malformed,
        table: this.#table.untracked,
        read: this.#failedReads,
      },
    };
  }

  limits(): readonly string[] {
    const seconds = this.#options.intervalMs / 1000;
    return [
      `Connections that begin and end between two reads (every ${seconds} s) are not seen, unless they linger in TIME_WAIT.`,
      `Events are up to ${seconds} s late, and their times are those of the read.`,
      'Processes, bytes and round-trip times are not known; the user only while a process holds the socket.',
      'Refused, reset and timed-out connections cannot be told apart: an open one that vanishes counts as closed, a handshake that vanishes as timed out.',
      'Attempts on closed ports leave no socket and are not seen; a scan shows only by the ports that are open.',
      'Only the network namespace of this process is seen, and nothing that is only forwarded.',
    ];
  }

  stop(): void {
    this.#started = false;
    this.#telling = undefined;
    this.#writer.clear();
    this.#table.discard();
  }

  #paths(): string[] {
    const { tcpPath, tcp6Path } = this.#options;
    return this.#hasTcp6 ? [tcpPath, tcp6Path] : [tcpPath];
  }

  /** Reads the tables into #table; false when one can't be read, which changes nothing but a count. */
  #read(nowNs: number): boolean {
    const periodNs = this.#options.intervalMs * 1e6;
    this.#dueNs = this.#dueNs + periodNs > nowNs ? this.#dueNs + periodNs : nowNs + periodNs;
    this.#table.begin(nowNs);
    try {
      this.#readFiles();
      // The kernel may skip a row while others come and go: what is missing is looked for once more.
      if (this.#table.misses) this.#readFiles();
    } catch {
      this.#failedReads++;
      this.#table.discard();
      return false;
    }
    return true;
  }

  #readFiles(): void {
    for (const path of this.#paths()) this.#reader.read(path, this.#see);
  }

  readonly #see = (row: ProcRow): void => this.#table.see(row);

  #hand(take: (batch: RecordBatch) => void, commit?: () => Written): void {
    const count = this.#writer.count;
    if (count === 0) return;
    take(this.#writer);
    commit?.();
    this.#writer.clear();
    this.#records += count;
  }
}

/** A batch of 64 Ki bytes or a little more, as to sinks. */
const BATCH_RECORDS = 430;

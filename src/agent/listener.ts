import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { TlsFiles } from '../api/certificate.ts';
import { formatListen, isLoopback, type ListenAddress } from '../api/address.ts';
import type { Api } from '../api/api.ts';
import type { Live } from '../api/live.ts';
import type { ConnectionTable } from '../flow/table.ts';
import { monotonicNs } from '../kernel/monotonic.ts';
import type { LiveCounts } from '../model/api.ts';
import type { Names, Sink, WallClock } from '../sinks/sink.ts';
import { EbpfSource } from '../sources/ebpf.ts';
import type { MemoryHistory } from '../store/memory-history.ts';
import type { Store } from '../store/store.ts';
import { blockingOf } from './blocking.ts';
import { timeOf } from './clock.ts';
import { HealthBook, lostOf } from './health.ts';
import { isUp, type MetricsParts, TableUse, viewOf } from './metrics.ts';
import { SocketLooks } from './socket-looks.ts';
import { stateDirectory } from './state-directory.ts';
import { watchedStates } from './states.ts';
import type { States } from '../model/states.ts';
import { isBlocking, statusOf } from './status.ts';
import { version } from './version.ts';

export interface ListenerOptions {
  readonly address: ListenAddress;
  readonly tls: TlsFiles | undefined;
  /** What is kept for longer than in memory. */
  readonly store: Store | undefined;
  /** Told what the operator should know, a line each (standard error). */
  readonly note: (line: string) => void;
  /** Of the running program, of this moment. */
  readonly parts: () => MetricsParts;
}

/** States are counted at most so often. */
const STATES_MS = 1000;

/** What is loaded with `--listen` alone. */
interface Classes {
  readonly Api: typeof Api;
  readonly Live: typeof Live;
  readonly MemoryHistory: typeof MemoryHistory;
}

/** `--listen`: what the API and the page tell of the running program. All of it is loaded only when it is wanted. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #run = randomBytes(8).toString('hex');
  #api: Api | undefined;
  #address: ListenAddress;
  #history: MemoryHistory | undefined;
  #live: Live | undefined;
  #classes: Classes | undefined;
  readonly #health: HealthBook;
  #counted: { readonly states: States; readonly atMs: number } | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#address = options.address;
    this.#health = new HealthBook(options.parts);
  }

  /** Listens; throws OperatorError when it can't. */
  async start(): Promise<void> {
    const { address, tls, note } = this.#options;
    this.#classes ??= {
      ...(await import('../api/api.ts')),
      ...(await import('../api/live.ts')),
      ...(await import('../store/memory-history.ts')),
    };
    this.#api ??= new this.#classes.Api({
      address,
      tls,
      directory: stateDirectory(),
      note,
    });
    this.#address = await this.#api.start();
  }

  /** What is told of events from now on. @param followed connections that are followed, of this moment */
  sinks(clock: WallClock, names: Names, followed: () => ConnectionTable): readonly Sink[] {
    const telling = { clock, names, host: hostname() };
    const classes = this.#classes!;
    this.#history = new classes.MemoryHistory({
      ...telling,
      seed: randomBytes(4).readUInt32LE(0),
      nowNs: monotonicNs,
      followed,
    });
    const started_ts = timeOf(new Date());
    this.#live = new classes.Live({
      ...telling,
      hello: { run: this.#run, version, host: telling.host, started_ts },
      counts: () => countsOf(this.#options.parts()),
    });
    return [this.#history, this.#live];
  }

  /** Answers from now on, and tells where. */
  watch(): void {
    const { parts, store } = this.#options;
    const { source, config } = parts();
    const memory = this.#history!;
    const table = new TableUse();
    const sockets = new SocketLooks();
    this.#api!.watch(
      {
        up: () => isUp(parts().source),
        view: () => viewOf(parts(), table, this.#api!.counts()),
        status: () => ({ ...statusOf(parts()), run: this.#run, version, host: hostname() }),
        health: () => this.#health.health(),
        counts: () => countsOf(parts()),
        states: () => this.#states(),
        sockets: (asked) => sockets.look(asked),
        get history() {
          return store?.isOpen === true ? store.history : memory;
        },
        blocking:
          source instanceof EbpfSource ? blockingOf(source.kernel, isBlocking(config)) : undefined,
      },
      this.#live!,
    );
    for (const line of this.#notes()) this.#options.note(line);
  }

  /** Call it about once a second. */
  sample(): void {
    this.#health.sample();
    this.#api?.look();
  }

  stop(): void {
    this.#api?.stop();
  }

  /** They are read from /proc, which takes a while where there are many sockets. */
  #states(): States {
    const nowMs = performance.now();
    if (this.#counted && nowMs - this.#counted.atMs < STATES_MS) return this.#counted.states;
    const states = watchedStates(this.#options.parts());
    this.#counted = { states, atMs: nowMs };
    return states;
  }

  #notes(): string[] {
    const { tls } = this.#options;
    const url = `${tls ? 'https' : 'http'}://${formatListen(this.#address)}/`;
    const { made, path, unkept } = this.#api!.token;
    const open = isLoopback(this.#address.host);
    const kept = path === undefined ? `for this run: ${unkept}` : `told this once, kept in ${path}`;
    return [
      `metrics at ${url}metrics${open ? '' : ', for who has the token'}`,
      made === undefined
        ? `page at ${url}, its token is in ${path}`
        : `page at ${url}#token=${made} (${kept})`,
      ...(open || tls
        ? []
        : [
            `whoever can listen in on the way to ${url} learns what is told there, and the token: add --tls-cert and --tls-key`,
          ]),
    ];
  }
}

function countsOf(parts: MetricsParts): LiveCounts {
  const { events, live } = parts.flow.counts();
  return {
    ts: timeOf(new Date()),
    attempts: events['connection.attempt'],
    opened: events['connection.open'],
    failed:
      events['connection.refused'] + events['connection.timeout'] + events['connection.reset'],
    closed: events['connection.close'],
    live,
    lost: lostOf(parts),
  };
}

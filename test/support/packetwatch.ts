/** The real program in a namespace, started as its users start it. */
import type {
  JsonBlock,
  JsonConnection,
  JsonEvent,
  JsonLoss,
  JsonScan,
} from '../../src/model/json.ts';
import type { PcapUse } from '../../src/sources/pcap.ts';
import type { Swap } from '../../src/agent/hand-over.ts';
import type { PinnedState } from '../../src/kernel/pinned-state.ts';
import type { Done, Running } from './command.ts';
import { MAIN, type Namespace } from './rig.ts';

type Common = 'ts' | 'event';

/** An event as the tests read it: each field that some event has. */
export type Event = Pick<JsonEvent, Common> &
  Partial<Omit<JsonConnection, Common>> &
  Partial<Omit<JsonScan, Common>> &
  Partial<Omit<JsonBlock, Common>> &
  Partial<Omit<JsonLoss, Common>>;

/** Fields that an event must have with just these values. */
export type Wanted = Partial<Event>;

export interface Options {
  /** Put before the program: `setpriv --reuid 65534 ...`. */
  readonly by?: readonly string[];
  /** Another version's main file. */
  readonly main?: string;
  /** An open descriptor that is its standard output. */
  readonly stdout?: number;
}

const NODE = process.execPath;

const released = new WeakSet<Namespace>();

/** Whatever happens, nothing of packetwatch outlives the namespace. */
function releaseAfter(namespace: Namespace): void {
  if (released.has(namespace)) return;
  released.add(namespace);
  namespace.onDown(() => packetwatch(namespace, ['release']));
}

/** A command that ends by itself: `status`, `release`, a `watch` that must fail. */
export function packetwatch(
  namespace: Namespace,
  args: readonly string[],
  options: Options = {},
): Promise<Done> {
  if (args[0] === 'watch') releaseAfter(namespace);
  return namespace.run([...(options.by ?? []), NODE, options.main ?? MAIN, ...args]);
}

/** A running `packetwatch watch`. */
export class Watch {
  readonly running: Running;
  readonly #namespace: Namespace;
  readonly #events: Event[] = [];
  #parsed = 0;

  private constructor(running: Running, namespace: Namespace) {
    this.running = running;
    this.#namespace = namespace;
  }

  /** Returns when it watches. It ends with the namespace at the latest, and `release` runs after it. */
  static async start(
    namespace: Namespace,
    args: readonly string[],
    options: Options = {},
  ): Promise<Watch> {
    const argv = [...(options.by ?? []), NODE, options.main ?? MAIN, 'watch', ...args];
    releaseAfter(namespace);
    const watch = new Watch(await namespace.start(argv, options.stdout), namespace);
    await watch.note(/^packetwatch: (watching|reading) /, 40);
    return watch;
  }

  /** All lines on standard output so far. */
  get lines(): readonly string[] {
    return this.running.out.all;
  }

  /** All lines on standard error so far, without the program's name. */
  get notes(): readonly string[] {
    return this.running.err.all.map((line) => line.replace(/^packetwatch: /, ''));
  }

  /** The first line of text that matches. */
  line(pattern: RegExp, seconds?: number): Promise<RegExpExecArray> {
    const find = (line: string) => pattern.exec(line) ?? undefined;
    return this.running.out.wait(`a line ${String(pattern)}`, find, seconds);
  }

  /** The first line on standard error that matches. */
  note(pattern: RegExp, seconds?: number): Promise<RegExpExecArray> {
    const find = (line: string) => pattern.exec(line) ?? undefined;
    return this.running.err.wait(`a note ${String(pattern)}`, find, seconds);
  }

  /** The first event (`-o json`) that has these fields. */
  event(wanted: Wanted, seconds?: number): Promise<Event> {
    return this.running.out.wait(
      `an event ${JSON.stringify(wanted)}`,
      (line) => {
        const event = parse(line);
        return event !== undefined && has(event, wanted) ? event : undefined;
      },
      seconds,
    );
  }

  /** The events (`-o json`) so far that have these fields. */
  events(wanted: Wanted = {}): Event[] {
    const { all } = this.running.out;
    for (; this.#parsed < all.length; this.#parsed++) {
      const event = parse(all[this.#parsed]!);
      if (event !== undefined) this.#events.push(event);
    }
    return this.#events.filter((event) => has(event, wanted));
  }

  async status(): Promise<Status> {
    const { stdout, stderr } = await packetwatch(this.#namespace, ['status', '--json']);
    if (stdout === '') throw new Error(`status: ${stderr}`);
    return JSON.parse(stdout) as Status;
  }

  /** Ends it as Ctrl-C does, then `release`: nothing of it is left. Returns its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    const code = await this.running.end(signal);
    await packetwatch(this.#namespace, ['release']);
    return code;
  }
}

/** What the tests read of `packetwatch status --json`. */
export interface Status {
  readonly pid: number;
  readonly blocking: boolean;
  readonly pins: string;
  readonly adopted: boolean;
  readonly pinned: PinnedState;
  readonly swap?: Swap;
  readonly attachments: { iface: string; hook: string; egress: boolean; why: string }[];
  readonly interfaces: {
    readonly changes: number;
    readonly reread: number;
    readonly untold: number;
  };
  readonly kernel: Record<string, number>;
  readonly skips?: Record<string, number>;
  /** With --source pcap. */
  readonly capture?: PcapUse;
  readonly blocks: number;
  readonly firewall?: { readonly blocks: number; readonly refused: number };
  readonly source_counts: { records: number; lost: Record<string, number> };
  readonly flow: {
    readonly records: Record<
      string,
      { taken: number; applied: number; merged: number; late: number }
    >;
    readonly events: Record<string, number>;
    readonly inferred: number;
    readonly existing: number;
    readonly revived: number;
    readonly forwarded: number;
    readonly evicted: number;
    readonly unclosed: number;
    readonly unopened: number;
    readonly live: number;
    readonly scans: number;
    readonly suppressed: number;
    readonly scans_evicted: number;
  };
  readonly plugins: {
    readonly name: string;
    readonly version: string;
    readonly on: boolean;
    readonly sent: number;
    readonly lost: number;
    readonly records: number;
    readonly events: number;
    readonly suppressed: number;
    readonly errors: number;
  }[];
  readonly filter?: string;
  readonly log?: string;
  readonly output: { lines: number; bytes: number; lost: number; filtered?: number };
  readonly alerts: { by: string; to: string; sent: number; waiting: number; lost: number }[];
}

function parse(line: string): Event | undefined {
  try {
    return JSON.parse(line) as Event;
  } catch {
    return undefined; // a killed program's last line
  }
}

function has(event: Event, wanted: Wanted): boolean {
  return Object.entries(wanted).every(([field, value]) => event[field as keyof Event] === value);
}

import type { Filter } from '../filter/filter.ts';
import type { Health, LiveCounts } from '../model/api.ts';
import type { BlocksAnswer } from '../model/blocks.ts';
import type { SocketOrder } from '../model/sockets.ts';
import type { History } from '../store/history.ts';
import type { AddressPrefix } from '../wire/prefix.ts';
import type { MetricsView } from './view.ts';

/** The running program, as its listener sees it. */
export interface Program {
  /** The source reads. */
  up(): boolean;
  view(): MetricsView;
  /** As `packetwatch status --json`. */
  status(): object;
  health(): Health;
  counts(): LiveCounts;
  /** As `packetwatch states --json`. */
  states(): object;
  /** As `packetwatch sockets --json`. */
  sockets(asked: SocketQuestion): Promise<object>;
  readonly history: History;
  /** Undefined: no guard is attached. */
  readonly blocking: Blocking | undefined;
}

/** What is asked of sockets. */
export interface SocketQuestion {
  /** Undefined: all. */
  readonly filter: Filter | undefined;
  readonly order: SocketOrder;
  /** At most so many connections. */
  readonly limit: number;
}

/** Who is blocked, and the changes of it; these throw OperatorError as the commands do. */
export interface Blocking {
  list(): Promise<BlocksAnswer>;
  why(source: AddressPrefix): Promise<object>;
  /** Of a block of which nobody says how long. */
  readonly seconds: number;
  block(source: AddressPrefix, seconds: number): void;
  unblock(source: AddressPrefix): Promise<void>;
  allow(allowed: AddressPrefix): Promise<void>;
  disallow(allowed: AddressPrefix): void;
}

import type { Nets } from '../kernel/nets.ts';
import type { NeverList } from '../kernel/never.ts';
import type { Requests } from '../kernel/requests.ts';
import type { TableView } from '../kernel/table.ts';

/** Where a guard keeps whom it blocks and never blocks: the running program's own maps, or those that are pinned. */
export interface GuardTables {
  readonly table: TableView;
  readonly requests: Requests;
  /** Blocks by prefix. */
  readonly nets: Nets;
  readonly never: NeverList;
}

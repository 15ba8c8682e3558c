import type { LiveCounts } from '../model/api.ts';
import type { History } from '../store/history.ts';
import type { MetricsView } from './view.ts';

/** The running program, as its listener sees it. */
export interface Program {
  /** The source reads. */
  up(): boolean;
  view(): MetricsView;
  /** As `packetwatch status --json`. */
  status(): object;
  counts(): LiveCounts;
  readonly history: History;
}

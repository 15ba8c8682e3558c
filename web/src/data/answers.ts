/** What the program's paths answer with. */
export type {
  ApiError as ErrorAnswer,
  Health as HealthAnswer,
  LiveCounts as Counts,
  LiveHello as Hello,
  Probe,
  ProbesAnswer,
} from '../../../src/model/api.ts';
export type { BlocksAnswer, Why as WhyAnswer } from '../../../src/model/blocks.ts';
export type * from '../../../src/model/sockets.ts';
export type { Sockets as SocketsAnswer } from '../../../src/model/sockets.ts';
export type { States as StatesAnswer } from '../../../src/model/states.ts';
import type { BlocksAnswer } from '../../../src/model/blocks.ts';
import type { JsonEvent, JsonScan } from '../../../src/model/json.ts';

export interface LiveEvents {
  readonly events: readonly JsonEvent[];
  /** One in so many connections is shown. */
  readonly sampled: number;
  readonly skipped: number;
}

/** A block of now, whoever made it; as long as that isn't known, what the scan's evidence says. */
export function isBlockedNow(scan: JsonScan, answer: BlocksAnswer | undefined): boolean {
  if (!answer) return scan.evidence.blocked;
  const { src_ip: source } = scan;
  return answer.blocks.some((each) => each.src_ip === source || each.last_src_ip === source);
}

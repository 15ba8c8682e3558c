/** What the program's paths answer with, as far as the page reads it. */
export type * from '../../../src/model/sockets.ts';
export type { Sockets as SocketsAnswer } from '../../../src/model/sockets.ts';
import type { JsonEvent, JsonScan } from '../../../src/model/json.ts';
import type { StateName } from '../../../src/model/tcp-transitions.ts';

export interface Hello {
  /** New at each start of the program. */
  readonly run: string;
  readonly version: string;
  readonly host: string;
  readonly started_ts: string;
  /** The program is another one than the one whose events were seen last. */
  readonly restarted?: boolean;
  /** Events that came while nobody listened. */
  readonly missed?: number;
}

export interface LiveEvents {
  readonly events: readonly JsonEvent[];
  /** One in so many connections is shown. */
  readonly sampled: number;
  readonly skipped: number;
}

/** Totals since the program's start, but `live`: now. */
export interface Counts {
  readonly ts: string;
  readonly attempts: number;
  readonly opened: number;
  readonly failed: number;
  readonly closed: number;
  readonly live: number;
  readonly lost: number;
}

export interface ProbesAnswer {
  /** Newest first. */
  readonly probes: readonly Probe[];
}

export interface Probe {
  readonly ts: string;
  readonly dst_ip: string;
  readonly dst_port: number;
  /** Absent: not known yet. */
  readonly outcome?: string;
}

/** A line of `packetwatch block list --json`. */
export interface Block {
  readonly src_ip: string;
  readonly last_src_ip?: string;
  readonly where: 'kernel' | 'nft';
  readonly reason: 'scan' | 'user';
  readonly dst_ip?: string;
  readonly ports?: readonly number[];
  readonly left_s: number;
  readonly drops: number;
}

export interface BlocksAnswer {
  readonly blocks: readonly Block[];
  readonly allow: readonly Allowed[];
  readonly blocking: boolean;
}

/** A block of now, whoever made it; as long as that isn't known, what the scan's evidence says. */
export function isBlockedNow(scan: JsonScan, answer: BlocksAnswer | undefined): boolean {
  if (!answer) return scan.evidence.blocked;
  const { src_ip: source } = scan;
  return answer.blocks.some((each) => each.src_ip === source || each.last_src_ip === source);
}

/** A line of `packetwatch allow list --json`. */
export interface Allowed {
  readonly cidr: string;
  readonly origin: readonly string[];
}

/** `packetwatch block why --json`. */
export interface WhyAnswer {
  readonly src_ip: string;
  readonly blocked: boolean;
  readonly never: readonly string[];
  readonly entries: readonly WhyEntry[];
}

export interface WhyEntry {
  readonly src_ip: string;
  readonly dst_ip?: string;
  readonly state: 'watched' | 'found' | 'blocked';
  readonly where: string;
  readonly reason?: string;
  readonly kind?: string;
  readonly technique?: string;
  readonly confirmed?: boolean;
  readonly left_s: number;
  readonly since_s?: number;
  readonly ports?: readonly number[];
  readonly packets: number;
  readonly score?: number;
  readonly closed?: number;
  readonly silent?: number;
  readonly half_open?: number;
  readonly opened?: number;
}

/** `packetwatch states --json`. */
export interface StatesAnswer {
  readonly of: string;
  readonly total: number;
  readonly states: readonly {
    readonly state: StateName;
    readonly slug: string;
    readonly count: number;
  }[];
  readonly transitions: readonly {
    readonly from: StateName;
    readonly to: StateName;
    readonly on?: string;
    readonly sends?: string;
    readonly count?: number;
  }[];
  readonly attempt_fails?: number;
  readonly estab_resets?: number;
}

export interface HealthAnswer {
  readonly stages: readonly {
    readonly stage: string;
    readonly in: number;
    readonly out: number;
    readonly lost: number;
    readonly what?: string;
  }[];
  readonly rates: Readonly<Record<string, number>>;
  readonly cost: {
    readonly cpu_percent: number;
    readonly resident_bytes: number;
    readonly heap_bytes: number;
  };
  readonly source: string;
  readonly limits: readonly string[];
}

export interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
}

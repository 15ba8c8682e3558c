/** Blocks and the never-block list, as the commands tell them by --json, and the HTTP interface. */

/** Who is blocked, and who never is. */
export interface BlocksAnswer {
  readonly blocks: readonly BlockRow[];
  readonly allow: readonly AllowRow[];
  /** The program blocks scanners by itself (--block). */
  readonly blocking: boolean;
}

/** A block as it is told. */
export interface BlockRow {
  readonly src_ip: string;
  /** The full address that brought it about. */
  readonly last_src_ip?: string;
  readonly where: 'kernel' | 'nft';
  readonly reason: 'scan' | 'user';
  readonly dst_ip?: string;
  readonly ports?: readonly number[];
  readonly left_s: number;
  readonly drops: number;
}

/** Who is never blocked, and why, as it is told. */
export interface AllowRow {
  readonly cidr: string;
  readonly origin: readonly string[];
}

/** What the guard's table and the never-block list say of a source. */
export interface Why {
  readonly src_ip: string;
  readonly blocked: boolean;
  /** Why it would not be blocked. */
  readonly never: readonly string[];
  readonly entries: readonly WhyEntry[];
}

export interface WhyEntry {
  readonly src_ip: string;
  readonly dst_ip?: string;
  readonly state: 'watched' | 'found' | 'blocked';
  readonly where: 'kernel' | 'nft';
  readonly reason?: 'scan' | 'user';
  readonly kind?: string;
  readonly technique?: string;
  readonly confirmed?: boolean;
  readonly left_s: number;
  readonly since_s?: number;
  readonly ports?: readonly number[];
  /** Packets that counted, or that were dropped. */
  readonly packets: number;
  /** By the weighted rule. */
  readonly score?: number;
  readonly closed?: number;
  readonly silent?: number;
  readonly half_open?: number;
  readonly opened?: number;
}

import type { JsonBlock, JsonConnection, JsonScan } from './json.ts';

/** What is known of the past, as `query` and the API tell it. Each object in it is one of docs/events.schema.json. */

/** Of which time an answer is: what was told then and not lost is known. RFC 3339. */
export interface Covers {
  since_ts: string;
  until_ts: string;
}

/** Connections, each by its last event in the time asked for, newest first. */
export interface ConnectionsAnswer {
  connections: JsonConnection[];
  /** What to ask with for those before them; null: there are none. */
  more: string | null;
  covers: Covers;
  from: 'memory' | 'store';
}

/** Who called whom on a port. */
export interface Edge {
  /** Addresses. */
  client: string;
  server: string;
  port: number;
  proto: JsonConnection['proto'];
  /** Of this host's end; of the client when both ends are on this host. */
  process?: string;
  /** Of the server, when both ends are on this host. */
  resp_process?: string;
  /** Which ends are on this host; absent: neither, or it isn't known. */
  local?: 'client' | 'server' | 'both';
  connections: number;
  /** Of these: refused, timed out, reset or dropped. */
  failed: number;
  orig_bytes: number;
  resp_bytes: number;
  /** Median. */
  rtt_us?: number;
  last_ts: string;
}

/** Edges by their connections, most first. */
export interface EdgesAnswer {
  edges: Edge[];
  /** How many are left out. */
  more: number;
  covers: Covers;
  from: 'memory' | 'store';
}

/** A scan by its last event; `first` is its start. */
export interface KnownScan extends JsonScan {
  first?: JsonScan;
}

/** Scans, newest first. */
export interface ScansAnswer {
  scans: KnownScan[];
  /** As of ConnectionsAnswer. */
  more: string | null;
  covers: Covers;
  from: 'memory' | 'store';
}

/** A block by its event, what brought it about, and how it ended. */
export interface KnownBlock extends JsonBlock {
  event: 'block';
  /** The evidence: the scan as it was told last before the block. Absent: a command blocked, or it isn't known. */
  scan?: JsonScan;
  /**
   * expired: its time was over; removed: by a command, or as its source came onto the never-block list; replaced: the
   * source was blocked anew. Absent: it is in force, as far as is known.
   */
  end?: 'expired' | 'removed' | 'replaced';
  end_ts?: string;
}

/** Blocks that began in the time asked for, newest first. */
export interface PastBlocksAnswer {
  blocks: KnownBlock[];
  /** As of ConnectionsAnswer. */
  more: string | null;
  covers: Covers;
  from: 'memory' | 'store';
}

/** One connection. */
export interface Story {
  /** Its last event. */
  connection: JsonConnection;
  /** Oldest first. */
  events: JsonConnection[];
}

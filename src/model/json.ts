import type {
  CONN_STATES,
  EndReason,
  EventName,
  FLOW_ENDS,
  FORMS,
  OUTCOMES,
  ScanKindName,
  ScanState,
  TUNNELS,
} from './events.ts';
import type { Service } from './metadata.ts';
import type { StateName } from './tcp-transitions.ts';

export type DirectionName = 'inbound' | 'outbound' | 'local' | 'forwarded' | 'unknown';
export type ProcessFrom = 'connect' | 'listen' | 'accept' | 'close';

/** What every line of `-o json` has. docs/events.schema.json is the contract; this is its type. */
interface JsonBase {
  /** RFC 3339, UTC, microseconds. */
  ts: string;
  event: EventName;
}

/** A line that is an alert as well. */
interface JsonAlert extends JsonBase {
  /** The command that explains it. */
  runbook: string;
  host?: string;
}

/** A `connection.*` line. `src` is always the originator. */
export interface JsonConnection extends JsonBase, JsonPackets, JsonMetadata {
  event: Extract<EventName, `connection.${string}`>;
  /** 16 hex digits, the same for all events of a connection and across restarts. */
  id?: string;
  /** Absent for attempts that the kernel summed. */
  src_ip?: string;
  src_port?: number;
  dst_ip: string;
  /** Of ICMP the type that answers `src_port`, its type, or its code. */
  dst_port: number;
  proto: 'tcp' | 'udp' | 'icmp';
  iface?: string;
  direction: DirectionName;
  community_id?: string;
  /** Of this host's end; of the originator when both ends are on this host. */
  pid?: number;
  process?: string;
  process_from?: ProcessFrom;
  uid?: number;
  container?: string;
  /** Of the responder when both ends are on this host. */
  resp_pid?: number;
  resp_process?: string;
  resp_process_from?: ProcessFrom;
  resp_uid?: number;
  resp_container?: string;
  host?: string;
  outcome?: Exclude<(typeof OUTCOMES)[number], ''>;
  /** The errno's name that the socket ended with. */
  error?: string;
  start_ts?: string;
  duration_s?: number;
  orig_bytes?: number;
  resp_bytes?: number;
  conn_state?: Exclude<(typeof CONN_STATES)[number], ''>;
  rtt_us?: number;
  retransmits?: number;
  /** Attempts that this line stands for, when the kernel summed them in a flood. */
  count?: number;
  /** How many of `count` were refused. */
  refused?: number;
}

/** Of an end: what the packets of a connection showed, where all of them were seen. */
interface JsonPackets {
  /** As Zeek's. */
  history?: string;
  orig_packets?: number;
  resp_packets?: number;
  /** From the IP header on. */
  orig_ip_bytes?: number;
  resp_ip_bytes?: number;
  /** Acknowledged but not captured. Of TCP alone, as are those below: sums of both ends. */
  missed_bytes?: number;
  out_of_order?: number;
  duplicate_acks?: number;
  zero_windows?: number;
  /** IPFIX flowEndReason. */
  end_reason?: Exclude<(typeof FLOW_ENDS)[number], ''>;
  forms?: (typeof FORMS)[number][];
  /** Outermost tag. */
  vlan?: number;
  /** The innermost tunnel's kind. */
  tunnel?: Exclude<(typeof TUNNELS)[number], ''>;
  tunnel_depth?: number;
  /** Of TCP, where it was asked for. */
  tcb?: { orig: JsonControlBlock; resp: JsonControlBlock };
}

/** The transmission control block of one end (RFC 9293 3.3.1), as its segments and its peer's let infer it. */
interface JsonControlBlock {
  state: StateName;
  iss?: number;
  snd_una?: number;
  snd_nxt?: number;
  snd_wnd?: number;
  /** 0: nothing was urgent. */
  snd_up?: number;
  snd_wl1?: number;
  snd_wl2?: number;
  irs?: number;
  rcv_nxt?: number;
  rcv_wnd?: number;
  rcv_up?: number;
  mss?: number;
  window_scale?: number;
  options?: ('sack' | 'timestamps' | 'fast open')[];
  initial_window?: number;
  /** Most bytes that were in flight. */
  cwnd?: number;
  rtt_us?: number;
}

/** Of an end: what the connection's first bytes said of its application. Each text is cut at 255 bytes, a target at more. */
export interface JsonMetadata {
  /** As Zeek names it. */
  /** By which the originator's address was last looked up in what was captured. */
  tunnel_parents?: string[];
  orig_name?: string;
  /** The same of the responder's. */
  resp_name?: string;
  service?: Service;
  tls?: {
    /** Server name that the client asked for. */
    sni?: string;
    version?: string;
    /** IANA number, as in `0x1301`. */
    cipher?: string;
    alpn?: string;
    offered_versions?: string[];
    offered_alpn?: string[];
    ja4?: string;
    /** The server asked for another client hello. */
    retried?: true;
    /** Common name of the server's certificate. */
    subject?: string;
    certificate_names?: string[];
  };
  http?: {
    method?: string;
    host?: string;
    target?: string;
    version?: string;
    user_agent?: string;
    forwarded_for?: string;
    forwarded?: string;
    status?: number;
  };
  dns?: { id: number; query: string; type: string; rcode?: string; answers?: string[] }[];
  ssh?: { client?: string; server?: string };
}

export interface JsonScan extends JsonAlert {
  event: 'scan';
  src_ip: string;
  dst_ip: string;
  kind: ScanKindName;
  /** With which segments, of a stealth scan. */
  technique?: string;
  /** Each start is followed by one end. */
  state: ScanState;
  /** Of an end only. */
  end_reason?: EndReason;
  /** Ascending, at most 64. */
  ports: number[];
  hosts: number;
  evidence: {
    /** Packets of the source that counted or might have. */
    syns: number;
    /** Distinct ports in all. */
    port_count: number;
    first_ts: string;
    last_ts: string;
    blocked: boolean;
    spared: boolean;
    /** How often a verdict blocked the source. */
    blocks: number;
    /** Spared because it keeps completing handshakes. */
    trusted?: true;
    /** So many sources began to scan the same ports of the same host together. */
    decoys?: number;
    /** The parts of a weighted verdict: ports by what became of them. */
    rule?: 'weighted';
    score?: number;
    closed?: number;
    silent?: number;
    half_open?: number;
    opened?: number;
  };
}

export interface JsonBlock extends JsonAlert {
  event: 'block' | 'unblock';
  src_ip: string;
  /** Bits, when `src_ip` stands for a prefix. */
  prefix_len?: number;
  /** End of the block; absent when it has none. */
  until_ts?: string;
  reason?: 'port scan' | 'command';
}

export interface JsonLoss extends JsonAlert {
  event: 'loss';
  /** Where: ring, table, output, ... */
  where: string;
  count: number;
}

/** An event of a plugin; its further fields are the plugin's. */
export interface JsonPlugin {
  ts: string;
  event: string;
  plugin: string;
  host?: string;
  [field: string]: unknown;
}

export type JsonEvent = JsonConnection | JsonScan | JsonBlock | JsonLoss | JsonPlugin;

/**
 * The contract of a case: traffic of honest clients or of a scanner, as packets with times. A case is deterministic, so
 * a rule can be judged by an hour or a day of packet time without a network.
 */

/** As text, IPv4 or IPv6. */
export type Address = string;

/** What a scan may be found as. */
export type Kind = 'vertical' | 'horizontal' | 'stealth' | 'udp' | 'slow';

export interface Case {
  readonly name: string;
  /** One sentence: who does what, how often. */
  readonly what: string;
  /** Whose sources must never be blocked. */
  readonly honest: boolean;
  /** Kinds of which one must be found; empty for honest cases, and for what can't be told from an honest client. */
  readonly expects: readonly Kind[];
  /** Of a scan that nobody is expected to find: why. */
  readonly unfound?: string;
  /** Who must be found: the scanner's address, one of them when it walks its prefix. */
  readonly scanner?: Address;
  /** Ports on which a socket must really listen, for rules that look sockets up. */
  readonly listens?: readonly number[];
  /** Packet time. */
  readonly hours: number;
  /** In time order; the same ones each time. */
  steps(): Iterable<Step>;
}

export type Step =
  /** A frame that arrives at this host, or leaves it. */
  | { readonly atMs: number; readonly kind: 'in' | 'out'; readonly frame: Uint8Array }
  /** A handshake that others began is done; comes after the `in` of its last ACK. */
  | ({ readonly atMs: number; readonly kind: 'opened' } & Opened);

export interface Opened {
  readonly src: Address;
  readonly srcPort: number;
  readonly dst: Address;
  readonly dstPort: number;
  /** The originator's initial sequence number. */
  readonly isn: number;
}

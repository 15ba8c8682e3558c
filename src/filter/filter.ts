import { compile, type Test } from './compile.ts';
import { Has, type Node } from './node.ts';
import { parse } from './parser.ts';

/**
 * What of an event a filter can ask for: bits of Has. A primitive that asks for anything else is false, as `port` is
 * for a packet without ports.
 */
export const Facts: Readonly<
  Record<
    | 'connection'
    | 'udpConversation'
    | 'icmpConversation'
    | 'tcpPart'
    | 'udpPart'
    | 'nothing'
    | 'sum'
    | 'listener'
    | 'scan'
    | 'udpScan'
    | 'block',
    number
  >
> = {
  connection: Has.src | Has.dst | Has.srcPort | Has.dstPort | Has.tcp,
  udpConversation: Has.src | Has.dst | Has.srcPort | Has.dstPort | Has.udp,
  /** ICMP's types stand where ports are, and are none. */
  icmpConversation: Has.src | Has.dst,
  /** Of a packet: a fragment whose ports are in another one. */
  tcpPart: Has.src | Has.dst | Has.tcp,
  udpPart: Has.src | Has.dst | Has.udp,
  /** Of a packet: it isn't IP, or can't be read. */
  nothing: 0,
  /** Attempts summed per victim: who they came from is not known. */
  sum: Has.dst | Has.dstPort | Has.tcp,
  /** A socket that listens: connections go there. */
  listener: Has.dst | Has.dstPort | Has.tcp,
  /** One of its attempts: a scan passes when one of them does. Source ports are not kept. */
  scan: Has.src | Has.dst | Has.dstPort | Has.tcp,
  /** A block shuts out an address, whatever it sends. */
  udpScan: Has.src | Has.dst | Has.dstPort | Has.udp,
  block: Has.src | Has.tcp | Has.udp,
};

/** A filter in the vocabulary of pcap-filter(7), compiled once and applied to records and rows as they lie. */
export class Filter {
  /** As it was given, with single spaces. */
  readonly text: string;
  /** As it was read; undefined: everything passes. */
  readonly node: Node | undefined;
  readonly #test: Test;

  constructor(text: string, node: Node | undefined) {
    this.text = text;
    this.node = node;
    this.#test = compile(node);
  }

  /**
   * Does an event pass? Makes neither strings nor objects.
   * @param words memory that holds the event, laid out up to `dst_port` as struct pw_head (so do the rows of
   *   ConnectionTable)
   * @param at its byte offset, a multiple of 4
   * @param facts what the event has, one of Facts
   */
  matches(words: Uint32Array, at: number, facts: number): boolean {
    return this.#test(words, at >> 2, facts);
  }
}

/**
 * Compiles a filter. `src` is who began a connection, `dst` whom it went to.
 * @param text as of tcpdump; empty: everything passes
 * @throws OperatorError (bad usage) with the column of the mistake and what was expected there
 */
export function parseFilter(text: string): Filter {
  return new Filter(text.trim().split(/\s+/).join(' '), parse(text));
}

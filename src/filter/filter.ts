import { Head } from '../wire/layout.gen.ts';
import { Has } from './node.ts';
import { parse } from './parser.ts';
import { ACCEPT, compile, Field, Op, type Program } from './program.ts';

/**
 * What of an event a filter can ask for: bits of Has. A primitive that asks for anything else is false, as `port` is
 * for a packet without ports.
 */
export const Facts: Readonly<Record<'connection' | 'sum' | 'scan' | 'block', number>> = {
  connection: Has.src | Has.dst | Has.srcPort | Has.dstPort | Has.tcp,
  /** Attempts summed per victim: who they came from is not known. */
  sum: Has.dst | Has.dstPort | Has.tcp,
  /** Its ports are given apart. */
  scan: Has.src | Has.dst | Has.dstPort | Has.tcp,
  /** A block shuts out an address, whatever it sends. */
  block: Has.src | Has.tcp | Has.udp,
};

/** A filter in the vocabulary of pcap-filter(7), compiled once and applied to records and rows as they lie. */
export class Filter {
  /** As it was given, with single spaces. */
  readonly text: string;
  readonly #program: Program;

  constructor(text: string, program: Program) {
    this.text = text;
    this.#program = program;
  }

  /**
   * Does an event pass? Makes neither strings nor objects.
   * @param words memory that holds the event, laid out up to `dst_port` as struct pw_head (so do the rows of
   *   ConnectionTable)
   * @param at its byte offset, a multiple of 4
   * @param facts what the event has, one of Facts
   * @param ports the ports of a scan, in place of `dst_port`: one that matches is enough
   */
  matches(words: Uint32Array, at: number, facts: number, ports?: Uint16Array): boolean {
    const { code, entry } = this.#program;
    const base = at >> 2;
    let test = entry;
    while (test >= 0) {
      let yes = false;
      const needs = code[test + Field.needs]!;
      if ((facts & needs) !== 0) {
        const op = code[test]!;
        if (op === Op.net) yes = inNet(words, base + code[test + Field.word]!, code, test);
        else if (op === Op.ports) {
          const low = code[test + Field.value]!;
          const high = code[test + Field.high]!;
          const pair = words[base + PORTS]!;
          if (needs === Has.srcPort) yes = within(pair & 0xffff, low, high);
          else if (ports === undefined) yes = within(pair >>> 16, low, high);
          else yes = someWithin(ports, low, high);
        } else if (op === Op.family) {
          const address = base + ((facts & Has.dst) === 0 ? Head.src : Head.dst) / 4;
          yes = isV4(words, address) === (code[test + Field.value] === 4);
        } else yes = true;
      }
      test = code[test + (yes ? Field.whenTrue : Field.whenFalse)]!;
    }
    return test === ACCEPT;
  }
}

/**
 * Compiles a filter. `src` is who began a connection, `dst` whom it went to.
 * @param text as of tcpdump; empty: everything passes
 * @throws OperatorError (bad usage) with the column of the mistake and what was expected there
 */
export function parseFilter(text: string): Filter {
  return new Filter(text.trim().split(/\s+/).join(' '), compile(parse(text)));
}

const PORTS = Head.src_port / 4;
/** ::ffff:0:0, third word, little-endian. */
const MAPPED = 0xffff0000;

/** The last word first: it tells most addresses apart. */
function inNet(words: Uint32Array, w: number, code: Int32Array, test: number): boolean {
  const value = test + Field.value;
  const mask = test + Field.mask;
  return (
    (words[w + 3]! & code[mask + 3]!) === code[value + 3] &&
    (words[w + 2]! & code[mask + 2]!) === code[value + 2] &&
    (words[w + 1]! & code[mask + 1]!) === code[value + 1] &&
    (words[w]! & code[mask]!) === code[value]
  );
}

function isV4(words: Uint32Array, w: number): boolean {
  return words[w + 2] === MAPPED && words[w + 1] === 0 && words[w] === 0;
}

function within(port: number, low: number, high: number): boolean {
  return port >= low && port <= high;
}

function someWithin(ports: Uint16Array, low: number, high: number): boolean {
  for (const port of ports) if (within(port, low, high)) return true;
  return false;
}

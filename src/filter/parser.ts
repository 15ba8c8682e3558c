import { Exit, OperatorError } from '../model/errors.ts';
import { type Ends, Has, type Node } from './node.ts';
import { type Token, tokensOf, unexpected } from './tokens.ts';
import { coversV4, readHost, readNet, readPort, readPortRange } from './values.ts';

/** Parentheses and negations within each other: more is a mistake or an attack on the stack. */
export const MAX_DEPTH = 64;

/** What stands before a value, and before those after it that have none of their own: `port 80 or 443`. */
interface Qualifiers {
  readonly protocol: Protocol | undefined;
  readonly ends: Ends;
  readonly type: Type;
}

/** What follows each type. */
const VALUES = {
  host: 'an address such as 192.0.2.7',
  net: 'a network such as 10.0.0.0/8',
  port: 'a port such as 443',
  portrange: 'two ports such as 6000-6008',
} as const;
type Type = keyof typeof VALUES;
const TYPES = Object.keys(VALUES) as Type[];
const PROTOCOLS = ['ip', 'ip6', 'tcp', 'udp'] as const;
type Protocol = (typeof PROTOCOLS)[number];

const CONNECTIVES: ReadonlyMap<string, 'and' | 'or'> = new Map([
  ['and', 'and'],
  ['&&', 'and'],
  ['or', 'or'],
  ['||', 'or'],
]);
const ENDS: ReadonlySet<string> = new Set(['src', 'dst']);
const PRIMITIVES = 'host, net, port, portrange, src, dst, ip, ip6, tcp, udp, not or (';
/** The empty text is the end. */
const SIGNS = ['', 'not', '!', '(', ')', 'mask'];
/** What stands where a value can't. */
const WORDS: ReadonlySet<string> = new Set([
  ...SIGNS,
  ...ENDS,
  ...TYPES,
  ...PROTOCOLS,
  ...CONNECTIVES.keys(),
]);

/**
 * Reads a filter by the grammar of pcap-filter(7): `not` binds tightest, `and` and `or` bind alike and associate to the
 * left, and a value without qualifiers takes those of the primitive before it.
 * @returns undefined for an empty filter
 * @throws OperatorError (bad usage) that names the column and what was expected there
 */
export function parse(text: string): Node | undefined {
  return new Parser(tokensOf(text)).all();
}

/** A part of the filter, and the qualifiers that it leaves to the value after it. */
interface Part {
  readonly node: Node;
  readonly left: Qualifiers | undefined;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  all(): Node | undefined {
    if (this.#peek() === '') return undefined;
    const { node } = this.#expression(undefined, false);
    if (this.#peek() !== '') throw unexpected(this.#token(), 'and, or, or the end');
    return node;
  }

  /** @param bare only values without qualifiers of their own, as in `port (80 or 443)` */
  #expression(before: Qualifiers | undefined, bare: boolean): Part {
    let { node, left } = this.#operand(before, bare);
    for (;;) {
      const kind = CONNECTIVES.get(this.#peek());
      if (kind === undefined) return { node, left };
      this.#next++;
      const right = this.#operand(left, bare);
      node = { kind, left: node, right: right.node };
      left = right.left;
    }
  }

  #operand(before: Qualifiers | undefined, bare: boolean): Part {
    if (this.#take('not') || this.#take('!')) {
      this.#deeper();
      const { node, left } = this.#operand(before, bare);
      this.#depth--;
      return { node: { kind: 'not', node }, left };
    }
    if (this.#take('(')) {
      this.#deeper();
      const { node } = this.#expression(before, bare);
      if (!this.#take(')')) throw unexpected(this.#token(), 'and, or, or `)`');
      this.#depth--;
      return { node, left: before };
    }
    if (!WORDS.has(this.#peek())) return this.#value(before);
    if (before && bare) {
      const types = ENDS.has(this.#tokens[this.#next - 1]!.text) ? `${TYPES.join(', ')} or ` : '';
      throw unexpected(this.#token(), types + VALUES[before.type]);
    }
    return this.#primitive();
  }

  /** A protocol alone, or a value with all of its qualifiers. */
  #primitive(): Part {
    const protocol = PROTOCOLS.find((name) => this.#take(name));
    const ends = this.#ends();
    const type = TYPES.find((name) => this.#take(name));
    if (protocol !== undefined && ends === undefined && type === undefined)
      return { node: protocolNode(protocol), left: undefined };
    if (ends === undefined && type === undefined) throw unexpected(this.#token(), PRIMITIVES);
    const qualifiers = { protocol, ends: ends ?? 'either', type: type ?? 'host' } as const;
    const wantsPort = protocol === 'tcp' || protocol === 'udp';
    if (protocol !== undefined && wantsPort !== qualifiers.type.startsWith('port'))
      throw unexpected(
        type === undefined ? this.#token() : this.#tokens[this.#next - 1]!,
        `${wantsPort ? 'port or portrange' : 'host or net'} after ${protocol}; anything else is joined to it by and`,
      );
    return this.#operand(qualifiers, true);
  }

  /** `src`, `dst`, `src or dst`, `src and dst`; undefined: none of them. */
  #ends(): Ends | undefined {
    const first = this.#take('src') ? 'src' : this.#take('dst') ? 'dst' : undefined;
    const connective = CONNECTIVES.get(this.#peek());
    const other = first === 'src' ? 'dst' : 'src';
    if (first === undefined || connective === undefined || this.#peek(1) !== other) return first;
    this.#next += 2;
    return connective === 'or' ? 'either' : 'both';
  }

  #value(qualifiers: Qualifiers | undefined): Part {
    const token = this.#token();
    if (qualifiers === undefined) throw unexpected(token, PRIMITIVES);
    this.#next++;
    const { ends, type, protocol } = qualifiers;
    if (type === 'port' || type === 'portrange') {
      const range = type === 'port' ? readPort(token) : readPortRange(token);
      const node: Node = { kind: 'ports', ends, ...range };
      if (protocol === undefined) return { node, left: qualifiers };
      return { node: and(protocolNode(protocol), node), left: qualifiers };
    }
    const mask = type === 'net' && this.#take('mask') ? this.#tokens[this.#next++] : undefined;
    const net = type === 'net' ? readNet(token, mask) : readHost(token);
    if (protocol !== undefined && protocol !== (net.family === 4 ? 'ip' : 'ip6'))
      throw unexpected(token, `an address of ${protocol === 'ip' ? 'IPv4' : 'IPv6'}`);
    const node: Node = { kind: 'net', ends, net };
    return { node: coversV4(net) ? and(protocolNode('ip6'), node) : node, left: qualifiers };
  }

  #deeper(): void {
    if (++this.#depth > MAX_DEPTH)
      throw new OperatorError(
        `filter, column ${this.#token().column}: more than ${MAX_DEPTH} parentheses and negations within each other`,
        '`and` and `or` associate to the left, so most are not needed',
        { exitCode: Exit.usage },
      );
  }

  #take(text: string): boolean {
    if (this.#peek() !== text) return false;
    this.#next++;
    return true;
  }

  #peek(ahead = 0): string {
    return this.#tokens[this.#next + ahead]?.text ?? '';
  }

  /** The next token; at last the end again and again. */
  #token(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)]!;
  }
}

function protocolNode(name: Protocol): Node {
  if (name === 'ip' || name === 'ip6') return { kind: 'family', family: name === 'ip' ? 4 : 6 };
  return { kind: 'protocol', bit: Has[name] };
}

function and(left: Node, right: Node): Node {
  return { kind: 'and', left, right };
}

import { Head } from '../wire/layout.gen.ts';
import { type Ends, Has, type Node } from './node.ts';

/**
 * A filter as a list of tests, each with the test to go on with when it is true and when it is false, as BPF has it;
 * `not` only exchanges the two, and no stack is needed. A test is STRIDE numbers, laid out as Field.
 */
export interface Program {
  readonly code: Int32Array;
  /** Where the first test begins, or accept or reject. */
  readonly entry: number;
}

export const ACCEPT = -1;
export const REJECT = -2;

export const Op = { has: 0, family: 1, ports: 2, net: 3 } as const;

/** Where the parts of a test lie. */
export const Field = {
  op: 0,
  /** Bits of Has of which the event must have one. */
  needs: 1,
  whenTrue: 2,
  whenFalse: 3,
  /** net: four words of the address. family: 4 or 6. ports: the lowest. */
  value: 4,
  /** ports: the highest. */
  high: 5,
  /** net: four words of the mask. */
  mask: 8,
  /** net: the word of the address in a record. */
  word: 12,
} as const;
const STRIDE = 13;

/** @param node undefined: every event passes */
export function compile(node: Node | undefined): Program {
  const code: number[] = [];
  const entry = node === undefined ? ACCEPT : emit(node, ACCEPT, REJECT, code);
  return { code: Int32Array.from(code), entry };
}

/** Appends the tests of a node, the last first, so that each knows where to go on; returns where its first one is. */
function emit(node: Node, whenTrue: number, whenFalse: number, code: number[]): number {
  const test = (op: number, needs: number, rest: readonly number[]): number => {
    const at = code.length;
    code.push(op, needs, whenTrue, whenFalse, ...rest);
    while (code.length < at + STRIDE) code.push(0);
    return at;
  };
  switch (node.kind) {
    case 'and':
      return emit(node.left, emit(node.right, whenTrue, whenFalse, code), whenFalse, code);
    case 'or':
      return emit(node.left, whenTrue, emit(node.right, whenTrue, whenFalse, code), code);
    case 'not':
      return emit(node.node, whenFalse, whenTrue, code);
    case 'protocol':
      return test(Op.has, node.bit, []);
    case 'family':
      return test(Op.family, Has.src | Has.dst, [node.family]);
    case 'ports': {
      if (node.ends === 'either' || node.ends === 'both')
        return emit(eachEnd(node, node.ends), whenTrue, whenFalse, code);
      const needs = node.ends === 'src' ? Has.srcPort : Has.dstPort;
      return test(Op.ports, needs, [node.low, node.high]);
    }
    default: {
      if (node.ends === 'either' || node.ends === 'both')
        return emit(eachEnd(node, node.ends), whenTrue, whenFalse, code);
      const { address, mask } = node.net;
      const at = Head[node.ends] / 4;
      return test(Op.net, Has[node.ends], [...wordsOf(address), ...wordsOf(mask), at]);
    }
  }
}

function eachEnd(node: Extract<Node, { ends: Ends }>, ends: 'either' | 'both'): Node {
  const kind = ends === 'either' ? 'or' : 'and';
  return { kind, left: { ...node, ends: 'src' }, right: { ...node, ends: 'dst' } };
}

/** As the words of a record have them, in this machine's byte order. */
const wordsOf = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.slice().buffer);

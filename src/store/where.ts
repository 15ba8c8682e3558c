import { type Ends, Has, type Net, type Node } from '../filter/node.ts';
import { formatAddress } from '../wire/address.ts';

/** A condition in SQL, and the values that it names; nothing of a filter is in its text but through them. */
export interface Where {
  readonly sql: string;
  readonly params: Readonly<Record<string, string | number>>;
}

/**
 * A filter as a condition on rows of `connections`, the same as compile() of src/filter makes for events: a primitive
 * that asks for what a row hasn't is false.
 * @param node undefined: every row passes
 */
export function whereOf(node: Node | undefined): Where {
  const params: Record<string, string | number> = {};
  let next = 0;
  const param = (value: string | number, type: string): string => {
    const name = `f${next++}`;
    params[name] = value;
    return `{${name}:${type}}`;
  };
  return { sql: node === undefined ? '1' : conditionOf(node, param), params };
}

type Param = (value: string | number, type: string) => string;

function conditionOf(node: Node, param: Param): string {
  switch (node.kind) {
    case 'and':
    case 'or':
      return `(${conditionOf(node.left, param)} ${node.kind} ${conditionOf(node.right, param)})`;
    case 'not':
      return `(not ${conditionOf(node.node, param)})`;
    case 'protocol':
      return `proto = ${node.bit === Has.tcp ? "'tcp'" : "'udp'"}`;
    case 'family':
      return `(${node.family === 4 ? '' : 'not '}${IS_V4})`;
    case 'ports':
      return ofEnds(node.ends, (end) => portsOf(end, node.low, node.high, param));
    default:
      return ofEnds(node.ends, (end) => netOf(end, node.net, param));
  }
}

/** By where it went to: a sum has nothing else. */
const IS_V4 = `dst_ip between toIPv6('::ffff:0.0.0.0') and toIPv6('::ffff:255.255.255.255')`;

/** Of attempts that the kernel summed it isn't known who made them. */
const HAS_SRC = 'count is null';

function ofEnds(ends: Ends, of: (end: 'src' | 'dst') => string): string {
  if (ends === 'src' || ends === 'dst') return of(ends);
  return `(${of('src')} ${ends === 'both' ? 'and' : 'or'} ${of('dst')})`;
}

/** ICMP's types stand where ports are, and are none. */
function portsOf(end: 'src' | 'dst', low: number, high: number, param: Param): string {
  const range = `${end}_port between ${param(low, 'UInt16')} and ${param(high, 'UInt16')}`;
  return `(${range} and proto != 'icmp'${end === 'src' ? ` and ${HAS_SRC}` : ''})`;
}

function netOf(end: 'src' | 'dst', net: Net, param: Param): string {
  return `(${addressIn(`${end}_ip`, net, param)}${end === 'src' ? ` and ${HAS_SRC}` : ''})`;
}

function addressIn(column: string, { address, mask }: Net, param: Param): string {
  const low = param(formatAddress(address), 'IPv6');
  if (mask.every((byte) => byte === 0xff)) return `${column} = ${low}`; // which an index can answer
  if (isPrefix(mask)) {
    const last = address.map((byte, i) => byte | (~mask[i]! & 0xff));
    return `${column} between ${low} and ${param(formatAddress(last), 'IPv6')}`;
  }
  return `bitAnd(toUInt128(${column}), ${param(numberOf(mask), 'UInt128')}) = ${param(numberOf(address), 'UInt128')}`;
}

/** Ones, and then zeros. */
function isPrefix(mask: Uint8Array): boolean {
  return /^1*0*$/.test([...mask].map((byte) => byte.toString(2).padStart(8, '0')).join(''));
}

/** Decimal. */
function numberOf(bytes: Uint8Array): string {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`).toString();
}

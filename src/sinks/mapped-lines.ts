import type { JsonEvent } from '../model/json.ts';
import type { Written } from '../sources/source.ts';
import { safe } from './escape.ts';
import type { LineBuffer } from './output.ts';
import type { SinkCounts } from './sink.ts';
import { put } from './write.ts';

/** An event in another vocabulary; members that are undefined are left out. */
export type EventMap = (event: JsonEvent) => object;

/**
 * Where a JsonSink writes what goes on in another vocabulary. There is one place that says what an event has, and
 * vocabularies of others only name it; that costs such a line some microseconds more.
 */
export class MappedLines implements LineBuffer {
  bytes: Uint8Array = new Uint8Array(16_384);
  readonly pos = 0;
  readonly #output: LineBuffer;
  readonly #map: EventMap;
  readonly #decoder = new TextDecoder();

  constructor(output: LineBuffer, map: EventMap) {
    this.#output = output;
    this.#map = map;
  }

  get backlogged(): boolean {
    return this.#output.backlogged;
  }

  get full(): boolean {
    return this.#output.full;
  }

  /** Room in the output is asked for when the line's length is known. */
  reserve(size: number): boolean {
    if (size > this.bytes.length) this.bytes = new Uint8Array(2 * size);
    return true;
  }

  commit(pos: number): void {
    const event = JSON.parse(this.#decoder.decode(this.bytes.subarray(0, pos))) as JsonEvent;
    const line = safe(JSON.stringify(this.#map(event)));
    if (!this.#output.reserve(line.length + 1)) return;
    const end = put(this.#output.bytes, this.#output.pos, line);
    this.#output.bytes[end] = NEWLINE;
    this.#output.commit(end + 1);
  }

  flush(): void {
    this.#output.flush();
  }

  progress(): Written {
    return this.#output.progress();
  }

  counts(): SinkCounts {
    return this.#output.counts();
  }
}

const NEWLINE = 0x0a;

/** The object, or undefined when none of its members has a value. */
export function ifAny<T extends object>(members: T): T | undefined {
  for (const name in members) if (members[name] !== undefined) return members;
  return undefined;
}

/** The members that aren't among `names`. */
export function without(members: object, names: ReadonlySet<string>): Record<string, unknown> {
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(members)) if (!names.has(name)) rest[name] = value;
  return rest;
}

/** A sum, of numbers that may be unknown; undefined when one is. */
export function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

/** The IP protocol number. */
export function protocolNumber(proto: 'tcp' | 'udp' | 'icmp', isIpv6: boolean): number {
  if (proto !== 'icmp') return proto === 'tcp' ? 6 : 17;
  return isIpv6 ? 58 : 1;
}

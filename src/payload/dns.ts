import type { DnsExchange } from '../model/metadata.ts';
import { formatAddress } from '../wire/address.ts';
import { u16 } from '../wire/network-order.ts';
import { RecordType, rcodeName, typeName } from './dns-codes.ts';
import { DNS_HEADER, DnsName, plainName } from './dns-name.ts';
import type { Finding } from './finding.ts';
import type { PassiveNames } from './passive-names.ts';
import { Reading } from './reading.ts';

/** Most questions of a connection that are told. */
const EXCHANGES_MAX = 4;
/** Most answers to a question that are told, and that are looked at for names. */
const TOLD_MAX = 16;
const ANSWERS_MAX = 128;
/** Most questions that may wait for their answer at once; the oldest goes. */
const ASKED_MAX = 16;
/** Most questions of a message (mDNS asks several at once) that are looked at. */
const QUESTIONS_MAX = 16;

/** Type, class, time to live and length of a record (RFC 1035 4.1.3). */
const RECORD = 10;
const RESPONSE = 0x8000;
/** Bits of the header's third and fourth byte. */
const OPCODE = 0x7800;
const MUST_BE_ZERO = 0x0040;
const RCODE = 0x000f;
/** The highest opcode in use: stateful operations (RFC 8490). */
const OPCODE_MAX = 6;
/** IN, CH, HS, NONE, ANY (RFC 6895 3.2). */
const CLASSES: ReadonlySet<number> = new Set([1, 3, 4, 254, 255]);
/** In mDNS the highest bit of a class is a flag (RFC 6762 18.12). */
const CLASS = 0x7fff;

/** Reads DNS messages (RFC 1035 4) and gives names to the addresses in answers. */
export class Dns {
  /** Answers to questions that weren't seen, or that had one already: their names aren't believed. */
  unasked = 0;
  readonly #names: PassiveNames | undefined;
  readonly #name = new DnsName();
  readonly #address = new Uint8Array(16).fill(0xff, 10, 12);

  constructor(names?: PassiveNames) {
    this.#names = names;
  }

  /**
   * Reads the messages of a stream, each with its length before it (RFC 1035 4.2.2): one after the other, as each
   * answer may name addresses.
   */
  stream(
    finding: Finding,
    fromOriginator: boolean,
    bytes: Uint8Array,
    from: number,
    to: number,
    last: boolean,
  ): number {
    const which = fromOriginator ? 0 : 1;
    for (;;) {
      const at = from + finding.dnsRead[which];
      const isFirst = at === from;
      const start = at + 2;
      if (start > to || (start + DNS_HEADER > to && (!isFirst || u16(bytes, at) > DNS_HEADER))) {
        if (!last) return start + DNS_HEADER - from;
        return isFirst ? Reading.unlike : Reading.done;
      }
      const end = start + u16(bytes, at);
      const isMessage = isHeader(bytes, start, end) && isPlain(bytes, start);
      if (isMessage && end > to && !last) return end - from;
      if (!isMessage || !this.message(finding, bytes, start, Math.min(end, to)))
        return isFirst ? Reading.unlike : Reading.done;
      finding.dnsRead[which] = end - from;
    }
  }

  /** Reads one message, of which the end may be missing; false when it is none. */
  message(finding: Finding, bytes: Uint8Array, from: number, to: number): boolean {
    if (!isHeader(bytes, from, to)) return false;
    const id = u16(bytes, from);
    const flags = u16(bytes, from + 2);
    const questions = u16(bytes, from + 4);
    const told = finding.metadata.dns ?? [];
    let at = from + DNS_HEADER;
    for (let i = 0; i < questions && i < QUESTIONS_MAX; i++) {
      if (!this.#name.read(bytes, from, at, to) || this.#name.end + 4 > to) return i > 0;
      at = this.#name.end + 4;
      if (!CLASSES.has(u16(bytes, at - 2) & CLASS)) return i > 0;
      const query = this.#name.text;
      const type = typeName(u16(bytes, at - 4));
      const exchange = exchangeOf(told, id, query, type);
      finding.metadata.dns = told;
      if ((flags & RESPONSE) === 0) ask(finding, keyOf(id, query, type));
      else if (questions === 1) {
        const isAsked = wasAsked(finding, keyOf(id, query, type));
        if (!isAsked) this.unasked++;
        if (exchange !== undefined) exchange.rcode ??= rcodeName(flags & RCODE);
        this.#answers(exchange, isAsked ? query : undefined, bytes, from, at, to);
      }
    }
    if (questions === 0 && !this.#isRecord(bytes, from, at, to)) return false;
    finding.metadata.dns = told;
    return true;
  }

  /** Does a record begin here (RFC 1035 4.1.3)? */
  #isRecord(bytes: Uint8Array, start: number, at: number, to: number): boolean {
    if (!this.#name.read(bytes, start, at, to)) return false;
    const data = this.#name.end + RECORD;
    return data <= to && data + u16(bytes, data - 2) <= to;
  }

  /** @param asked the question, when its answers may be believed */
  #answers(
    exchange: DnsExchange | undefined,
    asked: string | undefined,
    bytes: Uint8Array,
    start: number,
    from: number,
    to: number,
  ): void {
    const name = asked === undefined ? undefined : plainName(asked);
    // an answer counts for the name that was asked for and those that it stands for
    const aliases = new Set([name]);
    const answers: string[] = [];
    const count = Math.min(u16(bytes, start + 6), ANSWERS_MAX);
    for (let i = 0, at = from; i < count; i++) {
      if (!this.#name.read(bytes, start, at, to)) break;
      const isAlias = aliases.has(plainName(this.#name.text));
      const data = this.#name.end + RECORD;
      if (data > to) break;
      const type = u16(bytes, data - RECORD);
      const length = u16(bytes, data - 2);
      at = data + length;
      if (at > to) break;
      let text: string | undefined;
      if (type === RecordType.a && length === 4) {
        this.#address.set(bytes.subarray(data, at), 12);
        text = formatAddress(this.#address);
        if (isAlias && name !== undefined) this.#names?.add(this.#address, 0, name);
      } else if (type === RecordType.aaaa && length === 16) {
        text = formatAddress(bytes, data);
        if (isAlias && name !== undefined) this.#names?.add(bytes, data, name);
      } else if (type === RecordType.cname && this.#name.read(bytes, start, data, at)) {
        text = this.#name.text;
        if (isAlias) aliases.add(plainName(text));
      }
      if (text !== undefined && answers.length < TOLD_MAX) answers.push(text);
    }
    if (exchange !== undefined && answers.length > 0) exchange.answers ??= answers;
  }
}

/** Can a message begin at `from`? */
function isHeader(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < DNS_HEADER) return false;
  const flags = u16(bytes, from + 2);
  if ((flags & MUST_BE_ZERO) !== 0 || (flags & OPCODE) >> 11 > OPCODE_MAX) return false;
  const questions = u16(bytes, from + 4);
  const answers = u16(bytes, from + 6);
  if ((flags & RESPONSE) !== 0) return questions > 0 || answers > 0;
  return questions > 0 && (flags & RCODE) === 0;
}

/** What is so by chance less often: at most one question, and no answer with it. Datagrams come by their port. */
function isPlain(bytes: Uint8Array, from: number): boolean {
  const isQuery = (u16(bytes, from + 2) & (RESPONSE | OPCODE)) === 0;
  return u16(bytes, from + 4) <= 1 && (!isQuery || u16(bytes, from + 6) === 0);
}

/** Where a question is told, if there is room for it; the same question comes again with its answer. */
function exchangeOf(
  told: DnsExchange[],
  id: number,
  query: string,
  type: string,
): DnsExchange | undefined {
  const name = plainName(query);
  const found = told.find((e) => e.id === id && e.type === type && plainName(e.query) === name);
  if (found !== undefined || told.length >= EXCHANGES_MAX) return found;
  const exchange: DnsExchange = { id, query, type };
  told.push(exchange);
  return exchange;
}

function ask({ asked }: Finding, key: string): void {
  if (asked.includes(key)) return;
  if (asked.length >= ASKED_MAX) asked.shift();
  asked.push(key);
}

/** Was this asked? It is answered once, so that whoever is late with a forged answer names nothing. */
function wasAsked({ asked }: Finding, key: string): boolean {
  const at = asked.indexOf(key);
  if (at >= 0) asked.splice(at, 1);
  return at >= 0;
}

function keyOf(id: number, query: string, type: string): string {
  return `${id} ${type} ${plainName(query)}`;
}

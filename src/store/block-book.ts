import { Facts, type Filter } from '../filter/filter.ts';
import type { KnownBlock } from '../model/history.ts';
import type { JsonBlock, JsonScan } from '../model/json.ts';
import { parseAddress } from '../wire/address.ts';
import { Head } from '../wire/layout.gen.ts';
import type { PageQuestion } from './history.ts';
import { parseMoment } from './moment.ts';
import { noCursor } from './question.ts';

/** An unblock that comes so soon before a block's end was brought about by it: clocks are corrected meanwhile. */
const ABOUT_MS = 100;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Blocks out of what is told of scans and blocks, in the order in which it was. */
export class BlockBook {
  /** When the last of those began that were forgotten; RFC 3339. */
  forgottenTs: string | undefined;
  readonly #most: number;
  /** Oldest first. */
  readonly #blocks: Mutable<KnownBlock>[] = [];
  /** By source: those of which no end was told. */
  readonly #open = new Map<string, Mutable<KnownBlock>>();
  /** By source, as they were told last. */
  readonly #scans = new Map<string, JsonScan>();

  /** @param most blocks, and scans, that are remembered; the oldest are forgotten */
  constructor(most: number = Infinity) {
    this.#most = most;
  }

  take(told: JsonScan | JsonBlock): void {
    if (told.event === 'scan') this.#scan(told);
    else if (told.event === 'block') this.#block(told as KnownBlock);
    else this.#unblock(told);
  }

  /** Those that began in the time that is asked for, newest first. Throws OperatorError for what is no cursor. */
  page(question: PageQuestion, nowMs: number): { blocks: KnownBlock[]; more: string | null } {
    const { filter, sinceUs = 0, untilUs = Infinity, limit } = question;
    const cursor = question.cursor === undefined ? undefined : blockPlaceOf(question.cursor);
    const blocks: KnownBlock[] = [];
    let at = { us: NaN, told: 0 };
    for (let i = this.#blocks.length - 1; i >= 0; i--) {
      const block = this.#blocks[i]!;
      const us = microseconds(block.ts);
      if (us >= untilUs || us < sinceUs || (filter && !passes(filter, block))) continue;
      const next = { us, told: us === at.us ? at.told + 1 : 1 };
      if (blocks.length === limit) return { blocks, more: `${at.us}.${at.told}` };
      at = next;
      if (cursor && (us > cursor.us || (us === cursor.us && at.told <= cursor.told))) continue;
      blocks.push(asOf(block, nowMs));
    }
    return { blocks, more: null };
  }

  #scan(scan: JsonScan): void {
    this.#scans.delete(scan.src_ip);
    this.#scans.set(scan.src_ip, scan);
    if (this.#scans.size > this.#most) this.#scans.delete(this.#scans.keys().next().value!);
  }

  #block(told: KnownBlock): void {
    const source = sourceOf(told);
    const before = this.#open.get(source);
    if (before) end(before, told.ts, 'replaced');
    const scan = told.reason === 'port scan' ? this.#scans.get(told.src_ip) : undefined;
    const block = { ...told, ...(scan && { scan }) };
    this.#open.set(source, block);
    this.#blocks.push(block);
    if (this.#blocks.length > this.#most) this.#forget();
  }

  #unblock(told: JsonBlock): void {
    const source = this.#open.has(sourceOf(told)) ? sourceOf(told) : this.#neighbour(told);
    const block = this.#open.get(source);
    if (!block) return;
    this.#open.delete(source);
    end(block, told.ts, 'removed');
  }

  /** The kernel blocks the /64 of an IPv6 source, and tells the end of that. */
  #neighbour({ src_ip, prefix_len }: JsonBlock): string {
    const net = netOf(src_ip);
    if (!src_ip.includes(':') || prefix_len !== undefined) return '';
    const found = [...this.#open.values()].find(
      (block) => block.prefix_len === undefined && netOf(block.src_ip) === net,
    );
    return found ? sourceOf(found) : '';
  }

  #forget(): void {
    const block = this.#blocks.shift()!;
    this.forgottenTs = block.ts;
    if (this.#open.get(sourceOf(block)) === block) this.#open.delete(sourceOf(block));
  }
}

/** Whatever else would end it: its time may have been over before. */
function end(block: Mutable<KnownBlock>, ts: string, how: 'removed' | 'replaced'): void {
  const { until_ts } = block;
  const isOver = until_ts !== undefined && Date.parse(ts) >= Date.parse(until_ts) - ABOUT_MS;
  block.end = isOver ? 'expired' : how;
  block.end_ts = isOver ? until_ts : ts;
}

/** The kernel ends a block by itself: it may be that nobody was there to tell. */
function asOf(block: KnownBlock, nowMs: number): KnownBlock {
  const { until_ts } = block;
  if (block.end !== undefined || until_ts === undefined || Date.parse(until_ts) > nowMs)
    return block;
  return { ...block, end: 'expired', end_ts: until_ts };
}

function sourceOf({ src_ip, prefix_len }: JsonBlock): string {
  return `${src_ip}/${prefix_len ?? ''}`;
}

/** The /64. */
function netOf(address: string): string {
  return String(parseAddress(address)?.subarray(0, 8));
}

/** As `watch` tells blocks by a filter. */
function passes(filter: Filter, { src_ip }: JsonBlock): boolean {
  const words = new Uint32Array(Head.size / 4);
  new Uint8Array(words.buffer).set(parseAddress(src_ip) ?? [], Head.src);
  return filter.matches(words, 0, Facts.block);
}

function microseconds(ts: string): number {
  return parseMoment(ts, 0) ?? 0;
}

/** After how many blocks of which microsecond a page begins. Throws OperatorError (bad usage). */
export function blockPlaceOf(cursor: string): { us: number; told: number } {
  const [, us, told] = /^(\d{1,16})\.(\d{1,9})$/.exec(cursor) ?? [];
  if (us === undefined) throw noCursor(cursor);
  return { us: Number(us), told: Number(told) };
}

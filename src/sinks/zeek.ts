import { Row } from '../flow/row.ts';
import type { ConnectionTable } from '../flow/table.ts';
import { type ConnectionEvent, type EventMask, LAST_EVENTS } from '../model/events.ts';
import { Lines } from './lines.ts';
import type { LineBuffer } from './output.ts';
import type { Sink, WallClock } from './sink.ts';
import { ascii, put } from './write.ts';
import { ZEEK_COLUMNS, type ZeekRow } from './zeek-columns.ts';
import { EMPTY, UNSET } from './zeek-text.ts';

export interface ZeekSinkOptions {
  readonly output: LineBuffer;
  readonly clock: WallClock;
  readonly events: EventMask;
}

/**
 * Zeek's conn.log: one line per connection, at its end, and no other event. Tab-separated with a header and a last
 * line (scripts/base/frameworks/logging/writers/ascii.zeek), or one JSON object per line without.
 */
export class ZeekSink extends Lines implements Sink {
  readonly name: 'zeek' | 'zeek-json';
  readonly #events: EventMask;
  readonly #clock: WallClock;
  readonly #form: Form;
  #row: ZeekRow | undefined;
  /** The header was written to the file that the output is now. */
  #begun = false;

  constructor(name: 'zeek' | 'zeek-json', { output, clock, events }: ZeekSinkOptions) {
    super(output);
    this.name = name;
    this.#form = name === 'zeek' ? TABBED : JSON_FORM;
    this.#clock = clock;
    this.#events = events & LAST_EVENTS;
  }

  connection(event: ConnectionEvent, table: ConnectionTable, index: number): void {
    if ((this.#events & (1 << event)) === 0) return;
    this.#begin();
    if (!this.output.reserve(MAX_LINE)) return;
    const { yes, no, between } = this.#form;
    const row = (this.#row ??= { table, base: 0, clock: this.#clock, yes, no, between });
    row.table = table;
    row.base = index * Row.stride;
    this.output.commit(this.#form.write(this.output.bytes, this.output.pos, row));
  }

  summed(): void {}
  scan(): void {}
  block(): void {}
  unblock(): void {}
  loss(): void {}
  plugin(): void {}

  override endFile(): void {
    if (this.#form !== TABBED) return;
    this.#begin();
    this.#line(`#close\t${localTime(new Date())}`);
    this.#begun = false;
  }

  override stop(): void {
    this.endFile();
    this.output.flush();
  }

  #begin(): void {
    if (this.#begun || this.#form !== TABBED) return;
    this.#begun = true;
    this.#line('#separator \\x09');
    this.#line('#set_separator\t,');
    this.#line(`#empty_field\t${EMPTY}`);
    this.#line(`#unset_field\t${UNSET}`);
    this.#line('#path\tconn');
    this.#line(`#open\t${localTime(new Date())}`);
    this.#line(`#fields\t${ZEEK_COLUMNS.map(({ name }) => name).join('\t')}`);
    this.#line(`#types\t${ZEEK_COLUMNS.map(({ type }) => type).join('\t')}`);
  }

  #line(text: string): void {
    const line = ascii(`${text}\n`);
    if (this.output.reserve(line.length))
      this.output.commit(put(this.output.bytes, this.output.pos, line));
  }
}

/** Every field at its longest takes less. */
const MAX_LINE = 1024;

interface Form {
  readonly yes: Uint8Array;
  readonly no: Uint8Array;
  readonly between: Uint8Array;
  /** Writes a line. */
  write(out: Uint8Array, pos: number, row: ZeekRow): number;
}

const TABBED: Form = {
  yes: ascii('T'),
  no: ascii('F'),
  between: ascii(','),
  write(out, pos, row) {
    let p = pos;
    for (const { write } of ZEEK_COLUMNS) {
      const from = p;
      p = write(out, p, row);
      if (p === from) p = put(out, p, DASH);
      out[p++] = TAB;
    }
    out[p - 1] = NEWLINE;
    return p;
  },
};

const JSON_FORM: Form = {
  yes: ascii('true'),
  no: ascii('false'),
  between: ascii('","'),
  write(out, pos, row) {
    let p = pos;
    for (const { key, is, write } of MEMBERS) {
      const from = put(out, p, key);
      const end = write(out, from, row);
      if (end === from) continue;
      if (is === 'text') p = quoted(out, from, end);
      else p = is === 'set' ? put(out, end, SET_END) : end;
    }
    out[pos] = 0x7b; // {
    out[p] = 0x7d; // }
    out[p + 1] = NEWLINE;
    return p + 2;
  },
};

const TAB = 0x09;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DASH = ascii(UNSET);
const BARE: ReadonlySet<string> = new Set(['time', 'interval', 'count', 'port', 'bool']);
const SET = 'set[string]';
const SET_END = ascii('"]');
/** Before a value, by what it is in JSON. */
const OPENING = { bare: '', text: '"', set: '["' } as const;
const MEMBERS = ZEEK_COLUMNS.map(({ name, type, write }) => {
  const is = type === SET ? 'set' : BARE.has(type) ? 'bare' : 'text';
  return { key: ascii(`,"${name}":${OPENING[is]}`), is, write };
});

/** Makes of the text between `from` and `end`, which is printable ASCII, the rest of a JSON string. */
function quoted(out: Uint8Array, from: number, end: number): number {
  let p = end;
  for (let i = from; i < p; i++) {
    if (out[i] !== QUOTE && out[i] !== BACKSLASH) continue;
    out.copyWithin(i + 1, i, p++);
    out[i++] = BACKSLASH;
  }
  out[p] = QUOTE;
  return p + 1;
}

/** `2026-11-21-14-07-34`, local time. */
function localTime(date: Date): string {
  const parts = [
    date.getMonth() + 1,
    date.getDate(),
    date.getHours(),
    date.getMinutes(),
    date.getSeconds(),
  ];
  return [date.getFullYear(), ...parts.map((part) => String(part).padStart(2, '0'))].join('-');
}

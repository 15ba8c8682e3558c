import type { ServerResponse } from 'node:http';
import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseFilter } from '../filter/filter.ts';
import { Row } from '../flow/row.ts';
import { ConnectionTable } from '../flow/table.ts';
import type { LiveCounts, LiveHello } from '../model/api.ts';
import { EventCode } from '../model/events.ts';
import type { JsonEvent } from '../model/json.ts';
import { tierOf } from './live-buffer.ts';
import { Live } from './live.ts';

const RUN = '0123456789abcdef';
const COUNTS: LiveCounts = {
  ts: '',
  attempts: 1,
  opened: 1,
  failed: 0,
  closed: 0,
  live: 1,
  lost: 0,
};

/** A reader of the stream: what waits for it is what the test says. */
class Reader extends EventEmitter {
  writableLength = 0;
  text = '';
  /** Takes nothing: what is written waits. */
  stopped = false;
  destroyed = false;

  cork(): void {}
  uncork(): void {}

  write(bytes: Buffer): boolean {
    if (this.stopped) this.writableLength += bytes.length;
    this.text += bytes.toString();
    return !this.stopped;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }

  messages(event: string): { id: string; data: unknown }[] {
    return [...this.text.matchAll(/id: (\S+)\nevent: (\w+)\ndata: (.*)\n\n/g)]
      .filter(([, , name]) => name === event)
      .map(([, id, , data]) => ({ id: id!, data: JSON.parse(data!) as unknown }));
  }

  events(): Batch[] {
    return this.messages('events').map(({ data }) => data as Batch);
  }

  sent(): JsonEvent[] {
    return this.events().flatMap(({ events }) => events);
  }

  /** Sent or said to be skipped. */
  told(): number {
    return this.events().reduce((sum, { events, skipped }) => sum + events.length + skipped, 0);
  }
}

/** What `event: events` holds. */
interface Batch {
  readonly events: JsonEvent[];
  readonly sampled: number;
  readonly skipped: number;
}

let live: Live;
const table = new ConnectionTable(1, 1);

beforeEach(() => {
  vi.useFakeTimers();
  live = new Live({
    clock: { offsetUs: 1.7e15 },
    names: { iface: () => undefined, container: () => undefined },
    host: 'web1',
    hello: { run: RUN, version: '1', host: 'web1', started_ts: 't' },
    counts: () => COUNTS,
  });
});
afterEach(() => {
  live.stop();
  vi.useRealTimers();
});

function listen(filter?: string, lastId?: string): Reader {
  const reader = new Reader();
  const parsed = filter === undefined ? undefined : parseFilter(filter);
  live.add(reader as unknown as ServerResponse, parsed, lastId);
  return reader;
}

/** An event of the connection with this id, to this port. */
function happens(id: number, event: 0 | 1 | 5 = EventCode.attempt, port = 80): void {
  table.words[Row.id >> 2] = id;
  table.halves[Row.dst_port >> 1] = port;
  live.connection(event, table, 0);
}

const tick = () => vi.advanceTimersByTime(200);
const idOf = (event: JsonEvent) => Number.parseInt((event as { id: string }).id.slice(8), 16);

describe('the live stream', () => {
  it('says hello, then what happens, then counts', () => {
    happens(1);
    const reader = listen();
    happens(2);
    happens(2, EventCode.close);
    tick();
    expect(reader.messages('hello')).toEqual([
      {
        id: `${RUN}-1`,
        data: { run: RUN, version: '1', host: 'web1', started_ts: 't', filter: null },
      },
    ]);
    expect(reader.messages('events').map(({ id }) => id)).toEqual([`${RUN}-3`]);
    expect(reader.events()).toMatchObject([
      {
        events: [{ event: 'connection.attempt' }, { event: 'connection.close' }],
        sampled: 1,
        skipped: 0,
      },
    ]);
    vi.advanceTimersByTime(800);
    expect(reader.messages('counts')).toEqual([{ id: `${RUN}-3`, data: COUNTS }]);
    expect(reader.messages('events')).toHaveLength(1);
  });

  it('is written once for all, and for each filter', () => {
    const readers = [listen(), listen(), listen('port 80'), listen('port 443')];
    happens(1, EventCode.attempt, 443);
    live.loss('attempts', 7, 0);
    tick();
    expect(readers.map((reader) => reader.sent().map(({ event }) => event))).toEqual([
      ['connection.attempt', 'loss'],
      ['connection.attempt', 'loss'],
      ['loss'],
      ['connection.attempt', 'loss'],
    ]);
  });

  it('has a timer only while somebody listens', () => {
    expect(vi.getTimerCount()).toBe(0);
    const [one, other] = [listen(), listen('port 80')];
    expect(vi.getTimerCount()).toBe(1);
    one.destroy();
    expect(vi.getTimerCount()).toBe(1);
    other.destroy();
    expect(vi.getTimerCount()).toBe(0);
    expect(live.streams()).toEqual({ open: 0, ended: 0 });
  });

  it('refuses a 17th reader, and a ninth filter', () => {
    for (let n = 0; n < 8; n++) listen(`port ${n}`);
    expect(live.refusal(parseFilter('port 8'))).toBe('filters');
    expect(live.refusal(parseFilter('port 7'))).toBeUndefined();
    for (let n = 0; n < 8; n++) listen('port 7');
    expect(live.refusal(parseFilter('port 7'))).toBe('streams');
  });

  it.each([
    [`${RUN}-1`, { missed: 2 }],
    [`${RUN}-3`, { missed: 0 }],
    ['fedcba9876543210-1', { restarted: true }],
    ['nonsense', {}],
    [`${RUN}-`, {}],
    [undefined, {}],
  ])('after %s it says %j', (lastId, said) => {
    for (let n = 0; n < 3; n++) happens(n);
    const { data } = listen(undefined, lastId).messages('hello')[0]!;
    const { restarted, missed } = data as LiveHello;
    expect({ restarted, missed }).toEqual({ restarted: undefined, missed: undefined, ...said });
  });
});

describe('more than is sent', () => {
  it('is a sample by id, of which all comes, and what is left out is counted', () => {
    const reader = listen();
    for (let round = 0; round < 10; round++) {
      for (let id = 1; id <= 4000; id++) happens(round * 4000 + id);
      for (let id = 1; id <= 4000; id++) happens(round * 4000 + id, EventCode.close);
      tick();
    }
    expect(reader.told()).toBe(80_000);
    for (const { events, sampled } of reader.events().slice(1)) {
      expect(sampled).toBeGreaterThanOrEqual(8);
      expect(events.length).toBeLessThanOrEqual(2000);
      expect(events.map(idOf).filter((id) => id % sampled !== 0)).toEqual([]);
      const closed = events.filter(({ event }) => event === 'connection.close').map(idOf);
      const begun = events.filter(({ event }) => event === 'connection.attempt').map(idOf);
      expect(closed).toEqual(begun);
    }
  });

  it('never is what is no connection', () => {
    const reader = listen();
    for (let id = 1; id <= 20_000; id++) {
      happens(id);
      if (id % 1000 === 0) live.loss('attempts', id, 0);
    }
    tick();
    expect(reader.sent().filter(({ event }) => event === 'loss')).toHaveLength(20);
    expect(reader.told()).toBe(20_020);
  });

  it('is all again when there is less', () => {
    const reader = listen();
    for (let id = 1; id <= 8000; id++) happens(id);
    for (let n = 0; n < 100; n++) {
      tick();
      happens(1);
    }
    expect(reader.events()[0]!.sampled).toBeGreaterThan(1);
    expect(reader.events().at(-1)!.sampled).toBe(1);
  });

  it('whatever comes, sent and skipped are what happened', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            events: fc.integer({ min: 0, max: 3000 }),
            stopped: fc.boolean(),
            taken: fc.boolean(),
            losses: fc.integer({ min: 0, max: 3 }),
          }),
          { maxLength: 12 },
        ),
        (rounds) => {
          const reader = listen();
          const steady = listen();
          let happened = 0;
          let losses = 0;
          for (const round of rounds) {
            reader.stopped = round.stopped;
            if (round.taken) reader.writableLength = 0;
            for (let n = 0; n < round.events; n++) happens(happened++);
            for (let n = 0; n < round.losses; n++) live.loss('read', 1, 0);
            happened += round.losses;
            losses += round.losses;
            tick();
          }
          reader.stopped = false;
          reader.writableLength = 0;
          live.loss('read', 1, 0);
          tick();
          expect([reader.told(), steady.told()]).toEqual([happened + 1, happened + 1]);
          for (const one of [reader, steady])
            expect(one.sent().filter(({ event }) => event === 'loss')).toHaveLength(losses + 1);
          reader.destroy();
          steady.destroy();
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('a reader that takes too little', () => {
  it('gets fewer and fewer, and holds up nobody', () => {
    const [slow, quick] = [listen(), listen()];
    slow.stopped = true;
    for (let round = 0; round < 20; round++) {
      for (let id = 1; id <= 300; id++) happens(round * 300 + id);
      tick();
    }
    expect(quick.events().every(({ sampled, skipped }) => sampled === 1 && skipped === 0)).toBe(
      true,
    );
    expect(slow.events()[5]!.sampled).toBe(32);
    expect(slow.writableLength).toBeLessThan(2 * 1024 * 1024);
  });

  it('gets all again when it takes more', () => {
    const reader = listen();
    reader.stopped = true;
    for (let n = 0; n < 5; n++) {
      happens(n);
      tick();
    }
    reader.stopped = false;
    reader.writableLength = 0;
    for (let n = 0; n < 60; n++) {
      happens(n);
      tick();
    }
    expect(reader.events().at(-1)).toMatchObject({ sampled: 1, skipped: 0 });
    expect(reader.told()).toBe(65);
  });

  it('is let go after ten seconds of nothing, and counted', () => {
    const reader = listen();
    reader.stopped = true;
    vi.advanceTimersByTime(10_000);
    expect(reader.destroyed).toBe(false);
    vi.advanceTimersByTime(2000);
    expect(reader.destroyed).toBe(true);
    expect(live.streams()).toEqual({ open: 0, ended: 1 });
  });

  it('is let go when alerts that must not be left out fill two megabytes', () => {
    const reader = listen();
    reader.stopped = true;
    for (let second = 0; second < 8 && !reader.destroyed; second++) {
      for (let n = 0; n < 5000; n++) live.loss('attempts', n, 0);
      vi.advanceTimersByTime(1000);
    }
    expect(reader.destroyed).toBe(true);
    expect(reader.writableLength).toBeLessThan(4 * 1024 * 1024);
  });
});

it('the tier of an id says of which powers of two it is a multiple', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (id) => {
      const tier = tierOf(id);
      const levels = Array.from({ length: 11 }, (_, level) => level);
      expect(levels.filter((level) => level <= tier)).toEqual(
        levels.filter((level) => id % 2 ** level === 0),
      );
    }),
  );
});

/** The lines of `watch -o json` as they come: counted, not kept. */
import type { Readable } from 'node:stream';
import type { JsonLoss, JsonScan } from '../../src/model/json.ts';

/** Where the name of the event stands: `{"ts":"2026-11-21T18:54:48.381284Z","event":"`. */
const EVENT_AT = 45;

export class Told {
  /** Connections of the load, by event. */
  readonly load: Record<string, number> = {};
  /** Scans that began. */
  scans = 0;
  /** What loss events said, by place. */
  readonly lost: Record<string, number> = {};
  lines = 0;
  /** Lines that are no JSON object; told at the end. */
  torn = 0;
  readonly #isOfLoad: (line: string) => boolean;
  #rest = '';

  /** @param isOfLoad which connections are those of the load */
  constructor(stream: Readable, isOfLoad: (line: string) => boolean) {
    this.#isOfLoad = isOfLoad;
    stream.setEncoding('latin1').on('data', (text: string) => this.#take(text));
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    this.lines++;
    if (!line.startsWith('{"ts":"') || !line.endsWith('}')) this.torn++;
    const event = line.slice(EVENT_AT, line.indexOf('"', EVENT_AT));
    if (event.startsWith('connection')) {
      if (this.#isOfLoad(line)) this.load[event] = (this.load[event] ?? 0) + 1;
    } else if (event === 'scan') {
      if ((JSON.parse(line) as JsonScan).state === 'start') this.scans++;
    } else if (event === 'loss') {
      const { where, count } = JSON.parse(line) as JsonLoss;
      this.lost[where] = (this.lost[where] ?? 0) + count;
    }
  }
}

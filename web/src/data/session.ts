import type {
  JsonBlock,
  JsonConnection,
  JsonEvent,
  JsonLoss,
  JsonScan,
} from '../../../src/model/json.ts';
import type { ConnectionsAnswer } from '../../../src/model/history.ts';
import type { Counts, Hello, LiveEvents } from './answers.ts';
import { announce } from '../shell/announce.ts';
import { dateTime, whole } from '../text/format.ts';
import { visible } from '../text/visible.ts';
import { type ApiError, get } from './http.ts';
import { Rates } from './rates.ts';
import { RowStore } from './rows.ts';
import { Sampling } from './sampling.ts';
import { type Link, LiveStream, type StreamListener } from './stream.ts';
import { Watched } from './watched.ts';

export type Alert = JsonScan | JsonBlock | JsonLoss;

/** Alerts that are kept for the strip. */
const ALERTS = 50;
/** Connections that are asked for at once when rows are missing. */
const BACKFILL = 200;

/** All that came over the stream since the page was opened; lives as long as the page. */
export class Session extends Watched implements StreamListener {
  readonly rows: RowStore = new RowStore();
  readonly rates: Rates = new Rates();
  readonly sampling: Sampling = new Sampling();
  /** Newest first. */
  alerts: readonly Alert[] = [];
  /** The last time that something was missed, and why. */
  gap: string | undefined;
  state: Link = 'connecting';
  refusal: ApiError | undefined;
  run: Hello | undefined;
  /** Connections that came while the table stood still; an estimate when only some of them were sent. */
  passed = 0;
  #passedRoughly = false;
  #frozen: 'no' | 'held' | 'paused' = 'no';
  #filter = '';
  #lostMs = 0;
  readonly #stream = new LiveStream(this);

  get filter(): string {
    return this.#filter;
  }

  get paused(): boolean {
    return this.#frozen === 'paused';
  }

  /** How many passed, as it is told. */
  get passedText(): string {
    return `${this.#passedRoughly ? 'about ' : ''}${whole(this.passed)}`;
  }

  /** Shows what passes the filter, from now on, after the last that passed it. */
  open(filter: string): void {
    this.#filter = filter;
    this.refusal = undefined;
    this.#forgetPassed();
    this.rows.clear();
    this.#stream.start(filter);
    this.changed();
  }

  /** Adds no rows; those that are there still change, unless paused. */
  hold(how: 'held' | 'paused'): void {
    if (this.#frozen !== 'paused') this.#frozen = how;
    this.changed();
  }

  /** Goes on, with the last of what passed. */
  async follow(): Promise<void> {
    if (this.#frozen === 'no') return;
    this.#frozen = 'no';
    const missed = this.passed;
    const text = this.passedText;
    this.#forgetPassed();
    this.changed();
    if (missed > 0) {
      this.rows.gap(`${text} connections came while the table stood still`, Date.now());
      await this.#backfill();
    }
  }

  hello(hello: Hello): void {
    const before = this.run;
    this.run = hello;
    this.refusal = undefined;
    const restarted =
      hello.restarted === true || (before !== undefined && before.run !== hello.run);
    if (restarted) this.#tellGap('The program was started again', hello.started_ts);
    else if ((hello.missed ?? 0) > 0)
      this.#tellGap(`The link was cut: ${whole(hello.missed!)} events were missed`);
    else if (before !== undefined && this.#lostMs > 0) this.#tellGap('The link was cut');
    this.#lostMs = 0;
    void this.#backfill();
  }

  events({ events, sampled, skipped }: LiveEvents): void {
    this.sampling.put(sampled, skipped, events.length, performance.now());
    for (const event of events) {
      if (isConnection(event)) this.#connection(event, sampled);
      else if (event.event === 'scan' || event.event.endsWith('block') || event.event === 'loss')
        this.#alert(event as Alert);
    }
    this.changed();
  }

  counts(counts: Counts): void {
    this.rates.put(counts);
    this.changed();
  }

  link(link: Link, error?: ApiError): void {
    if (link === 'lost' && this.#lostMs === 0) {
      this.#lostMs = Date.now();
      announce('The connection to the program is lost; trying again');
    }
    this.state = link;
    this.refusal = error;
    this.changed();
  }

  dismissGap(): void {
    this.gap = undefined;
    this.changed();
  }

  #forgetPassed(): void {
    this.passed = 0;
    this.#passedRoughly = false;
  }

  /** @param sampled one in so many was sent, of those with an id; what is summed has none and is always sent */
  #connection(event: JsonConnection, sampled = 1): void {
    if (this.#frozen === 'no') this.rows.put(event);
    else if (
      this.#frozen === 'held' &&
      event.id !== undefined &&
      this.rows.seqOf(event.id) !== undefined
    )
      this.rows.put(event);
    else if (event.event === 'connection.attempt') {
      const isOneOf = event.id !== undefined && sampled > 1;
      this.passed += isOneOf ? sampled : (event.count ?? 1);
      this.#passedRoughly ||= isOneOf;
    }
  }

  #alert(alert: Alert): void {
    this.alerts = [alert, ...this.alerts].slice(0, ALERTS);
    announce(alertText(alert));
  }

  #tellGap(why: string, untilTs?: string): void {
    const until = untilTs === undefined ? Date.now() : Date.parse(untilTs);
    const from = this.#lostMs > 0 ? ` from ${dateTime(this.#lostMs).slice(11)}` : '';
    this.gap = `${why}. Connections${from} until ${dateTime(until).slice(11)} may be missing here.`;
    this.rows.gap(this.gap, until);
    announce(this.gap);
  }

  /** What passed last, as far as it isn't here yet. */
  async #backfill(): Promise<void> {
    const filter = this.#filter;
    try {
      const { connections } = await get<ConnectionsAnswer>('/connections', {
        filter,
        limit: String(BACKFILL),
      });
      if (filter !== this.#filter) return;
      for (const event of connections.toReversed())
        if (event.id === undefined || this.rows.seqOf(event.id) === undefined)
          this.#connection(event);
    } catch {
      // The stream tells what is wrong; the table has what comes from now on.
    }
    this.changed();
  }
}

/** An alert in one sentence. */
export function alertText(alert: Alert): string {
  if (alert.event === 'scan') {
    const ports = alert.evidence.port_count;
    const what = `${alert.kind} port scan from ${visible(alert.src_ip)}`;
    const fate = alert.evidence.blocked ? 'blocked' : 'not blocked';
    const end = alert.state === 'end' ? ', over' : '';
    return `${what}, ${whole(ports)} ${ports === 1 ? 'port' : 'ports'}, ${fate}${end}`;
  }
  if (alert.event === 'loss') return `${whole(alert.count)} events lost at ${alert.where}`;
  const source =
    alert.prefix_len === undefined ? alert.src_ip : `${alert.src_ip}/${alert.prefix_len}`;
  return alert.event === 'block' ? `${source} is blocked` : `${source} is not blocked any more`;
}

function isConnection(event: JsonEvent): event is JsonConnection {
  return event.event.startsWith('connection.');
}

export const session: Session = new Session();

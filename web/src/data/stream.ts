import type { Counts, Hello, LiveEvents } from './answers.ts';
import { ApiError, ask, errorOf } from './http.ts';
import { EventStreamParser } from './sse.ts';

export type Link = 'connecting' | 'live' | 'lost' | 'refused';

export interface StreamListener {
  hello(hello: Hello): void;
  events(events: LiveEvents): void;
  counts(counts: Counts): void;
  /** @param error why it was refused */
  link(link: Link, error?: ApiError): void;
}

/** Between tries: from half a second, doubled up to ten. */
const RETRY_MS = { first: 500, most: 10_000 };

/** The live events, for as long as it takes: tries again when the program is gone, and says where it left off. */
export class LiveStream {
  readonly #listener: StreamListener;
  #filter = '';
  #abort: AbortController | undefined;
  #lastId = '';

  constructor(listener: StreamListener) {
    this.#listener = listener;
  }

  /** Listens with this filter, instead of with the one before. */
  start(filter: string): void {
    this.stop();
    if (filter !== this.#filter) this.#lastId = '';
    this.#filter = filter;
    const abort = new AbortController();
    this.#abort = abort;
    void this.#run(abort.signal);
  }

  stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let waitMs = RETRY_MS.first;
    this.#listener.link('connecting');
    while (!signal.aborted) {
      try {
        await this.#listen(signal, () => (waitMs = RETRY_MS.first));
      } catch (error) {
        if (signal.aborted) return;
        // What was asked is wrong: asking again changes nothing
        if (error instanceof ApiError && [400, 401, 403, 404].includes(error.status)) {
          this.#listener.link('refused', error);
          return;
        }
      }
      if (signal.aborted) return;
      this.#listener.link('lost');
      await pause(waitMs * (0.75 + Math.random() / 2), signal);
      waitMs = Math.min(waitMs * 2, RETRY_MS.most);
    }
  }

  async #listen(signal: AbortSignal, onOpen: () => void): Promise<void> {
    const query = this.#filter === '' ? '' : `?filter=${encodeURIComponent(this.#filter)}`;
    const response = await ask(`/api/v1/live${query}`, {
      signal,
      headers: {
        Accept: 'text/event-stream',
        ...(this.#lastId === '' ? {} : { 'Last-Event-ID': this.#lastId }),
      },
    });
    if (!response.ok || !response.body) throw await errorOf(response);
    onOpen();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventStreamParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const { event, data, id } of parser.push(value)) {
        await turn();
        if (signal.aborted) return;
        if (id !== '') this.#lastId = id;
        this.#tell(event, data);
      }
    }
  }

  #tell(event: string, data: string): void {
    if (event === 'events') this.#listener.events(JSON.parse(data) as LiveEvents);
    else if (event === 'counts') this.#listener.counts(JSON.parse(data) as Counts);
    else if (event === 'hello') {
      this.#listener.link('live');
      this.#listener.hello(JSON.parse(data) as Hello);
    }
  }
}

/** Each message is a task of its own: many that waited together would hold up what the page draws. */
function turn(): Promise<void> {
  const { port1, port2 } = new MessageChannel(); // timers wait long in a tab that isn't seen
  return new Promise((resolve) => {
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

/** One event of a text/event-stream. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

/** Far above what the program sends in one; a stream without an end must not fill memory. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/**
 * Reads text/event-stream as it comes (HTML standard, 9.2.6). The browser's own EventSource can send no token and
 * tells no reason when it is refused.
 */
export class EventStreamParser {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #id = '';
  #size = 0;

  /** The events that are whole with this text. Throws when one is far too long. */
  push(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop()!;
    this.#size += text.length;
    if (this.#size > MAX_CHARACTERS) throw new Error('an event of the stream is too long');
    for (const line of lines) {
      if (line !== '') this.#field(line);
      else {
        if (this.#data.length > 0)
          events.push({
            event: this.#event === '' ? 'message' : this.#event,
            data: this.#data.join('\n'),
            id: this.#id,
          });
        this.#event = '';
        this.#data = [];
        this.#size = this.#rest.length;
      }
    }
    return events;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return; // a comment, that keeps the connection open
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'event') this.#event = value;
    else if (name === 'data') this.#data.push(value);
    else if (name === 'id') this.#id = value;
  }
}

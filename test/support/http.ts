/** The listener of the real program, asked as its users do: with curl, from a namespace. */
import { readFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Running } from './command.ts';
import { Watch } from './packetwatch.ts';
import type { Namespace } from './rig.ts';

export const LISTEN = '127.0.0.1:9470';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `http://127.0.0.1:9470` */
  readonly base?: string;
  /** Further arguments of curl. */
  readonly args?: readonly string[];
}

/** Asks once. */
export async function ask(from: Namespace, path: string, asking: Asking = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, base = `http://${LISTEN}`, args = [] } = asking;
  const argv = ['curl', '-gsS', '--max-time', '20', '-D', '-', '-X', method, ...args];
  for (const [name, value] of Object.entries(headers)) argv.push('-H', `${name}: ${value}`);
  if (body !== undefined) argv.push('--data-binary', '@-');
  const options = body === undefined ? {} : { input: body };
  const { stdout } = await from.run([...argv, `${base}${path}`], options);
  const [head = '', text = ''] = stdout.split(/\r\n\r\n(.*)/s, 2);
  const [first = '', ...lines] = head.split('\r\n');
  const pairs = lines.map((line) => line.split(/: (.*)/s, 2)).filter(({ length }) => length === 2);
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(first)?.[1] ?? 0),
    text,
    headers: new Headers(pairs),
  };
}

/** A running program whose token is in a directory of its own. */
export class Listening {
  readonly watch: Watch;
  readonly token: string;
  readonly directory: string;
  readonly #from: Namespace;

  private constructor(watch: Watch, directory: string, from: Namespace) {
    this.watch = watch;
    this.directory = directory;
    this.#from = from;
    this.token = readFileSync(join(directory, 'token'), 'utf8').trim();
  }

  static async start(
    where: Namespace,
    args: readonly string[],
    directory: string = mkdtempSync(join(tmpdir(), 'packetwatch-state-')),
  ): Promise<Listening> {
    where.onDown(() => Promise.resolve(rmSync(directory, { recursive: true, force: true })));
    const by = ['env', `STATE_DIRECTORY=${directory}`];
    const watch = await Watch.start(where, ['--listen', LISTEN, ...args], { by });
    return new Listening(watch, directory, where);
  }

  ask(path: string, asking?: Asking): Promise<Answer> {
    return ask(this.#from, path, asking);
  }

  async json<T = Record<string, unknown>>(path: string): Promise<T> {
    const { status, text } = await this.ask(path);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** A change, with the token. */
  change(method: 'POST' | 'DELETE', path: string, body?: object): Promise<Answer> {
    return this.ask(path, {
      method,
      headers: {
        Authorization: `Bearer ${this.token}`,
        ...(body ? { 'Content-Type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  }

  /** Reads /api/v1/live until it is ended. */
  async live(query = '', headers: readonly string[] = []): Promise<LiveReader> {
    const argv = ['curl', '-gsSN', ...headers.flatMap((header) => ['-H', header])];
    const running = await this.#from.start([...argv, `http://${LISTEN}/api/v1/live${query}`]);
    return new LiveReader(running);
  }
}

/** A message of the stream. */
export interface Message {
  readonly event: string;
  readonly id: string;
  readonly data: unknown;
}

export class LiveReader {
  readonly running: Running;

  constructor(running: Running) {
    this.running = running;
  }

  /** All messages so far. */
  messages(): Message[] {
    const found: Message[] = [];
    let id = '';
    let event = '';
    for (const line of this.running.out.all) {
      const [, field, value] = /^(\w+): (.*)$/.exec(line) ?? [];
      if (field === 'id') id = value!;
      else if (field === 'event') event = value!;
      else if (field === 'data') found.push({ event, id, data: JSON.parse(value!) as unknown });
    }
    return found;
  }

  of<T>(event: string): T[] {
    return this.messages()
      .filter((message) => message.event === event)
      .map(({ data }) => data as T);
  }

  hello(): Promise<Message> {
    return this.running.out.wait('hello', () => this.messages()[0]);
  }
}

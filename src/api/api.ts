import type { ListenAddress } from './address.ts';
import { isLoopback } from './address.ts';
import { appOf } from './app.ts';
import { Assets } from './assets.ts';
import { Gate } from './gate.ts';
import type { Live } from './live.ts';
import type { Program } from './program.ts';
import { type Certificate, HttpServer } from './server.ts';
import { Token } from './token.ts';
import type { HttpCounts } from './view.ts';

export interface ApiOptions {
  readonly address: ListenAddress;
  readonly certificate: Certificate | undefined;
  /** Where the token is kept. */
  readonly directory: string;
  /** Told what the operator should know, a line each. */
  readonly note: (line: string) => void;
}

/** `--listen`: the server, its gate, and what answers behind it. */
export class Api {
  readonly #options: ApiOptions;
  #token: Token | undefined;
  #server: HttpServer | undefined;
  #running: { readonly program: Program; readonly live: Live } | undefined;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** Listens; throws OperatorError when the address or the token can't be had. Returns where, with the port. */
  async start(): Promise<ListenAddress> {
    const { address, certificate, directory, note } = this.#options;
    this.#token ??= Token.in(directory);
    const gate = new Gate({
      loopback: isLoopback(address.host),
      scheme: certificate ? 'https' : 'http',
      token: this.#token,
    });
    const server = new HttpServer({
      address,
      certificate,
      gate,
      answer: appOf({
        running: () => this.#running,
        assets: new Assets(),
        note,
        countRefusal: (why) => server.countRefusal(why),
        fail: (error) => server.fail(error),
      }),
      note,
    });
    const where = await server.start();
    this.#server = server;
    return where;
  }

  get token(): Token {
    return this.#token!;
  }

  /** Tells of a program from now on. */
  watch(program: Program, live: Live): void {
    this.#running = { program, live };
  }

  counts(): HttpCounts {
    const streams = this.#running?.live.streams() ?? { open: 0, ended: 0 };
    return { ...this.#server!.counts(), streams };
  }

  stop(): void {
    this.#running?.live.stop();
    this.#running = undefined;
    this.#server?.stop();
  }
}

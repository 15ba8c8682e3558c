import type { ListenAddress } from './address.ts';
import { isLoopback } from './address.ts';
import { appOf } from './app.ts';
import { Assets } from './assets.ts';
import { Gate } from './gate.ts';
import type { Live } from './live.ts';
import type { Program } from './program.ts';
import { CertificateFiles, type TlsFiles } from './certificate.ts';
import { HttpServer } from './server.ts';
import { Token } from './token.ts';
import type { HttpCounts } from './view.ts';

export interface ApiOptions {
  readonly address: ListenAddress;
  /** Undefined: HTTP without TLS. */
  readonly tls: TlsFiles | undefined;
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
  #files: CertificateFiles | undefined;
  #running: { readonly program: Program; readonly live: Live } | undefined;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** Listens; throws OperatorError when the address or the token can't be had. Returns where, with the port. */
  async start(): Promise<ListenAddress> {
    const { address, tls, directory, note } = this.#options;
    this.#files ??= tls && new CertificateFiles(tls, note);
    const certificate = this.#files?.read();
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
    if (certificate) this.#files?.warn(certificate);
    return where;
  }

  get token(): Token {
    return this.#token!;
  }

  /** Tells of a program from now on. */
  watch(program: Program, live: Live): void {
    this.#running = { program, live };
  }

  /** Call it about once a second: takes a certificate that was renewed. */
  look(): void {
    this.#files?.look((certificate) => this.#server?.renew(certificate));
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

import type { WatchConfig } from './config.ts';
import { type HandedOver, listensAt, takeOver } from './hand-over.ts';
import type { Commands } from './command-socket.ts';
import { Instance } from './instance.ts';
import type { Listener } from './listener.ts';
import { asError } from '../model/errors.ts';

export interface ClaimOptions {
  readonly config: Pick<WatchConfig, 'listen' | 'replace'>;
  /** Absent: nothing is served. */
  readonly listener: Pick<Listener, 'start'> | undefined;
  /** What others may ask this program. */
  readonly commands: Commands;
}

/**
 * What there is only one of in a network namespace: the running program, and who listens on an address. With --replace
 * both are had from the program that runs, once this one has loaded everything.
 */
export class Claim {
  readonly instance: Instance = new Instance();
  /** What the program before told when it ended for this one. */
  handed: HandedOver | undefined;
  readonly #options: ClaimOptions;
  #listening: PromiseSettledResult<void> | undefined;
  #taken = false;

  constructor(options: ClaimOptions) {
    this.#options = options;
  }

  /** Listens where it was asked to; a failure is thrown by mustListen(), since the other program may listen there still. */
  async listen(): Promise<void> {
    [this.#listening] = await Promise.allSettled([this.#options.listener?.start()]);
  }

  mustListen(): void {
    if (this.#listening?.status === 'rejected') throw asError(this.#listening.reason);
  }

  /**
   * Makes this the one program; may be asked again. Throws OperatorError when another one runs and isn't replaced.
   * @param load what takes time and changes nothing, done before another program ends for this one
   */
  async take(load: () => void = () => {}): Promise<void> {
    if (this.#taken) return;
    if (this.#options.config.replace && !this.instance.lock()) await this.#replace(load);
    await this.instance.start(this.#options.commands);
    this.#taken = true;
  }

  /** Loads everything while the program that runs goes on, and only then lets it end. */
  async #replace(load: () => void): Promise<void> {
    const port = this.#listening?.status === 'rejected' ? await listensAt() : undefined;
    if (port === undefined || port !== this.#options.config.listen?.port) this.mustListen();
    load();
    this.handed = await takeOver();
    if (port !== undefined) await this.listen();
  }
}

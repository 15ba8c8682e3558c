import type { Flow } from '../flow/flow.ts';
import type { EbpfSource } from '../sources/ebpf.ts';

/** Looking at all sockets takes a millisecond for a thousand of them. */
const AGAIN_NS = 10e9;
const SECOND_NS = 1e9;

/**
 * Lets go of connections whose close was lost, in a full ring or since no program saw it: after a loss, what sockets there are is compared with
 * what flow follows. Else they would be followed until their places are wanted.
 */
export class Resync {
  readonly #source: EbpfSource;
  readonly #flow: Flow;
  #lost: number;
  #nextNs = 0;
  /** When the sockets were looked at; undefined: they aren't being compared. */
  #aliveNs: number | undefined;

  constructor(source: EbpfSource, flow: Flow) {
    this.#source = source;
    this.#flow = flow;
    this.#lost = this.#losses();
  }

  /** Call it when all was taken and told that came until `nowNs`. */
  look(nowNs: number): void {
    if (this.#aliveNs !== undefined) {
      this.#flow.sweep(this.#aliveNs);
      this.#aliveNs = undefined;
      return;
    }
    if (nowNs < this.#nextNs) return;
    this.#nextNs = nowNs + SECOND_NS;
    const lost = this.#losses();
    if (lost === this.#lost) return;
    this.#lost = lost;
    this.#nextNs = nowNs + AGAIN_NS;
    this.#aliveNs = nowNs;
    this.#source.kernel.existing((batch) => this.#flow.alive(batch, nowNs));
  }

  /** Records of sockets: their closes, and attempts of our own that ended; and what the last chance was skipped at. */
  #losses(): number {
    const { sockets, outbound } = this.#source.counts().lost;
    const { destroy = 0 } = this.#source.kernel.tracepoints.skips();
    return (sockets ?? 0) + (outbound ?? 0) + destroy;
  }
}

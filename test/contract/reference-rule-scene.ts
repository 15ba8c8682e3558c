/** What a judge said of the SYN that crossed the threshold. */
export interface JudgedScan {
  readonly src: string;
  readonly dst: string;
  /** Distinct ports within the window, the crossing one among them. */
  readonly ports: readonly number[];
  /** SYNs of this source to this victim so far. */
  readonly syns: number;
}

/** One implementation of the reference rule, detection only: it never blocks. */
export interface Judge {
  /**
   * Judges one SYN from `src` to port `dstPort` of our own address `dst`.
   * @param nowNs the suite's clock, which begins at 1 s; a judge with a clock of its own leaves it aside
   */
  syn(nowNs: number, src: string, dst: string, dstPort: number): JudgedScan | undefined;
  close?(): void;
}

export interface Rule {
  readonly ports: number;
  readonly windowSeconds: number;
}

export interface SuiteOptions {
  /** Runs of the property test; each makes a judge. */
  readonly runs?: number;
}

/** A judge, a clock, and the default source and victim. */
export class Scene {
  nowNs = 1e9;
  readonly #judge: Judge;

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  syn(port: number, src: string = SCANNER, dst: string = VICTIM): JudgedScan | undefined {
    return this.#judge.syn(this.nowNs, src, dst, port);
  }

  /** SYNs to several ports, one after the other; the verdicts are given by the place of their SYN. */
  syns(ports: readonly number[], src: string = SCANNER, dst: string = VICTIM): number[] {
    return ports.flatMap((port, i) => (this.syn(port, src, dst) ? [i] : []));
  }

  advance(seconds: number): void {
    this.nowNs += seconds * 1e9;
  }

  close(): void {
    this.#judge.close?.();
  }
}

export type Start = (rule?: Partial<Rule>) => Scene;

export const SCANNER = '192.0.2.56';
export const VICTIM = '10.0.0.5';

import {
  blocksOf,
  listNft,
  mustNftNow,
  nftBlocks,
  type NftDone,
  releaseNft,
  runNft,
  runNftNow,
} from './nft.ts';
import { add, type NftBlock, type NftKey, remove, setup, textOf } from './nft-script.ts';

/** A source that is to be blocked, or to be let in. */
export interface NftChange {
  readonly key: NftKey;
  /** CLOCK_MONOTONIC, nanoseconds; undefined: it is let in. */
  readonly untilNs?: number;
  /** Told whether nft has it. */
  done?(ok: boolean): void;
}

/** Changes of one child. */
const BATCH = 2048;

/** Our table in the host's firewall. One child of nft runs at a time and takes what has come meanwhile. */
export class NftTable {
  readonly #setup: string;
  readonly #note: (line: string) => void;
  #changes: NftChange[] = [];
  #never = '';
  #newNever = '';
  #child: Promise<void> | undefined;
  #told = '';

  /**
   * @param cutEstablished established connections of a blocked source are dropped as well
   * @param note told what failed, a line each
   */
  constructor(cutEstablished: boolean, note: (line: string) => void) {
    this.#setup = setup(cutEstablished);
    this.#note = note;
  }

  /** Makes the table, or takes over that of an earlier run: returns its blocks. Throws OperatorError. */
  start(): NftBlock[] {
    mustNftNow(this.#setup);
    return nftBlocks() ?? [];
  }

  change(change: NftChange): void {
    this.#changes.push(change);
  }

  /** @param script of never() */
  setNever(script: string): void {
    if (script !== this.#never) this.#newNever = script;
    this.#never = script;
  }

  /** Starts a child when there is something to do and none runs. */
  pump(nowNs: number): void {
    if (this.#child) return;
    const changes = this.#changes.splice(0, BATCH);
    const script = this.#script(changes, nowNs);
    if (script !== '')
      this.#child = this.#await(runNft(script), (done) => this.#changed(changes, done));
  }

  /** Lists what the table blocks, by textOf(), when no child runs. @returns whether it will */
  look(use: (names: ReadonlySet<string>) => void): boolean {
    if (this.#child) return false;
    this.#child = this.#await(listNft(), ({ output, error }) => {
      if (error === undefined) use(new Set(blocksOf(output).map(textOf)));
      else if (error.includes('No such file')) use(new Set());
    });
    return true;
  }

  /** Makes the changes that still wait, and waits for that. */
  stop(nowNs: number): void {
    const script = this.#script(this.#changes.splice(0), nowNs);
    if (script !== '') this.#tell(runNftNow(script).error);
  }

  /** Deletes the table. */
  release(): void {
    this.#changes = [];
    if (this.#child) void this.#child.finally(releaseNft);
    else releaseNft();
  }

  async #await(child: Promise<NftDone>, use: (done: NftDone) => void): Promise<void> {
    const done = await child;
    this.#child = undefined;
    use(done);
  }

  #script(changes: readonly NftChange[], nowNs: number): string {
    const all = changes.map(({ key, untilNs }) =>
      untilNs === undefined ? remove(key) : add(key, (untilNs - nowNs) / 1e6),
    );
    const script = this.#newNever + all.join('');
    this.#newNever = '';
    return script === '' ? '' : this.#setup + script;
  }

  #changed(changes: readonly NftChange[], { error }: NftDone): void {
    this.#tell(error);
    if (error !== undefined) this.#newNever = this.#never;
    for (const change of changes) change.done?.(error === undefined);
  }

  /** The same failure is told once in a row. */
  #tell(error: string | undefined): void {
    if (error !== undefined && error !== this.#told)
      this.#note(`nft refused a change, and blocks were not set: ${error}`);
    this.#told = error ?? '';
  }
}

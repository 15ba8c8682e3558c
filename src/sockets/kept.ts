import { SocketRow } from './row.ts';

/**
 * Connections as the kernel told them, one behind the other in memory: of tens of thousands most are only counted and
 * compared, and an object is made of those that are told.
 */
export class Kept {
  /** 0: no process has it. */
  readonly inodes: number[] = [];
  /** Is this host's end the one that was connected to? */
  readonly inbound: boolean[] = [];
  readonly #row = new SocketRow();
  readonly #begins: number[] = [0];
  #bytes = new Uint8Array(64 << 10);

  get count(): number {
    return this.inodes.length;
  }

  add(row: SocketRow, isInbound: boolean): void {
    const { bytes, from, to, inode } = row;
    const at = this.#begins.at(-1)!;
    const end = at + to - from;
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.set(bytes.subarray(from, to), at);
    this.#begins.push(end);
    this.inodes.push(inode);
    this.inbound.push(isInbound);
  }

  /** One of them, in the same object each time. */
  row(at: number): SocketRow {
    this.#row.read(this.#bytes, this.#begins[at]!, this.#begins[at + 1]!);
    return this.#row;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

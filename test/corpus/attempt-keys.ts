import { formatAddress } from '../../src/wire/address.ts';
import type { RecordBatch } from '../../src/wire/batch.ts';
import { Head } from '../../src/wire/layout.gen.ts';
import { attemptKey } from './expected.ts';

/** The keys of ATTEMPT records, each id once. */
export class AttemptKeys {
  readonly all: string[] = [];
  readonly #seen = new Set<string>();

  take({ words, bytes, at, count }: RecordBatch): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (const record of at.subarray(0, count)) {
      const id = `${words[(record + Head.id) >> 2]} ${words[(record + Head.id + 4) >> 2]}`;
      if (this.#seen.has(id)) continue;
      this.#seen.add(id);
      const us = Math.floor((words[record >> 2]! + words[(record >> 2) + 1]! * 2 ** 32) / 1000);
      const text = new Date(Math.floor(us / 1e6) * 1000).toISOString();
      this.all.push(
        attemptKey({
          ts: text.replace('.000Z', `.${String(us % 1e6).padStart(6, '0')}Z`),
          src: formatAddress(bytes, record + Head.src),
          sport: view.getUint16(record + Head.src_port, true),
          dst: formatAddress(bytes, record + Head.dst),
          dport: view.getUint16(record + Head.dst_port, true),
        }),
      );
    }
  }
}

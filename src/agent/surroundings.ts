import { EbpfSource } from '../sources/ebpf.ts';
import type { Interfaces } from '../sources/interfaces.ts';
import { PcapSource } from '../sources/pcap.ts';
import type { Opened } from './open.ts';
import type { Protection } from './protection.ts';

/** What changes around a running program: interfaces, their addresses, gateways, and who is protected. */
export class Surroundings {
  /** With a source that sees packets. */
  readonly interfaces: Interfaces | undefined;
  readonly #protection: Protection | undefined;
  readonly #source: Opened['source'];
  readonly #note: (line: string) => void;

  constructor({ source, interfaces, protection }: Opened, note: (line: string) => void) {
    this.interfaces = interfaces;
    this.#protection = protection;
    this.#source = source;
    this.#note = note;
  }

  /** Takes up what is new: protected first, then watched. */
  follow(nowNs: number): void {
    const changed = this.interfaces?.look(nowNs) ?? false;
    this.#protection?.refresh(nowNs, changed);
    const source = this.#source;
    if (!(source instanceof EbpfSource || source instanceof PcapSource)) return;
    source.watched.follow(nowNs, changed);
    for (const line of source.watched.news(nowNs)) this.#note(line);
  }

  stop(): void {
    this.#protection?.stop();
    this.interfaces?.stop();
  }
}

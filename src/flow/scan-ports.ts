/** Ports that a scan is told with. */
export const MAX_SCAN_PORTS = 64;

/** The distinct ports of one scan: the first 64 by number, all of them counted. */
export class ScanPorts {
  /** Distinct ports in all. */
  count = 0;
  readonly #first: Uint16Array = new Uint16Array(MAX_SCAN_PORTS);
  /** A bit for each port, made for the first port that has no place in the list: 8 KiB. */
  #bits: Uint8Array | undefined;

  /** Whether it is a new one. */
  add(port: number): boolean {
    const listed = this.#listed;
    for (let i = 0; i < listed; i++) if (this.#first[i] === port) return false;
    if (listed < MAX_SCAN_PORTS) {
      this.#first[this.count++] = port;
      return true;
    }
    this.#bits ??= new Uint8Array(65_536 / 8);
    const bit = 1 << (port & 7);
    if ((this.#bits[port >> 3]! & bit) !== 0) return false;
    this.#bits[port >> 3]! |= bit;
    this.count++;
    return true;
  }

  /** The first ports, ascending, at most 64. */
  sorted(): Uint16Array {
    return this.#first.slice(0, this.#listed).sort();
  }

  /** The first ports in the order in which they came, at most `most`; a view. */
  first(most: number): Uint16Array {
    return this.#first.subarray(0, Math.min(this.#listed, most));
  }

  clear(): void {
    this.count = 0;
    this.#bits = undefined;
  }

  get #listed(): number {
    return Math.min(this.count, MAX_SCAN_PORTS);
  }
}

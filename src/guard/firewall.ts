import type { RecordBatch } from '../wire/batch.ts';
import { Flag, Head, Kind, SocketPart, VerdictPart } from '../wire/layout.gen.ts';
import { type AddressPrefix, contains } from '../wire/prefix.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { keyOf, netOf, never, type NftKey, textOf } from './nft-script.ts';
import { NftTable } from './nft-table.ts';
import { u64 } from '../wire/words.ts';

export interface FirewallOptions {
  readonly ttlNs: number;
  /** The same of a source that has completed handshakes with three ports. */
  readonly confirmedNs: number;
  /** Blocks in force at once. */
  readonly blockMax: number;
  readonly cutEstablished: boolean;
  /** Is the address on the never-block list, at this moment? */
  isNever(address: Uint8Array): boolean;
  /** Told what failed, a line each. */
  note(line: string): void;
}

export interface FirewallCounts {
  /** In force now. */
  readonly blocks: number;
  readonly added: number;
  /** By the never-block list or from outside, before their time. */
  readonly removed: number;
  /** Not added: as many as --block-max were in force. */
  readonly refused: number;
  /** Not added: nft failed. */
  readonly failed: number;
}

interface Entry {
  readonly key: NftKey;
  readonly source: Uint8Array;
  readonly untilNs: number;
  /** nft has it. */
  settled: boolean;
}

/** Between two looks at what others did to our table. */
const LOOK_NS = 5e9;

/**
 * Acts on the kernel's verdicts in the host's firewall: takes each SCAN record, decides as bpf/rule.h would, and has the
 * source blocked by nftables. Nothing waits for nft.
 */
export class Firewall {
  readonly #options: FirewallOptions;
  readonly #table: NftTable;
  readonly #blocks = new Map<string, Entry>();
  readonly #writer = new RecordWriter();
  readonly #ownNets = new Set<string>();
  #never: readonly AddressPrefix[] = [];
  /** Over, and not told yet. */
  #ended: Entry[] = [];
  #nextLookNs = 0;
  #added = 0;
  #removed = 0;
  #refused = 0;
  #failed = 0;

  constructor(options: FirewallOptions) {
    this.#options = options;
    this.#table = new NftTable(options.cutEstablished, (line) => options.note(line));
  }

  /** Makes the table, or takes over that of an earlier run. Throws OperatorError when nft is missing or refuses. */
  start(nowNs: number): void {
    for (const { set, address, leftMs } of this.#table.start()) {
      const key = { set, address };
      const untilNs = nowNs + leftMs * 1e6;
      this.#blocks.set(textOf(key), { key, source: address, untilNs, settled: true });
    }
  }

  counts(): FirewallCounts {
    return {
      blocks: this.#blocks.size,
      added: this.#added,
      removed: this.#removed,
      refused: this.#refused,
      failed: this.#failed,
    };
  }

  /**
   * Takes a batch of the kernel's, and hands it on with what became of each verdict: blocked, or spared for the cap.
   * @returns the same batch when nothing is to be said
   */
  take(batch: RecordBatch, nowNs: number): RecordBatch {
    if (!hasScan(batch)) return batch;
    this.#writer.clear();
    for (let i = 0; i < batch.count; i++) this.#copy(batch, batch.at[i]!, nowNs);
    this.#table.pump(nowNs);
    return this.#writer;
  }

  /** Ends what is over; call it once a second. @returns the UNBLOCK records of it */
  tick(nowNs: number): RecordBatch {
    for (const [name, entry] of this.#blocks) {
      if (entry.untilNs > nowNs) continue;
      this.#forget(name, entry);
    }
    this.#table.pump(nowNs);
    if (this.#blocks.size > 0 && nowNs >= this.#nextLookNs)
      if (this.#table.look((names) => this.#compare(names, nowNs)))
        this.#nextLookNs = nowNs + LOOK_NS;
    this.#writer.clear();
    for (const { source } of this.#ended.splice(0)) {
      const at = this.#writer.append(Kind.UNBLOCK, VerdictPart.size);
      this.#writer.setU64(at, nowNs);
      this.#writer.bytes.set(source, at + Head.src);
      this.#writer.bytes[at + Head.flags] = Flag.WHOLE;
    }
    return this.#writer;
  }

  /** The never-block list as it is from now on: blocks of what it gained end. @param own addresses of this host */
  protect(prefixes: readonly AddressPrefix[], own: readonly Uint8Array[]): void {
    this.#ownNets.clear();
    for (const address of own) this.#ownNets.add(netOf(address).join());
    this.#table.setNever(never(prefixes));
    const known = new Set(this.#never.map(nameOf));
    const gained = prefixes.filter((prefix) => !known.has(nameOf(prefix)));
    this.#never = prefixes;
    if (gained.length === 0) return;
    for (const [name, entry] of this.#blocks) {
      const { key, source: address } = entry;
      if (!gained.some((prefix) => contains(prefix, { address, length: 128 }))) continue;
      this.#forget(name, entry);
      this.#removed++;
      this.#table.change({ key });
    }
  }

  /** Adds what still waits. Blocks stay to their end; without any the table goes. */
  stop(nowNs: number): void {
    if (this.#blocks.size === 0) this.#table.release();
    else this.#table.stop(nowNs);
  }

  /** Deletes the table. */
  release(): void {
    this.#table.release();
  }

  /** Copies a record into the writer, with what is decided on a verdict. */
  #copy({ bytes }: RecordBatch, from: number, nowNs: number): void {
    const kind = bytes[from + Head.kind]!;
    const whole = (bytes[from + Head.flags]! & Flag.WHOLE) !== 0;
    const size = whole ? SocketPart.size : Head.size;
    const writer = this.#writer;
    const at = writer.append(kind, size);
    writer.bytes.set(bytes.subarray(from, from + size), at);
    const flags = writer.bytes[at + Head.flags]!;
    if (kind !== Kind.SCAN || (flags & (Flag.SPARED | Flag.BLOCKED)) !== 0) return;
    const foundNs = u64(writer.words, at >> 2);
    const confirmed = (flags & Flag.CONFIRMED) !== 0;
    const untilNs = foundNs + (confirmed ? this.#options.confirmedNs : this.#options.ttlNs);
    const source = writer.bytes.slice(at + Head.src, at + Head.src + 16);
    const verdict = this.#decide(source, untilNs, nowNs);
    writer.bytes[at + Head.flags] = flags | verdict;
    if (verdict === Flag.BLOCKED) writer.setU64(at + VerdictPart.until_ns, untilNs);
  }

  /** @returns the flag that says what became of a verdict; 0: nothing */
  #decide(source: Uint8Array, untilNs: number, nowNs: number): number {
    if (untilNs <= nowNs) return 0; // found while nobody looked
    const key = keyOf(source, (net) => this.#ownNets.has(net.join()));
    const name = textOf(key);
    if (this.#blocks.has(name)) return 0;
    if (this.#options.isNever(source)) return Flag.SPARED;
    if (this.#blocks.size >= this.#options.blockMax) {
      this.#refused++;
      return Flag.SPARED;
    }
    const entry = { key, source, untilNs, settled: false };
    this.#blocks.set(name, entry);
    this.#table.change({ key, untilNs, done: (ok) => this.#settle(name, entry, ok) });
    return Flag.BLOCKED;
  }

  #settle(name: string, entry: Entry, ok: boolean): void {
    entry.settled = ok;
    if (ok) {
      this.#added++;
      return;
    }
    this.#failed++;
    if (this.#blocks.get(name) === entry) this.#forget(name, entry);
  }

  /** What others removed, by `packetwatch block rm` or by loading the firewall anew, is blocked no more. */
  #compare(names: ReadonlySet<string>, lookedNs: number): void {
    for (const [name, entry] of this.#blocks) {
      if (!entry.settled || names.has(name) || entry.untilNs < lookedNs + LOOK_NS) continue;
      this.#forget(name, entry);
      this.#removed++;
    }
  }

  #forget(name: string, entry: Entry): void {
    this.#blocks.delete(name);
    this.#ended.push(entry);
  }
}

function hasScan({ bytes, at, count }: RecordBatch): boolean {
  for (let i = 0; i < count; i++) if (bytes[at[i]! + Head.kind] === Kind.SCAN) return true;
  return false;
}

function nameOf({ address, length }: AddressPrefix): string {
  return `${address.join()}/${length}`;
}

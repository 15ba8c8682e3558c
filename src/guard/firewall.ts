import { ReferenceRule } from '../detect/reference.ts';
import type { RecordBatch } from '../wire/batch.ts';
import { Direction, Flag, Head, Kind, SocketPart, VerdictPart } from '../wire/layout.gen.ts';
import { type AddressPrefix, contains } from '../wire/prefix.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import {
  blocksOf,
  listNft,
  mustNft,
  nftBlocks,
  type NftDone,
  releaseNft,
  runNft,
  runNftNow,
} from './nft.ts';
import { add, keyOf, netOf, never, type NftKey, remove, setup, textOf } from './nft-script.ts';

export interface FirewallOptions {
  readonly ttlNs: number;
  /** Blocks in force at once. */
  readonly blockMax: number;
  readonly cutEstablished: boolean;
  /** The rule that found the scans. */
  readonly ports: number;
  readonly windowNs: number;
  /** 32 random bits. */
  readonly seed: number;
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

/** A source whose block is over. */
interface Lapsed {
  readonly rule: ReferenceRule;
  heardNs: number;
}

interface Change {
  readonly name: string;
  readonly key: NftKey;
  /** Undefined: it is removed. */
  readonly entry?: Entry;
}

/** Between two looks at what others did to our table. */
const LOOK_NS = 5e9;
/** Changes of one child. */
const BATCH = 2048;
/** Sources that are judged again once their block is over; the oldest goes. */
const JUDGED_AGAIN = 4096;
/** Addresses of this host that such a source scans at once. */
const VICTIMS = 4;

/**
 * Acts on the kernel's verdicts in the host's firewall: takes each SCAN record, decides as bpf/rule.h would, and adds
 * the source to a set of nftables. One child of nft runs at a time and takes what has come meanwhile; nothing waits
 * for it.
 */
export class Firewall {
  readonly #options: FirewallOptions;
  readonly #blocks = new Map<string, Entry>();
  readonly #writer = new RecordWriter();
  /** Sources whose block is over, by wordOf(). */
  readonly #lapsed = new Map<number, Lapsed>();
  readonly #ownNets = new Set<string>();
  #changes: Change[] = [];
  #never: readonly AddressPrefix[] = [];
  #neverText = '';
  #newNever = '';
  #ended: Entry[] = [];
  #child: Promise<void> | undefined;
  #nextLookNs = 0;
  #told = '';
  #added = 0;
  #removed = 0;
  #refused = 0;
  #failed = 0;

  constructor(options: FirewallOptions) {
    this.#options = options;
  }

  /** Makes the table, or takes over that of an earlier run. Throws OperatorError when nft is missing or refuses. */
  start(nowNs: number): void {
    mustNft(setup(this.#options.cutEstablished));
    for (const { set, address, leftMs } of nftBlocks() ?? []) {
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
    const again = this.#lapsed.size > 0 ? this.#judgeAgain(batch, nowNs) : undefined;
    if (again === undefined && !hasScan(batch)) return batch;
    this.#writer.clear();
    for (const records of again === undefined ? [batch] : [batch, again])
      for (let i = 0; i < records.count; i++) this.#copy(records, records.at[i]!, nowNs);
    this.#pump(nowNs);
    return this.#writer;
  }

  /** Ends what is over; call it once a second. @returns the UNBLOCK records of it */
  tick(nowNs: number): RecordBatch {
    this.#writer.clear();
    for (const [name, entry] of this.#blocks) {
      if (entry.untilNs > nowNs) continue;
      this.#blocks.delete(name);
      this.#ended.push(entry);
      this.#lapse(entry, nowNs);
    }
    for (const [word, { heardNs }] of this.#lapsed)
      if (nowNs - heardNs > 2 * this.#options.windowNs) this.#lapsed.delete(word);
    for (const { source } of this.#ended.splice(0)) {
      const at = this.#writer.append(Kind.UNBLOCK, VerdictPart.size);
      this.#writer.setU64(at, nowNs);
      this.#writer.bytes.set(source, at + Head.src);
      this.#writer.bytes[at + Head.flags] = Flag.WHOLE;
    }
    this.#pump(nowNs);
    return this.#writer;
  }

  /** The never-block list as it is from now on: blocks of what it covers end. @param own addresses of this host */
  protect(prefixes: readonly AddressPrefix[], own: readonly Uint8Array[]): void {
    this.#ownNets.clear();
    for (const address of own) this.#ownNets.add(netOf(address).join());
    const text = never(prefixes.filter(({ address, length }) => length > 0 && !isMapped(address)));
    if (text !== this.#neverText) this.#newNever = text;
    this.#neverText = text;
    const known = new Set(this.#never.map(nameOf));
    const gained = prefixes.filter((prefix) => !known.has(nameOf(prefix)));
    this.#never = prefixes;
    if (gained.length === 0) return;
    for (const [name, entry] of this.#blocks)
      if (gained.some((prefix) => contains(prefix, { address: entry.source, length: 128 })))
        this.#end(name, entry);
  }

  /** Adds what still waits. Blocks stay to their end; without any the table goes. */
  stop(nowNs: number): void {
    if (this.#blocks.size === 0) {
      this.release();
      return;
    }
    const script = this.#script(this.#changes.splice(0), nowNs);
    if (script !== '') this.#tell(runNftNow(script).error);
  }

  /** Deletes the table. */
  release(): void {
    this.#changes = [];
    if (this.#child) void this.#child.finally(releaseNft);
    else releaseNft();
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
    const foundNs = writer.words[at >> 2]! + writer.words[(at >> 2) + 1]! * 2 ** 32;
    const untilNs = foundNs + this.#options.ttlNs;
    const verdict = this.#decide(
      writer.bytes.slice(at + Head.src, at + Head.src + 16),
      untilNs,
      nowNs,
    );
    if (verdict === 0) return;
    writer.bytes[at + Head.flags] = flags | verdict;
    if (verdict === Flag.BLOCKED) writer.setU64(at + VerdictPart.until_ns, untilNs);
  }

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
    this.#lapsed.delete(wordOf(source));
    this.#changes.push({ name, key, entry });
    return Flag.BLOCKED;
  }

  #lapse({ source }: Entry, nowNs: number): void {
    const { seed, ports, windowNs } = this.#options;
    const rule = new ReferenceRule({ seed, ports, windowNs, sources: VICTIMS });
    if (this.#lapsed.size >= JUDGED_AGAIN) this.#lapsed.delete(this.#lapsed.keys().next().value!);
    this.#lapsed.set(wordOf(source), { rule, heardNs: nowNs });
  }

  /**
   * The kernel gives no second verdict while a scan goes on, and it sees all that nft drops. Who scans on when its
   * block is over is therefore judged here from that moment, as by a guard that drops.
   */
  #judgeAgain(batch: RecordBatch, nowNs: number): RecordBatch | undefined {
    const { words, bytes } = batch;
    let verdicts: RecordWriter | undefined;
    for (let i = 0; i < batch.count; i++) {
      const at = batch.at[i]!;
      if (bytes[at + Head.kind] !== Kind.ATTEMPT) continue;
      if (bytes[at + Head.direction] !== Direction.INBOUND) continue;
      const src = (at + Head.src) >> 2;
      const word = words[src + 2] === MAPPED_WORD ? words[src + 3]! : words[src + 1]!;
      const lapsed = this.#lapsed.get(word);
      if (lapsed === undefined) continue;
      lapsed.heardNs = nowNs;
      verdicts ??= new RecordWriter();
      lapsed.rule.judge({ words, bytes, at: Uint32Array.of(at), count: 1 }, verdicts);
    }
    return verdicts?.count ? verdicts : undefined;
  }

  /** Ends a block before its time. */
  #end(name: string, entry: Entry): void {
    this.#blocks.delete(name);
    this.#ended.push(entry);
    this.#removed++;
    this.#changes.push({ name, key: entry.key });
  }

  /** Starts a child when there is something to do and none runs. */
  #pump(nowNs: number): void {
    if (this.#child) return;
    const changes = this.#changes.splice(0, BATCH);
    const script = this.#script(changes, nowNs);
    if (script !== '') {
      this.#child = this.#await(runNft(script), (done) => this.#changed(changes, done));
    } else if (this.#blocks.size > 0 && nowNs >= this.#nextLookNs) {
      this.#nextLookNs = nowNs + LOOK_NS;
      this.#child = this.#await(listNft(), (done) => this.#looked(done, nowNs));
    }
  }

  async #await(child: Promise<NftDone>, use: (done: NftDone) => void): Promise<void> {
    const done = await child;
    this.#child = undefined;
    use(done);
  }

  #script(changes: readonly Change[], nowNs: number): string {
    const all = changes.map(({ key, entry }) =>
      entry === undefined ? remove(key) : add(key, (entry.untilNs - nowNs) / 1e6),
    );
    all.unshift(this.#newNever);
    this.#newNever = '';
    const script = all.join('');
    return script === '' ? '' : setup(this.#options.cutEstablished) + script;
  }

  #changed(changes: readonly Change[], { error }: NftDone): void {
    this.#tell(error);
    if (error !== undefined) this.#newNever = this.#neverText;
    for (const { name, entry } of changes) {
      if (entry === undefined) continue;
      if (error === undefined) {
        entry.settled = true;
        this.#added++;
        continue;
      }
      this.#failed++;
      if (this.#blocks.get(name) !== entry) continue;
      this.#blocks.delete(name);
      this.#ended.push(entry);
    }
  }

  /** What others removed, by `packetwatch block rm` or by loading the firewall anew, is blocked no more. */
  #looked({ output, error }: NftDone, beforeNs: number): void {
    if (error !== undefined && !error.includes('No such file')) return;
    const there = new Set(error === undefined ? blocksOf(output).map(textOf) : []);
    for (const [name, entry] of this.#blocks) {
      if (!entry.settled || there.has(name) || entry.untilNs < beforeNs + LOOK_NS) continue;
      this.#blocks.delete(name);
      this.#ended.push(entry);
      this.#removed++;
    }
  }

  /** The same failure is told once in a row. */
  #tell(error: string | undefined): void {
    if (error !== undefined && error !== this.#told)
      this.#options.note(`nft refused a change, and blocks were not set: ${error}`);
    this.#told = error ?? '';
  }
}

/** Third word of an IPv4 address. */
const MAPPED_WORD = 0xffff0000;

function hasScan({ bytes, at, count }: RecordBatch): boolean {
  for (let i = 0; i < count; i++) if (bytes[at[i]! + Head.kind] === Kind.SCAN) return true;
  return false;
}

/** A word that tells sources apart: the address of IPv4, the lower half of the /64 of IPv6. */
function wordOf(address: Uint8Array): number {
  const words = new Uint32Array(address.slice().buffer);
  return words[2] === MAPPED_WORD ? words[3]! : words[1]!;
}

function isMapped(address: Uint8Array): boolean {
  return new Uint32Array(address.slice().buffer)[2] === MAPPED_WORD;
}

function nameOf({ address, length }: AddressPrefix): string {
  return `${address.join()}/${length}`;
}

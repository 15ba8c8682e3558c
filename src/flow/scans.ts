import { type EndReason, SCAN_KINDS, type ScanState, ScanClass } from '../model/events.ts';
import { Flag, Head, VerdictPart } from '../wire/layout.gen.ts';
import { DECOY_PORTS, Decoys, DECOYS_AT_LEAST } from './decoys.ts';
import { HashIndex } from './hash-index.ts';
import type { Scan } from './listener.ts';
import { countSyns, FRESH, hasDoubled, type ScanEntry, weightsOf } from './scan-entry.ts';
import { keyHi, keyLo, samePair } from './scan-key.ts';
import { classOf, techniqueOf } from './scan-kind.ts';
import { MAX_SCAN_PORTS, ScanPorts } from './scan-ports.ts';
import { u64 } from '../wire/words.ts';

/** Scans followed at once. With more than 64 ports each they hold 8 MiB. */
export const MAX_SCANS = 1024;
/** A slow scan is over only now: one port in 10 minutes is what is looked for, and some probes get lost. */
export const SLOW_SILENCE_NS = 3600e9;

/**
 * The scans that go on, one for each source, victim and kind. A verdict opens one and is told; later verdicts and, of a
 * vertical scan, attempts only add to it, and it is told again when its ports (up to 64) or hosts have doubled or its
 * source was blocked. When it was silent for a window it is told as ended, with its totals. A horizontal scan is one
 * for all addresses of this host. IPv6 sources are one per /64, as the kernel judges them, and told with the address
 * first seen. Every start that is told is followed by one end.
 */
export class ScanBook {
  readonly #windowNs: number;
  readonly #tell: (scan: Scan) => void;
  readonly #index: HashIndex;
  readonly #decoys = new Decoys();
  readonly #addresses: Uint32Array = new Uint32Array(MAX_SCANS * 8);
  readonly #addressBytes: Uint8Array = new Uint8Array(this.#addresses.buffer);
  /** Made when needed, then used again and again. */
  readonly #entries: ScanEntry[] = [];
  readonly #free: ScanEntry[] = [];
  /** Scans found since the start, by ScanClass. */
  readonly found: Float64Array = new Float64Array(SCAN_KINDS.length);
  /** How many of those that go on are slow. */
  #slow = 0;
  #hand = 0;
  /** Before this time nothing ends by silence. */
  #nextEndNs = Infinity;
  #suppressed = 0;
  #evicted = 0;

  /** @param seed 32 random bits (HashIndex) */
  constructor(options: { windowNs: number; seed: number; tell: (scan: Scan) => void }) {
    this.#windowNs = options.windowNs;
    this.#tell = options.tell;
    this.#index = new HashIndex(options.seed);
  }

  /** Scans that go on. */
  get size(): number {
    return this.#index.size;
  }

  /** Verdicts that were not told, because they add little to what was told of the same scan. */
  get suppressed(): number {
    return this.#suppressed;
  }

  /** Scans told as ended because there were more than MAX_SCANS. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Takes a SCAN record and tells it, unless it adds too little to what was told. */
  verdict(words: Uint32Array, bytes: Uint8Array, at: number, nowNs: number): void {
    const kind = bytes[at + VerdictPart.scan]!;
    const known = this.#find(words, at, classOf(kind), nowNs);
    const scan = known ?? this.#open(words, at, classOf(kind), nowNs);
    const flags = bytes[at + Head.flags]! & TOLD_FLAGS;
    const news = (flags & ~scan.flags) !== 0;
    scan.kind = kind;
    scan.recent = known !== undefined;
    scan.flags |= flags;
    scan.hosts = Math.max(scan.hosts, half(bytes, at + VerdictPart.hosts), 1);
    scan.weights = bytes[at + VerdictPart.weighted] === 1 ? weightsOf(words, bytes, at) : undefined;
    if ((flags & Flag.BLOCKED) !== 0) scan.blocks++;
    countSyns(scan, words[(at + VerdictPart.syns) >> 2]!);
    const first = (at + VerdictPart.first_ns) >> 2;
    scan.firstNs = Math.min(scan.firstNs, u64(words, first));
    scan.lastNs = nowNs;
    const found = Math.min(words[(at + VerdictPart.port_count) >> 2]!, VERDICT_PORTS);
    for (let i = 0; i < found; i++) scan.ports.add(half(bytes, at + VerdictPart.ports + 2 * i));
    if (!known) {
      scan.alike = this.#decoys.begin(
        words,
        at >> 2,
        classOf(kind),
        scan.ports.first(DECOY_PORTS),
        nowNs,
      );
      this.#report(scan, 'start', nowNs);
    } else if (news || hasDoubled(scan)) this.#report(scan, 'update', nowNs);
    else this.#suppressed++;
  }

  /** Takes an ATTEMPT record, which may belong to a scan that goes on. */
  attempt(words: Uint32Array, bytes: Uint8Array, at: number, nowNs: number): void {
    const port = half(bytes, at + Head.dst_port);
    const scan = this.#find(words, at, ScanClass.vertical, nowNs);
    if (scan) {
      scan.ports.add(port);
      this.#goOn(scan, nowNs);
    }
    if (this.#slow === 0) return;
    // In hours a source may also be an honest client: a port that it came back to says nothing.
    const slow = this.#find(words, at, ScanClass.slow, nowNs);
    if (slow?.ports.add(port)) this.#goOn(slow, nowNs);
  }

  #goOn(scan: ScanEntry, nowNs: number): void {
    scan.lastNs = nowNs;
    scan.recent = true;
    scan.packets++;
    if (hasDoubled(scan)) this.#report(scan, 'update', nowNs);
  }

  /** Tells the end of the scans that were silent for a window. */
  tick(nowNs: number): void {
    if (nowNs < this.#nextEndNs) return;
    this.#nextEndNs = Infinity;
    for (const scan of this.#entries) {
      if (!scan.live) continue;
      const endNs = scan.lastNs + this.#silenceNs(scan);
      if (endNs < nowNs) this.#end(scan, 'idle timeout', nowNs);
      else this.#nextEndNs = Math.min(this.#nextEndNs, endNs);
    }
  }

  /**
   * Tells the end of all scans: nobody will look for their silence any more, and who was told of their start should
   * get their totals.
   */
  stop(nowNs: number): void {
    for (const scan of this.#entries) if (scan.live) this.#end(scan, 'forced end', nowNs);
  }

  #report(scan: ScanEntry, state: ScanState, nowNs: number, endReason?: EndReason): void {
    const { ports, flags, hosts } = scan;
    // A full list is told once and then no more.
    scan.tellAtPorts =
      ports.count >= MAX_SCAN_PORTS ? Infinity : Math.min(2 * ports.count, MAX_SCAN_PORTS);
    scan.tellAtHosts = 2 * hosts;
    const alike = scan.alike?.count ?? 0;
    this.#tell({
      tsNs: nowNs,
      state,
      endReason,
      bytes: this.#addressBytes,
      at: scan.slot * 32,
      kind: classOf(scan.kind),
      technique: techniqueOf(scan.kind),
      hosts,
      ports: ports.sorted(),
      portCount: ports.count,
      syns: scan.packets,
      firstNs: scan.firstNs,
      lastNs: scan.lastNs,
      blocked: (flags & Flag.BLOCKED) !== 0,
      blocks: scan.blocks,
      spared: (flags & Flag.SPARED) !== 0,
      trusted: (flags & Flag.TRUSTED) !== 0,
      decoys: alike >= DECOYS_AT_LEAST ? alike : 0,
      weights: scan.weights,
    });
  }

  #end(scan: ScanEntry, reason: EndReason, nowNs: number): void {
    this.#report(scan, 'end', nowNs, reason);
    if (classOf(scan.kind) === ScanClass.slow) this.#slow--;
    this.#index.remove(scan.lo, scan.hi);
    scan.live = false;
    scan.ports.clear();
    scan.alike = undefined;
    this.#free.push(scan);
  }

  /** The scan of a record's pair and a kind; one that was silent for too long ends here. */
  #find(words: Uint32Array, at: number, kind: ScanClass, nowNs: number): ScanEntry | undefined {
    const w = at >> 2;
    const slot = this.#index.find(keyLo(words, w), keyHi(words, w, kind));
    if (slot < 0) return undefined;
    const scan = this.#entries[slot]!;
    if (classOf(scan.kind) !== kind || !samePair(words, w, kind, this.#addresses, slot * 8))
      return undefined;
    if (nowNs - scan.lastNs <= this.#silenceNs(scan)) return scan;
    this.#end(scan, 'idle timeout', nowNs);
    return undefined;
  }

  #open(words: Uint32Array, at: number, kind: ScanClass, nowNs: number): ScanEntry {
    const w = at >> 2;
    const lo = keyLo(words, w);
    const hi = keyHi(words, w, kind);
    this.found[kind]!++;
    if (kind === ScanClass.slow) this.#slow++;
    const same = this.#index.find(lo, hi); // another pair with the same key: the newer one wins
    if (same >= 0) this.#evict(this.#entries[same]!, nowNs);
    const scan = this.#place(nowNs);
    this.#index.add(lo, hi, scan.slot);
    Object.assign(scan, FRESH, { lo, hi, lastNs: nowNs });
    for (let i = 0; i < 8; i++)
      this.#addresses[scan.slot * 8 + i] = words[w + (Head.src >> 2) + i]!;
    this.#nextEndNs = Math.min(this.#nextEndNs, nowNs + this.#windowNs);
    return scan;
  }

  /** A free place. When there is none, the hand goes round for a scan that did nothing since it last came by. */
  #place(nowNs: number): ScanEntry {
    for (;;) {
      const free = this.#free.pop();
      if (free) return free;
      const slot = this.#entries.length;
      if (slot < MAX_SCANS) {
        const scan: ScanEntry = { ...FRESH, slot, lo: 0, hi: 0, lastNs: 0, ports: new ScanPorts() };
        this.#entries.push(scan);
        return scan;
      }
      const scan = this.#entries[this.#hand]!;
      this.#hand = (this.#hand + 1) % MAX_SCANS;
      if (!scan.recent) this.#evict(scan, nowNs);
      scan.recent = false;
    }
  }

  #evict(scan: ScanEntry, nowNs: number): void {
    this.#evicted++;
    this.#end(scan, 'lack of resources', nowNs);
  }

  #silenceNs(scan: ScanEntry): number {
    return classOf(scan.kind) === ScanClass.slow
      ? Math.max(SLOW_SILENCE_NS, this.#windowNs)
      : this.#windowNs;
  }
}

const VERDICT_PORTS = (VerdictPart.port_count - VerdictPart.ports) / 2;
const TOLD_FLAGS = Flag.BLOCKED | Flag.SPARED | Flag.TRUSTED;

const half = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);

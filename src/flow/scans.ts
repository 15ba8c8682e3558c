import { SCAN_KINDS, ScanClass } from '../model/events.ts';
import { Flag, Head, VerdictPart } from '../wire/layout.gen.ts';
import { HashIndex } from './hash-index.ts';
import type { Scan, ScanWeights } from './listener.ts';
import { classOf, techniqueOf } from './scan-kind.ts';

/** Ports kept per scan. */
export const MAX_SCAN_PORTS = 64;
/** Scans followed at once; the oldest goes. */
export const MAX_SCANS = 1024;

/**
 * The scans that go on. A verdict opens one; its port list then grows with every later verdict or, of a vertical scan,
 * attempt of the same pair, and the scan is told again whenever its ports or hosts have doubled. A pair that was silent
 * for a window is forgotten. Each kind is apart; a horizontal scan is one for all addresses of this host. IPv6 sources
 * are one per /64, as the kernel judges them, and told with the address first seen.
 */
export class ScanBook {
  readonly #windowNs: number;
  readonly #tell: (scan: Scan) => void;
  readonly #index: HashIndex;
  readonly #addresses: Uint32Array = new Uint32Array(MAX_SCANS * 8);
  readonly #addressBytes: Uint8Array = new Uint8Array(this.#addresses.buffer);
  readonly #keys: Uint32Array = new Uint32Array(MAX_SCANS * 2);
  readonly #ports: Uint16Array = new Uint16Array(MAX_SCANS * MAX_SCAN_PORTS);
  readonly #portCount: Uint8Array = new Uint8Array(MAX_SCANS);
  readonly #tellAt: Uint8Array = new Uint8Array(MAX_SCANS);
  readonly #flags: Uint8Array = new Uint8Array(MAX_SCANS);
  /** Code of the last verdict (ScanKind). */
  readonly #kind: Uint8Array = new Uint8Array(MAX_SCANS);
  readonly #hosts: Uint16Array = new Uint16Array(MAX_SCANS);
  readonly #tellAtHosts: Uint16Array = new Uint16Array(MAX_SCANS);
  readonly #weights: (ScanWeights | undefined)[] = Array.from({ length: MAX_SCANS });
  readonly #syns: Uint32Array = new Uint32Array(MAX_SCANS);
  readonly #firstNs: Float64Array = new Float64Array(MAX_SCANS);
  readonly #lastNs: Float64Array = new Float64Array(MAX_SCANS);
  #opened = 0;
  /** Scans found since the start, by ScanClass. */
  readonly found: Float64Array = new Float64Array(SCAN_KINDS.length);

  /** @param seed 32 random bits (HashIndex) */
  constructor(options: { windowNs: number; seed: number; tell: (scan: Scan) => void }) {
    this.#windowNs = options.windowNs;
    this.#tell = options.tell;
    this.#index = new HashIndex(options.seed);
  }

  /** Scans followed now. */
  get size(): number {
    return this.#index.size;
  }

  /** Takes a SCAN record and tells it, unless it adds nothing to what was told. */
  verdict(words: Uint32Array, bytes: Uint8Array, at: number, nowNs: number): void {
    const kind = bytes[at + VerdictPart.scan]!;
    let scan = this.#find(words, at, classOf(kind), nowNs);
    const fresh = scan < 0;
    if (fresh) scan = this.#open(words, at, classOf(kind));
    this.#kind[scan] = kind;
    this.#hosts[scan] = Math.max(this.#hosts[scan]!, half(bytes, at + VerdictPart.hosts), 1);
    this.#weights[scan] =
      bytes[at + VerdictPart.weighted] === 1 ? weightsOf(words, bytes, at) : undefined;
    const flags = bytes[at + Head.flags]! & TOLD_FLAGS;
    const news = fresh || (flags & ~this.#flags[scan]!) !== 0;
    this.#flags[scan]! |= flags;
    this.#syns[scan] = words[(at + VerdictPart.syns) >> 2]!;
    const first = (at + VerdictPart.first_ns) >> 2;
    this.#firstNs[scan] = words[first]! + words[first + 1]! * 2 ** 32;
    this.#lastNs[scan] = nowNs;
    const found = Math.min(words[(at + VerdictPart.port_count) >> 2]!, VERDICT_PORTS);
    for (let i = 0; i < found; i++)
      this.#addPort(scan, half(bytes, at + VerdictPart.ports + 2 * i));
    if (
      news ||
      this.#portCount[scan]! >= this.#tellAt[scan]! ||
      this.#hosts[scan]! >= this.#tellAtHosts[scan]!
    )
      this.#report(scan, nowNs);
  }

  /** Takes an ATTEMPT record, which may belong to a scan that goes on. */
  attempt(words: Uint32Array, bytes: Uint8Array, at: number, nowNs: number): void {
    const scan = this.#find(words, at, ScanClass.vertical, nowNs);
    if (scan < 0) return;
    this.#lastNs[scan] = nowNs;
    this.#addPort(scan, half(bytes, at + Head.dst_port));
    if (this.#portCount[scan]! >= this.#tellAt[scan]!) this.#report(scan, nowNs);
  }

  #report(scan: number, nowNs: number): void {
    const count = this.#portCount[scan]!;
    // 255 is never reached: a full list is told once and then no more.
    this.#tellAt[scan] = count >= MAX_SCAN_PORTS ? 255 : Math.min(2 * count, MAX_SCAN_PORTS);
    this.#tellAtHosts[scan] = 2 * this.#hosts[scan]!;
    const flags = this.#flags[scan]!;
    const from = scan * MAX_SCAN_PORTS;
    this.#tell({
      tsNs: nowNs,
      bytes: this.#addressBytes,
      at: scan * 32,
      kind: classOf(this.#kind[scan]!),
      technique: techniqueOf(this.#kind[scan]!),
      hosts: this.#hosts[scan]!,
      ports: this.#ports.slice(from, from + count).sort(),
      syns: this.#syns[scan]!,
      firstNs: this.#firstNs[scan]!,
      blocked: (flags & Flag.BLOCKED) !== 0,
      spared: (flags & Flag.SPARED) !== 0,
      trusted: (flags & Flag.TRUSTED) !== 0,
      weights: this.#weights[scan],
    });
  }

  #addPort(scan: number, port: number): void {
    const from = scan * MAX_SCAN_PORTS;
    const count = this.#portCount[scan]!;
    for (let i = from; i < from + count; i++) if (this.#ports[i] === port) return;
    if (count === MAX_SCAN_PORTS) return;
    this.#ports[from + count] = port;
    this.#portCount[scan] = count + 1;
  }

  /** The scan of a record's pair and a kind, -1 if none goes on. */
  #find(words: Uint32Array, at: number, kind: ScanClass, nowNs: number): number {
    const w = at >> 2;
    const lo = keyLo(words, w);
    const hi = keyHi(words, w, kind);
    const scan = this.#index.find(lo, hi);
    if (scan < 0 || !this.#samePair(words, w, kind, scan)) return -1;
    if (nowNs - this.#lastNs[scan]! <= this.#windowNs) return scan;
    this.#index.remove(lo, hi);
    return -1;
  }

  #samePair(words: Uint32Array, w: number, kind: ScanClass, scan: number): boolean {
    if (classOf(this.#kind[scan]!) !== kind) return false;
    const addresses = this.#addresses;
    const base = scan * 8;
    const src = w + (Head.src >> 2);
    const end = kind === ScanClass.horizontal ? 4 : 8;
    for (let i = 0; i < end; i++) {
      if (i === 2 && !isMapped(words, src)) i = 4; // the lower half of an IPv6 source
      if (addresses[base + i] !== words[src + i]) return false;
    }
    return true;
  }

  #open(words: Uint32Array, at: number, kind: ScanClass): number {
    const w = at >> 2;
    const lo = keyLo(words, w);
    const hi = keyHi(words, w, kind);
    const scan = this.#opened++ % MAX_SCANS;
    this.found[kind]!++;
    const oldLo = this.#keys[2 * scan]!;
    const oldHi = this.#keys[2 * scan + 1]!;
    if (this.#index.find(oldLo, oldHi) === scan) this.#index.remove(oldLo, oldHi);
    this.#index.remove(lo, hi); // another pair with the same key: the newer one wins
    this.#index.add(lo, hi, scan);
    this.#keys[2 * scan] = lo;
    this.#keys[2 * scan + 1] = hi;
    for (let i = 0; i < 8; i++) this.#addresses[scan * 8 + i] = words[w + (Head.src >> 2) + i]!;
    this.#portCount[scan] = 0;
    this.#flags[scan] = 0;
    this.#hosts[scan] = 0;
    return scan;
  }
}

const VERDICT_PORTS = (VerdictPart.port_count - VerdictPart.ports) / 2;
const TOLD_FLAGS = Flag.BLOCKED | Flag.SPARED | Flag.TRUSTED;
const MAPPED_WORD = 0xffff0000; // ::ffff:0:0, third word, little-endian

const half = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);

function isMapped(words: Uint32Array, address: number): boolean {
  return words[address] === 0 && words[address + 1] === 0 && words[address + 2] === MAPPED_WORD;
}

/** The source: IPv4 as it is, IPv6 by its /64. */
function keyLo(words: Uint32Array, w: number): number {
  const src = w + (Head.src >> 2);
  return isMapped(words, src)
    ? words[src + 3]!
    : (Math.imul(words[src]!, 0x9e3779b1) ^ words[src + 1]!) >>> 0;
}

/** The kind, and the scanned host where the scan is of one. */
function keyHi(words: Uint32Array, w: number, kind: ScanClass): number {
  if (kind === ScanClass.horizontal) return kind;
  const dst = w + (Head.dst >> 2);
  let h = words[dst]! ^ Math.imul(kind, 0x9e3779b1);
  for (let i = 1; i < 4; i++) h = Math.imul(h, 0x85ebca77) ^ words[dst + i]!;
  return h >>> 0;
}

/** Natural logarithms are kept as 1/256 nat (PW_SCORE_* in bpf/score.h). */
function weightsOf(words: Uint32Array, bytes: Uint8Array, at: number): ScanWeights {
  return {
    closed: half(bytes, at + VerdictPart.closed),
    silent: half(bytes, at + VerdictPart.silent),
    halfOpen: half(bytes, at + VerdictPart.half),
    opened: half(bytes, at + VerdictPart.opened),
    score: (words[(at + VerdictPart.score) >> 2]! | 0) / 256,
  };
}

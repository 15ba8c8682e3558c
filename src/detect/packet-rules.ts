import type { Layers } from '../packet/layers.ts';
import { DST, type PacketHead, SRC } from '../packet/packet-head.ts';
import type { IcmpMessage } from '../packet/icmp.ts';
import type { Segment } from '../packet/tcp.ts';
import type { Datagram } from '../packet/udp.ts';
import { Flag, Head, ScanKind, VerdictPart } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { DistinctItems } from './distinct.ts';
import { Became, Evidence, type EvidenceTaker } from './evidence.ts';
import { networkOf } from './network.ts';
import { KEY_WORDS } from './pair-table.ts';
import { SourceKey } from './source-key.ts';
import { appendVerdict } from './verdict.ts';
import { WeightedRule } from './weighted.ts';

export interface PacketRulesOptions {
  /** Judge SYNs by what becomes of them; else others judge them, by the reference rule. */
  readonly weighted: boolean;
  /** For so long a port counts, nanoseconds. */
  readonly windowNs: number;
  /** Sources remembered at once: a power of two, at least 4. */
  readonly sources: number;
  /** IPv6 sources with so many equal leading bits are one. */
  readonly v6Prefix: number;
  /** 32 random bits, chosen at start. */
  readonly seed: number;
  /** Gets the SCAN records. */
  readonly verdicts: RecordWriter;
}

export const PACKET_RULES_DEFAULTS = { sources: 65_536, v6Prefix: 64 } as const;

/** More distinct ports, or addresses, are a scan, under either rule: of what no honest peer sends, or is refused. */
const ODD_LIMIT = 3;
/** What shares a count: all forms of stealth scans do, each port over which addresses are counted doesn't. */
const Mark = { stealth: 1, ack: 2, udp: 3, horizontal: 0x10000 } as const;

/**
 * Judges all that the packets of a capture say about who scans, as the kernel does for its host (bpf/rule.h): stealth
 * and UDP scans, scans over addresses, and with `weighted` SYNs by their outcomes. Slow scans are SlowScans' to judge.
 * Memory is fixed.
 */
export class PacketRules implements EvidenceTaker {
  readonly #evidence: Evidence;
  readonly #items: DistinctItems;
  readonly #weighted: WeightedRule | undefined;
  readonly #source: SourceKey;
  readonly #verdicts: RecordWriter;
  readonly #key: Uint32Array = new Uint32Array(KEY_WORDS);

  constructor(options: PacketRulesOptions) {
    const { weighted, v6Prefix, verdicts } = options;
    this.#evidence = new Evidence(this, weighted);
    this.#items = new DistinctItems({ ...options, slots: ODD_LIMIT, everywhere: true });
    this.#weighted = weighted ? new WeightedRule(options) : undefined;
    this.#source = new SourceKey(v6Prefix);
    this.#verdicts = verdicts;
  }

  /** Sources forgotten while something of theirs still counted. */
  get evicted(): number {
    return this.#items.evicted + (this.#weighted?.evicted ?? 0);
  }

  segment(layers: Layers, segment: Segment, nowNs: number): void {
    this.#evidence.segment(layers, segment, nowNs);
  }

  /** A first fragment with the ports of TCP but without its flags. */
  fragment(layers: Layers, nowNs: number): void {
    this.#evidence.fragment(layers, nowNs);
  }

  datagram(layers: Layers, datagram: Datagram, nowNs: number): void {
    this.#evidence.datagram(layers, datagram, nowNs);
  }

  message(layers: Layers, message: IcmpMessage, nowNs: number): void {
    this.#evidence.message(layers, message, nowNs);
  }

  touched(scan: number, head: PacketHead, port: number, nowNs: number): void {
    if (scan !== ScanKind.VERTICAL) {
      const mark =
        scan === ScanKind.UDP ? Mark.udp : scan === ScanKind.ACK ? Mark.ack : Mark.stealth;
      this.#readKey(head, mark);
      if (this.#items.touch(this.#key, port, ODD_LIMIT, nowNs)) this.#tellOdd(scan, head, nowNs);
      return;
    }
    if (!this.#weighted) return;
    this.#readKey(head, 0);
    if (this.#weighted.touch(this.#key, port, nowNs)) this.#tellWeighted(head);
  }

  became(what: Became, head: PacketHead, port: number, nowNs: number): void {
    if (this.#weighted) {
      this.#readKey(head, 0);
      if (this.#weighted.became(what, this.#key, port, nowNs)) this.#tellWeighted(head);
      return;
    }
    if (what !== Became.closed && what !== Became.halfOpen) return;
    this.#readKey(head, Mark.horizontal | port);
    this.#key.fill(0, 4, 8);
    this.#key[4] = networkOf(head.words, DST, 0);
    this.#key[5] = networkOf(head.words, DST, 1);
    const victim = foldOf(head.words, DST);
    if (this.#items.touch(this.#key, victim, ODD_LIMIT, nowNs)) this.#tellHosts(head, port);
  }

  #readKey({ words, bytes }: PacketHead, mark: number): void {
    const key = this.#key;
    this.#source.read(key, words, SRC, bytes[Head.family] === 6);
    for (let i = 0; i < 4; i++) key[4 + i] = words[DST + i]!;
    key[8] = mark;
  }

  #tellOdd(scan: number, head: PacketHead, nowNs: number): void {
    const { items, count, touches, firstNs } = this.#items;
    const at = this.#append(head, { scan, items, count, touches, firstNs, hosts: 1 });
    if (this.#weighted?.isTrusted(this.#key, nowNs) === true)
      this.#verdicts.bytes[at + Head.flags]! |= Flag.SPARED | Flag.TRUSTED;
  }

  #tellHosts(head: PacketHead, port: number): void {
    const { count: hosts, touches, firstNs } = this.#items;
    this.#append(head, {
      scan: ScanKind.HORIZONTAL,
      items: [port],
      count: 1,
      touches,
      firstNs,
      hosts,
    });
  }

  #tellWeighted(head: PacketHead): void {
    const { found } = this.#weighted!;
    const { ports: items, count, hits: touches, firstNs, hosts } = found;
    const scan = found.horizontal ? ScanKind.HORIZONTAL : ScanKind.VERTICAL;
    const at = this.#append(head, { scan, items, count, touches, firstNs, hosts });
    const { bytes, halves, words } = this.#verdicts;
    bytes[at + VerdictPart.weighted] = 1;
    halves[(at + VerdictPart.closed) >> 1] = found.closed;
    halves[(at + VerdictPart.silent) >> 1] = found.silent;
    halves[(at + VerdictPart.half) >> 1] = found.half;
    halves[(at + VerdictPart.opened) >> 1] = found.opened;
    words[(at + VerdictPart.score) >> 2] = found.score;
    if (found.trusted) bytes[at + Head.flags]! |= Flag.SPARED | Flag.TRUSTED;
    if (found.confirmed) bytes[at + Head.flags]! |= Flag.CONFIRMED;
  }

  #append(head: PacketHead, verdict: Parameters<typeof appendVerdict>[3]): number {
    return appendVerdict(this.#verdicts, head.bytes, 0, verdict);
  }
}

/** Sixteen bits of an address, as pw_fold of bpf/table.h. */
function foldOf(words: Uint32Array, w: number): number {
  const sum = words[w]! ^ Math.imul(words[w + 1]!, 5) ^ Math.imul(words[w + 2]!, 3) ^ words[w + 3]!;
  return Math.imul(sum, 0x9e3779b1) >>> 16;
}

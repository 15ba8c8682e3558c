import { PacketRing } from '../kernel/packet-ring.ts';
import { clockOffset, PacketSocket, type RingGeometry } from '../kernel/packet-socket.ts';
import { SystemError } from '../kernel/libc.ts';
import { netnsCookie } from '../kernel/libc-sockets.ts';
import { OperatorError, shortage } from '../model/errors.ts';
import type { RecordBatch } from '../wire/batch.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { Answer } from '../flow/flow.ts';
import { CapturedInterfaces } from './captured.ts';
import type { Interfaces } from './interfaces.ts';
import { OwnAddresses } from './own-addresses.ts';
import { captureFilter } from './pcap-filter.ts';
import { PcapRecords } from './pcap-records.ts';
import type { Source, SourceCounts } from './source.ts';

export interface PcapOptions {
  /** Started. */
  readonly interfaces: Interfaces;
  /** Only these interfaces; empty: every one with a non-link-local address, also those that come later. */
  readonly asked: readonly string[];
  /** 32 random bits. */
  readonly seed: number;
  readonly ring: RingGeometry;
  /** Connections followed at once, a power of two. */
  readonly maxConnections: number;
}

export const PCAP_DEFAULTS = {
  asked: [],
  // 16 MiB: 75,000 packets; a block with few is closed all the same, so 20 s of them
  ring: { blockBytes: 16_384, blocks: 1024, retireMs: 20 },
  maxConnections: 262_144,
} as const;

/** What the source has seen besides what SourceCounts has; all but the first two only grow. */
export interface PcapUse {
  readonly interfaces: readonly string[];
  readonly connections: number;
  readonly ring: {
    readonly size: number;
    readonly pending: number;
    readonly highWater: number;
  };
  /** That passed the filter in the kernel, those that found no place in the ring included. */
  readonly packets: number;
  /** Those of them that were read. */
  readonly read: number;
  readonly malformed: number;
  readonly cut: number;
}

/**
 * Packets as they come and go, from an AF_PACKET ring with a filter in the kernel: needs CAP_NET_RAW, and nothing of
 * BPF. Of each connection its SYN, what answers it, FIN and RST are seen; sockets and so processes are not.
 */
export class PcapSource implements Source {
  readonly name = 'pcap';
  readonly #options: PcapOptions;
  readonly #writer: RecordWriter = new RecordWriter(64 << 10);
  readonly #own: OwnAddresses = new OwnAddresses();
  #socket: PacketSocket | undefined;
  #ring: PacketRing | undefined;
  #told: PcapRecords | undefined;
  #filter: Uint8Array = captureFilter([]);
  #records = 0;
  /** When the ring was last found empty: what comes after is not older. */
  #emptyNs = 0;
  #counts = { packets: 0, drops: 0 };
  /** The interfaces whose packets are seen. */
  readonly watched: CapturedInterfaces;

  constructor(options: Partial<PcapOptions> & Pick<PcapOptions, 'seed' | 'interfaces'>) {
    this.#options = { ...PCAP_DEFAULTS, ...options };
    this.watched = new CapturedInterfaces({
      ...this.#options,
      choose: (indexes) => {
        this.#filter = captureFilter(indexes);
        this.#socket?.setFilter(this.#filter);
      },
      setOwn: (addresses) => this.#own.set(addresses),
    });
  }

  start(): void {
    const { ring, seed, maxConnections } = this.#options;
    this.watched.start();
    try {
      this.#socket = new PacketSocket(this.#filter, ring);
    } catch (cause) {
      throw refusalOf(cause);
    }
    this.#ring = new PacketRing(this.#socket.ring.buffer, ring);
    this.#told = new PcapRecords({
      writer: this.#writer,
      own: this.#own,
      netns: cookie(),
      seed,
      maxConnections,
    });
    this.#emptyNs = clockOffset().nowNs;
  }

  drain(nowNs: number, take: (batch: RecordBatch) => void, commit?: () => void): number {
    const ring = this.#ring;
    const told = this.#told;
    if (!ring || !told) return 0;
    const before = this.#records;
    this.#hand(take, commit); // of a call that failed
    const clock = clockOffset();
    const leastNs = this.#emptyNs - LAG_RETIRES * this.#options.ring.retireMs * 1e6;
    const { packet, bytes } = ring;
    // What comes meanwhile waits for the next call, so that signals and commands get their turn.
    for (let blocks = ring.waiting(); blocks > 0 && ring.open(); blocks--) {
      while (ring.next()) {
        const ns = (packet.seconds + clock.seconds) * 1e9 + packet.nanoseconds + clock.nanoseconds;
        // the wall clock may have been set since
        told.take(bytes, packet, Math.min(clock.nowNs, Math.max(leastNs, ns)));
      }
      ring.close();
      if (this.#writer.count >= BATCH_RECORDS) this.#hand(take, commit);
    }
    this.#emptyNs = clock.nowNs;
    told.life.confirm(nowNs);
    this.#hand(take, commit);
    return this.#records - before;
  }

  /** What was seen of a handshake that is not told as open (Answer of flow). */
  answered(idLo: number, idHi: number): number {
    return this.#told?.notes.of(idLo, idHi) ?? Answer.none;
  }

  counts(): SourceCounts {
    if (this.#socket) this.#counts = this.#socket.counts();
    return {
      records: this.#records,
      lost: {
        packets: this.#counts.drops,
        connections: this.#told?.life.connections.evicted ?? 0,
      },
    };
  }

  use(): PcapUse {
    const { blockBytes, blocks } = this.#options.ring;
    this.counts();
    return {
      interfaces: this.watched.names,
      connections: this.#told?.life.connections.size ?? 0,
      ring: {
        size: blockBytes * blocks,
        pending: blockBytes * (this.#ring?.waiting() ?? 0),
        highWater: blockBytes * (this.#ring?.highWater ?? 0),
      },
      packets: this.#counts.packets,
      read: this.#ring?.packets ?? 0,
      malformed: this.#told?.malformed ?? 0,
      cut: this.#told?.cut ?? 0,
    };
  }

  limits(): readonly string[] {
    const limits = [
      'Processes and users are not known, nor retransmissions and round-trip times.',
      'Outcomes are what packets say: a forged RST or FIN is believed.',
      'An opening is told once its SYN+ACK is not repeated, up to 1.2 s later; a host that never repeats one, as with SYN cookies, hides half-open handshakes.',
      'Bytes are known modulo 4 GiB, and not of every connection that was reset.',
      'Connections from before the start are not seen, nor is how idle ones end without FIN or RST.',
      'Of scans those by SYN are found, after they came: nothing can be blocked.',
      'Only the network namespace of this process is seen.',
    ];
    if (this.watched.tooMany > 0)
      limits.push(
        `Of the interfaces ${this.watched.tooMany} are too many and not seen: name those that matter with -i.`,
      );
    return [...limits, ...this.#options.interfaces.limits()];
  }

  /** May be done twice. */
  stop(): void {
    if (this.#socket) this.#counts = this.#socket.counts();
    this.#ring = undefined;
    this.#socket?.stop();
    this.#socket = undefined;
    this.#writer.clear();
  }

  #hand(take: (batch: RecordBatch) => void, commit?: () => void): void {
    const { count } = this.#writer;
    if (count === 0) return;
    take(this.#writer);
    commit?.();
    this.#writer.clear();
    this.#records += count;
  }
}

/** A batch of 64 KiB or a little more, as to sinks. */
const BATCH_RECORDS = 512;
/** A packet is at most so many closings of blocks old when it is first seen. */
const LAG_RETIRES = 3;

/** What it means that packets can't be had. */
function refusalOf(cause: unknown): unknown {
  if (!(cause instanceof SystemError)) return cause;
  if (cause.code === 'EPERM' || cause.code === 'EACCES')
    return new OperatorError(
      'no permission to see packets, which needs CAP_NET_RAW',
      'run as root or with that capability',
      { cause },
    );
  if (cause.code === 'EAFNOSUPPORT')
    return new OperatorError(
      'packet sockets are not to be had here (EAFNOSUPPORT)',
      'let RestrictAddressFamilies= of its service have AF_PACKET, or use a kernel with CONFIG_PACKET',
      { cause },
    );
  return shortage(cause) ?? cause;
}

/** Kernels before 5.14 tell none. */
function cookie(): bigint {
  try {
    return netnsCookie();
  } catch {
    return 0n;
  }
}

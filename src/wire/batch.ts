import type { Metadata } from '../model/metadata.ts';

/**
 * A batch of records as every source hands it on: fixed-size binary records (bpf/events.h) that lie
 * somewhere in one piece of memory, the kernel's own ring for the `ebpf` source.
 *
 * The memory belongs to the source: it is valid only until the callback that got the batch returns.
 */
export interface RecordBatch {
  /** The memory, as little-endian 32-bit words. */
  readonly words: Uint32Array;
  /** The same memory, as bytes. */
  readonly bytes: Uint8Array;
  /** Byte offset of record `i`, a multiple of 8, for `i` in `[0, count)`. */
  readonly at: Uint32Array;
  /** Number of records. */
  readonly count: number;
  /** What connections of ENDED records said of themselves: PacketsPart.metadata counts from 1. */
  readonly attached?: readonly Metadata[];
}

import type { TrackTable } from './table.ts';
import { Row } from './row.ts';

/** A TCP segment on its way through the tracker; one object serves all of them. */
export class Arrival {
  tsNs = 0;
  /** The same in microseconds, modulo 2^32. */
  us = 0;
  row = 0;
  /** Word of the row, of the part of the end that sent the segment, and of that of the other. */
  base = 0;
  from = 0;
  to = 0;
  /** Whether the originator sent it, as the connection was before this segment. */
  fromOrig = false;
  flags = 0;
  seq = 0;
  ack = 0;
  /** Bytes of payload on the wire. */
  length = 0;
  /** All of it was captured. */
  whole = false;
  /** The sequence number after it: SYN and FIN count, the payload of a reset doesn't. */
  after = 0;
  /** As it stands in the header. */
  window = 0;
  /** Relative to the end's initial sequence number; below zero it is before that. */
  relative = 0;
  /** How far it goes beyond what its end had sent before; zero or less: nothing new. */
  advance = 0;
  /** As it stands in the header. */
  urgent = 0;
  /** It is a reset that ends the connection of who gets it. */
  resets = false;
  /** Its end is over by it. */
  closes = false;

  /** Sets out for a row's ends. */
  on(row: number, fromOrig: boolean, tsNs: number): void {
    this.tsNs = tsNs;
    this.us = Math.floor(tsNs / 1000) >>> 0;
    this.row = row;
    this.base = row * Row.size;
    this.fromOrig = fromOrig;
    this.from = this.base + (fromOrig ? Row.orig : Row.resp);
    this.to = this.base + (fromOrig ? Row.resp : Row.orig);
    this.closes = false;
  }

  /** Does the end that sent it count as the originator now? */
  get isOrig(): boolean {
    return this.from === this.base + Row.orig;
  }

  /** The originator was taken for the responder. */
  flip(table: TrackTable): void {
    table.flip(this.row);
    const { from } = this;
    this.from = this.to;
    this.to = from;
  }
}

import type { AddressPrefix } from '../wire/prefix.ts';
import { runRequest } from './bpf.ts';
import { TICK_NS, ticksOf } from './options.ts';
import { BlockReason, NAT, type Way } from './table-way.ts';

const Command = { BLOCK: 1, UNBLOCK: 2, FLUSH: 3, NET: 4, NO_NET: 5, FULL: 6, KEEP: 7 } as const;
/** struct pw_request. */
const Request = {
  command: 0,
  index: 4,
  addr: 8,
  ttl: 24,
  family: 32,
  all: 36,
  result: 40,
  key: 48,
  victim: 64,
  firstTick: 80,
  ports: 88,
  portCount: 118,
  hits: 120,
  reason: 124,
  scan: 128,
  score: 132,
  closed: 136,
  silent: 138,
  half: 140,
  opened: 142,
  trust: 144,
} as const;
const BYTES = 152;
/** PW_MAX_PORTS. */
const PORTS = 15;
const BUSY_TRIES = 100;

/** `full`: --block-max are blocked; `busy`: the lock was not to be had, ask again later. */
export type RequestResult = 'done' | 'nothing' | 'full' | 'busy';

/** Asks the kernel to change its tables, under the same locks as packets do. */
export class Requests {
  readonly #program: number;

  /** @param program descriptor of pw_requests */
  constructor(program: number) {
    this.#program = program;
  }

  /** Blocks a source; `full` when --block-max are blocked. The kernel reports it as an event. */
  block(address: Uint8Array, seconds: number): RequestResult {
    return this.#ask(Command.BLOCK, (r) => {
      r.set(address, Request.addr);
      r.writeBigUInt64LE(ticksOf(seconds), Request.ttl);
      r.writeUInt32LE(familyOf(address), Request.family);
      r.writeUInt32LE(BlockReason.user, Request.reason);
    });
  }

  /**
   * Takes over a block of other maps with its evidence; nothing is reported. One that is there lasts as long as either.
   * @param hits packets that it dropped; they are added
   */
  keep(block: Way, hits: number, nowNs: number): RequestResult {
    const { score, ports } = block;
    return this.#ask(Command.KEEP, (r) => {
      r.set(block.fullSource, Request.addr);
      r.set(block.source, Request.key);
      r.set(block.victim, Request.victim);
      r.writeBigUInt64LE(ticksOf(Math.max(0, block.untilNs - nowNs) / 1e9), Request.ttl);
      r.writeUInt32LE(familyOf(block.fullSource), Request.family);
      r.writeBigUInt64LE(BigInt(Math.round(block.firstNs / TICK_NS)), Request.firstTick);
      for (const [i, port] of ports.slice(0, PORTS).entries())
        r.writeUInt16LE(port, Request.ports + i * 2);
      r.writeUInt16LE(Math.min(ports.length, PORTS), Request.portCount);
      r.writeUInt32LE(hits, Request.hits);
      r.writeUInt32LE(reasonOf(block), Request.reason);
      r.writeUInt32LE(block.scan, Request.scan);
      r.writeInt32LE(Math.round(score.value * NAT), Request.score);
      r.writeUInt16LE(score.closed, Request.closed);
      r.writeUInt16LE(score.silent, Request.silent);
      r.writeUInt16LE(score.halfOpen, Request.half);
      r.writeUInt16LE(score.opened, Request.opened);
      r.writeUInt16LE(score.trust, Request.trust);
    });
  }

  /** Ends a block, or (`onlyIfOver`) clears one whose time is over. The kernel reports it as an event. */
  unblock(address: Uint8Array, onlyIfOver = false): RequestResult {
    return this.#ask(Command.UNBLOCK, (r) => {
      r.set(address, Request.addr);
      r.writeUInt32LE(onlyIfOver ? 1 : 0, Request.all);
      r.writeUInt32LE(familyOf(address), Request.family);
    });
  }

  /** Sends sum `index` to the ring when its second is over, or anyway. */
  flushSum(index: number, anyway: boolean): void {
    this.#ask(Command.FLUSH, (r) => {
      r.writeUInt32LE(index, Request.index);
      r.writeUInt32LE(anyway ? 1 : 0, Request.all);
    });
  }

  /**
   * Counts a prefix that is about to be blocked, and reports it; `full`: there are as many as may be.
   * @param seconds without: nothing is reported
   */
  countNet(prefix: AddressPrefix, seconds?: number): RequestResult {
    return this.#ask(Command.NET, (r) => {
      writePrefix(r, prefix);
      r.writeBigUInt64LE(ticksOf(seconds ?? 0), Request.ttl);
      r.writeUInt32LE(seconds === undefined ? 1 : 0, Request.all);
    });
  }

  /** Counts and reports that a prefix is blocked no more. */
  uncountNet(prefix: AddressPrefix): void {
    this.#ask(Command.NO_NET, (r) => writePrefix(r, prefix));
  }

  /** Corrects the count of blocked prefixes; nothing is reported. */
  correctNets(by: number): void {
    const command = by > 0 ? Command.NET : Command.NO_NET;
    for (let n = 0; n < Math.abs(by); n++)
      this.#ask(command, (r) => r.writeUInt32LE(1, Request.all));
  }

  /** Counts a prefix that found the list of allowed ones full. */
  countFull(): void {
    this.#ask(Command.FULL, () => {});
  }

  #ask(command: number, fill: (request: Buffer) => void): RequestResult {
    for (let tries = 0; tries < BUSY_TRIES; tries++) {
      const request = Buffer.alloc(BYTES);
      request.writeUInt32LE(command, Request.command);
      fill(request);
      runRequest(this.#program, request);
      const result = request.readInt32LE(Request.result);
      if (result === 1) return 'done';
      if (result === 0) return 'nothing';
      if (result === -1) return 'full';
    }
    return 'busy';
  }
}

function reasonOf({ byUser, confirmed }: Way): number {
  if (byUser) return BlockReason.user;
  return confirmed ? BlockReason.confirmed : BlockReason.syns;
}

function writePrefix(request: Buffer, { address, length }: AddressPrefix): void {
  request.set(address, Request.addr);
  request.writeUInt32LE(length, Request.index);
  request.writeUInt32LE(familyOf(address), Request.family);
}

function familyOf(address: Uint8Array): 4 | 6 {
  const mapped =
    address.subarray(0, 10).every((b) => b === 0) && address[10] === 0xff && address[11] === 0xff;
  return mapped ? 4 : 6;
}

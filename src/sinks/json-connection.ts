import { hash } from 'node:crypto';
import { COMMUNITY_TUPLE_MAX, communityTuple } from '../flow/community-id.ts';
import { End, Mark, Row } from '../flow/row.ts';
import type { Rows } from '../flow/table.ts';
import {
  CONN_STATES,
  ConnState,
  type ConnectionEvent,
  DIRECTIONS,
  EventCode,
  OUTCOMES,
} from '../model/events.ts';
import { isV4 } from '../wire/address.ts';
import { IpProto } from '../wire/ip-proto.ts';
import { Direction, From, Head } from '../wire/layout.gen.ts';
import { errnoName } from './errno.ts';
import { jsonName, jsonText } from './escape.ts';
import { writePackets } from './json-packets.ts';
import { writeControlBlocks } from './json-tcb.ts';
import type { Names, WallClock } from './sink.ts';
import { UtcStamp } from './stamp.ts';
import { address, ascii, decimal, digits, hex16, put } from './write.ts';

/** The fields of a `connection.*` line after `ts` and `event`, each with the comma before it. */
export class JsonConnectionWriter {
  readonly #names: Names;
  readonly #clock: WallClock;
  readonly #tcb: boolean;
  readonly #startStamp: UtcStamp = new UtcStamp();
  readonly #escaped: Map<string, Uint8Array> = new Map();
  readonly #tuple: Uint8Array = new Uint8Array(COMMUNITY_TUPLE_MAX);
  readonly #tupleIpv4: Uint8Array = this.#tuple.subarray(0, 16);

  /** @param tcb whether ends have their control blocks */
  constructor(names: Names, clock: WallClock, tcb: boolean) {
    this.#names = names;
    this.#clock = clock;
    this.#tcb = tcb;
  }

  /** @param base byte offset of the row in the table */
  write(out: Uint8Array, pos: number, event: ConnectionEvent, table: Rows, base: number): number {
    const { words, bytes } = table;
    const id = (base + Row.id) >> 2;
    let p = put(out, pos, ID);
    p = hex16(out, p, words[id]!, words[id + 1]!);
    p = put(out, p, SRC_IP);
    p = address(out, p, bytes, base + Row.src);
    p = put(out, p, SRC_PORT);
    p = port(out, p, bytes, base + Row.src_port);
    p = put(out, p, DST_IP);
    p = address(out, p, bytes, base + Row.dst);
    p = put(out, p, DST_PORT);
    p = port(out, p, bytes, base + Row.dst_port);
    p = put(out, p, protoField(bytes[base + Row.proto]!));
    p = this.#place(out, p, words[(base + Row.ifindex) >> 2]!, bytes[base + Row.direction]!);
    p = this.#communityId(out, p, bytes, base);
    p = this.#processes(out, p, table, base);
    return event === EventCode.attempt ? p : this.#result(out, p, table, base);
  }

  /** Attempts that the kernel summed: the SUM record at byte offset `at`. */
  writeSummed(
    out: Uint8Array,
    pos: number,
    words: Uint32Array,
    bytes: Uint8Array,
    at: number,
  ): number {
    let p = put(out, pos, DST_IP);
    p = address(out, p, bytes, at + Head.dst);
    p = put(out, p, DST_PORT);
    p = port(out, p, bytes, at + Head.dst_port);
    p = put(out, p, TCP);
    p = this.#place(out, p, words[(at + Head.ifindex) >> 2]!, bytes[at + Head.direction]!);
    p = number(out, p, COUNT, words[(at + Head.count) >> 2]!);
    return number(out, p, REFUSED, words[(at + Head.refused) >> 2]!);
  }

  #place(out: Uint8Array, pos: number, ifindex: number, direction: number): number {
    const p = ifindex === 0 ? pos : this.#string(out, pos, IFACE, this.#names.iface(ifindex));
    return put(out, p, PLACES[direction] ?? PLACES[0]!);
  }

  /**
   * The library's SHA-1 takes 300 ns a line on the development machine (Node 20.20; one in plain JavaScript
   * 210 ns), of a budget of 2.5 us.
   */
  #communityId(out: Uint8Array, pos: number, bytes: Uint8Array, base: number): number {
    const four = isV4(bytes, base + Row.src);
    communityTuple(
      this.#tuple,
      bytes,
      base + Row.src,
      base + Row.src_port,
      four,
      bytes[base + Row.proto]!,
    );
    const text = hash('sha1', four ? this.#tupleIpv4 : this.#tuple, 'base64');
    let p = put(out, pos, COMMUNITY_ID);
    for (let i = 0; i < text.length; i++) out[p++] = text.charCodeAt(i);
    out[p] = QUOTE;
    return p + 1;
  }

  #processes(out: Uint8Array, pos: number, table: Rows, base: number): number {
    const resp = table.bytes[base + Row.resp_from]!;
    const orig = table.bytes[base + Row.orig_from]!;
    if (table.bytes[base + Row.direction] !== Direction.LOCAL) {
      if (orig !== From.NONE) return this.#process(out, pos, table, base + Row.orig, orig, OWN);
      return this.#process(out, pos, table, base + Row.resp, resp, OWN);
    }
    const p = this.#process(out, pos, table, base + Row.orig, orig, OWN);
    return this.#process(out, p, table, base + Row.resp, resp, RESPONDER);
  }

  #process(
    out: Uint8Array,
    pos: number,
    table: Rows,
    end: number,
    from: number,
    fields: ProcessFields,
  ): number {
    if (from === From.NONE) return pos;
    const words = table.words;
    let p = number(out, pos, fields.pid, words[(end + End.pid) >> 2]!);
    p = put(out, p, fields.process);
    p = jsonName(out, p, table.bytes, end + End.comm, 16);
    p = put(out, p, fields.from);
    p = put(out, p, FROM_NAMES[from] ?? FROM_NAMES[0]!);
    p = number(out, p, fields.uid, words[(end + End.uid) >> 2]!);
    const cgroup = (end + End.cgroup) >> 2;
    return this.#string(
      out,
      p,
      fields.container,
      this.#names.container(words[cgroup]!, words[cgroup + 1]!),
    );
  }

  #result(out: Uint8Array, pos: number, table: Rows, base: number): number {
    const { words, bytes, numbers } = table;
    const startNs = numbers[(base + Row.start_ns) >> 3]!;
    const outcome = bytes[base + Row.outcome]!;
    let p = pos;
    if (outcome !== 0) {
      p = put(out, p, OUTCOME_FIELDS[outcome]!);
      const error = table.halves[(base + Row.error) >> 1]!;
      if (error !== 0) p = this.#string(out, p, ERROR, errnoName(error));
    }
    if (startNs !== 0) {
      p = put(out, p, START_TS);
      p = this.#startStamp.write(out, p, startNs / 1000 + this.#clock.offsetUs);
      out[p++] = QUOTE;
      if (outcome !== 0)
        p = microseconds(out, p, DURATION, numbers[(base + Row.event_ns) >> 3]! - startNs);
    }
    if ((table.halves[(base + Row.marks) >> 1]! & Mark.counted) !== 0) {
      p = number(out, p, ORIG_BYTES, numbers[(base + Row.orig_bytes) >> 3]!);
      p = number(out, p, RESP_BYTES, numbers[(base + Row.resp_bytes) >> 3]!);
    }
    const state = bytes[base + Row.conn_state]!;
    if (state !== ConnState.none) p = put(out, p, STATE_FIELDS[state]!);
    const rttUs = words[(base + Row.rtt_us) >> 2]!;
    if (rttUs !== 0) p = number(out, p, RTT, rttUs);
    if (outcome !== 0 && isTcp(bytes[base + Row.proto]!))
      p = number(out, p, RETRANSMITS, words[(base + Row.retransmits) >> 2]!);
    if (table.ended === undefined) return p;
    p = writePackets(out, p, table.ended);
    return this.#tcb ? writeControlBlocks(out, p, table.ended) : p;
  }

  /** A string field, left out when there is no value. */
  #string(out: Uint8Array, pos: number, field: Uint8Array, text: string | undefined): number {
    if (text === undefined) return pos;
    let escaped = this.#escaped.get(text);
    if (escaped === undefined) {
      escaped = jsonText(text.slice(0, MAX_NAME));
      if (this.#escaped.size >= MAX_NAMES) this.#escaped.clear();
      this.#escaped.set(text, escaped);
    }
    const p = put(out, put(out, pos, field), escaped);
    out[p] = QUOTE;
    return p + 1;
  }
}

/** Names kept escaped, and the longest name written: a container id has 64 characters. */
const MAX_NAMES = 4096;
const MAX_NAME = 128;

const QUOTE = 0x22;
const ID = ascii(',"id":"');
const SRC_IP = ascii('","src_ip":"');
const SRC_PORT = ascii('","src_port":');
const DST_IP = ascii(',"dst_ip":"');
const DST_PORT = ascii('","dst_port":');
const TCP = ascii(',"proto":"tcp"');
const UDP = ascii(',"proto":"udp"');
const ICMP = ascii(',"proto":"icmp"');
const IFACE = ascii(',"iface":"');
const COMMUNITY_ID = ascii(',"community_id":"1:');
const ERROR = ascii(',"error":"');
const START_TS = ascii(',"start_ts":"');
const DURATION = ascii(',"duration_s":');
const ORIG_BYTES = ascii(',"orig_bytes":');
const RESP_BYTES = ascii(',"resp_bytes":');
const RTT = ascii(',"rtt_us":');
const RETRANSMITS = ascii(',"retransmits":');
const COUNT = ascii(',"count":');
const REFUSED = ascii(',"refused":');
const PLACES = DIRECTIONS.map((name) => ascii(`,"direction":"${name}"`));
const FROM_NAMES = ['', 'connect', 'listen', 'accept', 'close'].map((name) => ascii(`${name}"`));
const OUTCOME_FIELDS = OUTCOMES.map((name) => ascii(`,"outcome":"${name}"`));
const STATE_FIELDS = CONN_STATES.map((name) => ascii(`,"conn_state":"${name}"`));

interface ProcessFields {
  readonly pid: Uint8Array;
  readonly process: Uint8Array;
  readonly from: Uint8Array;
  readonly uid: Uint8Array;
  readonly container: Uint8Array;
}

const OWN = processFields('');
const RESPONDER = processFields('resp_');

function processFields(prefix: string): ProcessFields {
  return {
    pid: ascii(`,"${prefix}pid":`),
    process: ascii(`,"${prefix}process":"`),
    from: ascii(`","${prefix}process_from":"`),
    uid: ascii(`,"${prefix}uid":`),
    container: ascii(`,"${prefix}container":"`),
  };
}

/** @param proto Row.proto */
function protoField(proto: number): Uint8Array {
  if (proto === IpProto.udp) return UDP;
  return isTcp(proto) ? TCP : ICMP;
}

function isTcp(proto: number): boolean {
  return proto === 0 || proto === IpProto.tcp;
}

function port(out: Uint8Array, pos: number, bytes: Uint8Array, at: number): number {
  return decimal(out, pos, bytes[at]! | (bytes[at + 1]! << 8));
}

function number(out: Uint8Array, pos: number, field: Uint8Array, value: number): number {
  return decimal(out, put(out, pos, field), value);
}

/** Nanoseconds as seconds with six decimals. */
function microseconds(out: Uint8Array, pos: number, field: Uint8Array, ns: number): number {
  const us = Math.max(0, Math.round(ns / 1000));
  const whole = Math.floor(us / 1e6);
  const p = number(out, pos, field, whole);
  out[p] = 0x2e; // .
  return digits(out, p + 1, us - whole * 1e6, 6);
}

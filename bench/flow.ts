/**
 * What a record costs between ring and file, in this process alone: nanoseconds of CPU per record.
 * Run: npx tsx bench/flow.ts [records] [only scenarios whose name contains this]
 */
import { closeSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Flow, FLOW_DEFAULTS } from '../src/flow/flow.ts';
import type { FlowListener } from '../src/flow/listener.ts';
import { ALL_EVENTS } from '../src/model/events.ts';
import { JsonSink } from '../src/sinks/json.ts';
import { descriptor, Output } from '../src/sinks/output.ts';
import type { Sink } from '../src/sinks/sink.ts';
import { TextSink } from '../src/sinks/text.ts';
import type { RecordBatch } from '../src/wire/batch.ts';
import { stampId } from '../src/wire/id.ts';
import { Direction, Flag, From, Head, Kind, SocketPart } from '../src/wire/layout.gen.ts';

const ATTEMPTS = Number(process.argv[2] ?? 1_000_000);
const ONLY = process.argv[3] ?? '';
const TRIPLES = Math.round(ATTEMPTS * 0.3);
const PER_BATCH = 1024;
const STEP_NS = 2500; // 400 k attempts a second
const clock = { offsetUs: 1.76e15 };
const names = { iface: () => 'eth0', container: () => undefined };

/** Batches as the ring has them: fixed memory, written again for each batch outside the time taken. */
class Ring implements RecordBatch {
  readonly words = new Uint32Array((PER_BATCH * 160) / 4);
  readonly bytes = new Uint8Array(this.words.buffer);
  readonly at = new Uint32Array(PER_BATCH);
  count = 0;
  next = 0;
  nowNs = 1e12;

  attempts(): void {
    this.count = 0;
    for (let i = 0; i < PER_BATCH; i++) this.#record(Kind.ATTEMPT, this.next++, false);
  }

  /** A third of the records each: attempt, open, close, 100 connections apart. */
  triples(): void {
    this.count = 0;
    for (let i = 0; i + 3 <= PER_BATCH; i += 3, this.next++) {
      this.#record(Kind.ATTEMPT, this.next, true);
      if (this.next >= 100) this.#record(Kind.OPEN, this.next - 100, true);
      if (this.next >= 200) this.#record(Kind.CLOSE, this.next - 200, true);
    }
  }

  #record(kind: number, n: number, whole: boolean): void {
    const { words, bytes } = this;
    const at = this.count * 160 + 8;
    this.at[this.count++] = at;
    this.nowNs += STEP_NS;
    words.fill(0, at >> 2, (at + SocketPart.size) >> 2);
    const w = at >> 2;
    words[w] = this.nowNs;
    words[w + 1] = Math.floor(this.nowNs / 2 ** 32);
    words[(at + Head.src + 8) >> 2] = 0xffff0000;
    words[(at + Head.src + 12) >> 2] = 0x0100000a + ((n >>> 15) << 16);
    words[(at + Head.dst + 8) >> 2] = 0xffff0000;
    words[(at + Head.dst + 12) >> 2] = 0x0200000a;
    words[(at + Head.src_port) >> 2] = (443 << 16) | (32768 + (n & 0x7fff));
    words[(at + Head.isn) >> 2] = n;
    bytes[at + Head.kind] = kind;
    bytes[at + Head.family] = 4;
    bytes[at + Head.direction] = whole ? Direction.OUTBOUND : Direction.INBOUND;
    bytes[at + Head.flags] = whole ? Flag.WHOLE : 0;
    words[(at + Head.ifindex) >> 2] = 2;
    words[(at + Head.count) >> 2] = 1;
    stampId(words, bytes, at);
    if (!whole) return;
    words[(at + SocketPart.comm) >> 2] = 0x6c727563; // curl
    words[(at + SocketPart.pid) >> 2] = 1234;
    words[(at + SocketPart.sent_bytes) >> 2] = 80;
    words[(at + SocketPart.received_bytes) >> 2] = 1200;
    words[(at + SocketPart.rtt_us) >> 2] = 150;
    bytes[at + SocketPart.state] = 9;
    bytes[at + SocketPart.from] = From.CONNECT;
  }
}

const silent: FlowListener = { connection() {}, summed() {}, scan() {}, block() {}, unblock() {} };

/** CPU time of this process, user and system, all its threads: other load on the machine doesn't count. */
function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function run(
  name: string,
  fill: 'attempts' | 'triples',
  records: number,
  listener: FlowListener,
  sink?: Sink,
): void {
  if (!name.includes(ONLY)) return;
  const ring = new Ring();
  const flow = new Flow({ ...FLOW_DEFAULTS, seed: 0x1234567, listener, answered: () => 0 });
  let spent = 0;
  let taken = 0;
  while (taken < records) {
    ring[fill]();
    const before = cpuUs();
    flow.take(ring);
    flow.tick(ring.nowNs);
    spent += cpuUs() - before;
    taken += ring.count;
  }
  const before = cpuUs();
  sink?.flush();
  spent += cpuUs() - before;
  const ns = (spent * 1e3) / taken;
  const rate = (1e3 / ns).toFixed(2);
  const rss = Math.round(process.memoryUsage.rss() / 2 ** 20);
  const counts = flow.counts();
  const lines = sink === undefined ? '' : `, ${sink.counts().lines} lines`;
  console.log(
    `${name.padEnd(34)} ${ns.toFixed(0).padStart(6)} ns/record  ${rate.padStart(5)} M/s  RSS ${rss} MB  live ${counts.live} evicted ${counts.evicted}${lines}`,
  );
}

function toFile(
  name: string,
  fill: 'attempts' | 'triples',
  records: number,
  path: string,
  form: 'text' | 'json',
): void {
  const fd = openSync(path, 'w');
  const output = new Output({ target: descriptor(fd, path) });
  const sink: Sink =
    form === 'text'
      ? new TextSink({ output, clock, events: ALL_EVENTS })
      : new JsonSink({ output, clock, events: ALL_EVENTS, names, host: 'bench' });
  run(name, fill, records, sink, sink);
  closeSync(fd);
}

const file = join(tmpdir(), `packetwatch-bench-${process.pid}`);
for (let round = 0; round < 2; round++) {
  run('attempts, counted', 'attempts', ATTEMPTS, silent);
  toFile('attempts, text to /dev/null', 'attempts', ATTEMPTS, '/dev/null', 'text');
  toFile('attempts, text to a file', 'attempts', ATTEMPTS, file, 'text');
  toFile('attempts, JSON to a file', 'attempts', ATTEMPTS, file, 'json');
  run('triples, counted', 'triples', TRIPLES * 3, silent);
  toFile('triples, text to /dev/null', 'triples', TRIPLES * 3, '/dev/null', 'text');
  toFile('triples, text to a file', 'triples', TRIPLES * 3, file, 'text');
  toFile('triples, JSON to a file', 'triples', TRIPLES * 3, file, 'json');
}
rmSync(file);

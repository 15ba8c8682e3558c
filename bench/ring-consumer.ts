/**
 * The reading end of row ring, a process of its own so that it can be held on one core: takes what comes in the
 * ring on descriptor 3 through the flow to counters or to JSON lines, as the program does, until standard input ends.
 *
 * usage: ring-consumer.ts bare|counted|json FILE
 */
import { openSync } from 'node:fs';
import { Flow, FLOW_DEFAULTS } from '../src/flow/flow.ts';
import type { FlowListener } from '../src/flow/listener.ts';
import { RING_SIZES } from '../src/kernel/maps.ts';
import { Ring } from '../src/kernel/ring.ts';
import { ALL_EVENTS } from '../src/model/events.ts';
import { JsonSink } from '../src/sinks/json.ts';
import { descriptor, Output } from '../src/sinks/output.ts';

/** What it prints at the end, as one JSON object. */
export interface Consumed {
  readonly records: number;
  readonly lines: number;
  readonly linesLost: number;
  /** Connections that the flow had no room for. */
  readonly evicted: number;
  readonly cpuS: number;
}

/** Between two looks when little came, as in src/agent/pace.ts. */
const LOOK_MS = 10;
const [, , mode, file] = process.argv;

const ring = new Ring(3, RING_SIZES.pw_attempts);
const counter: FlowListener = { connection() {}, summed() {}, scan() {}, block() {}, unblock() {} };
const output = new Output({
  target: descriptor(mode === 'json' ? openSync(file!, 'w') : 1, 'the file'),
});
const sink =
  mode === 'json'
    ? new JsonSink({
        output,
        clock: { offsetUs: Date.now() * 1000 - Number(process.hrtime.bigint() / 1000n) },
        events: ALL_EVENTS,
        names: { iface: () => 'eth0', container: () => undefined },
        host: 'bench',
      })
    : undefined;
const flow =
  mode === 'bare'
    ? undefined
    : new Flow({ ...FLOW_DEFAULTS, seed: 1, listener: sink ?? counter, answered: () => 0 });

let done = false;
const began = process.cpuUsage();

function look(): void {
  const nowNs = Number(process.hrtime.bigint());
  let taken = 0;
  do {
    ring.collect();
    flow?.take(ring);
    sink?.flush();
    ring.release(ring.count);
    taken += ring.count;
  } while (ring.count > 0 && taken < 131_072);
  flow?.tick(nowNs);
  sink?.flush();
  if (!done || ring.pending() > 0) setTimeout(look, taken > 65_536 ? 0 : LOOK_MS);
  else finish();
}

function finish(): void {
  const { user, system } = process.cpuUsage(began);
  sink?.stop();
  const counts = sink?.counts();
  const consumed: Consumed = {
    records: ring.records,
    lines: counts?.lines ?? 0,
    linesLost: counts?.lost ?? 0,
    evicted: flow?.counts().evicted ?? 0,
    cpuS: (user + system) / 1e6,
  };
  process.stdout.write(`${JSON.stringify(consumed)}\n`, () => process.exit(0));
}

process.stdin.on('end', () => (done = true)).resume();
process.stdout.write('ready\n');
look();

/** What fills the ring in row ring: programs in the kernel, run by BPF_PROG_TEST_RUN. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as bpf from '../src/kernel/bpf.ts';
import { BpfObject } from '../src/kernel/object.ts';
import { bpfHelper, closeFd, FRAME, Guard, sprayInto, tcpFrame } from './guard.ts';

/** Puts records into a ring: the seam for anything that can. */
export interface Producer {
  readonly name: string;
  /** Descriptor of the ring, laid out as the guard's. */
  readonly ring: number;
  /** Produces for some seconds at this rate; returns how many records were offered and for how many there was no room. */
  produce(perSecond: number, seconds: number): Promise<Produced>;
  stop(): Promise<void>;
}

export interface Produced {
  readonly offered: number;
  readonly lost: number;
}

/** Runs a program often enough for a rate, in bursts of at most 20 ms. */
async function pace(program: number, runsPerSecond: number, seconds: number): Promise<void> {
  const frame = tcpFrame(FRAME.source, 0x02);
  const began = performance.now();
  let runs = 0;
  while (runs < runsPerSecond * seconds) {
    const due = Math.floor(((performance.now() - began) / 1000) * runsPerSecond) - runs;
    const burst = Math.min(due, Math.ceil(runsPerSecond / 50));
    if (burst > 0) bpf.testRun(program, frame, burst);
    runs += Math.max(0, burst);
    if (due < runsPerSecond / 200) await sleep(2);
  }
}

/** Our own guard on SYNs of random sources: each is an attempt that nobody ever answers. */
export async function unanswered(): Promise<Producer> {
  const guard = new Guard({ sumAbove: 0xffffffff, ports: 0 });
  const program = sprayInto(await bpfHelper('spray'), guard.tcx, 'tcx/random');
  return {
    name: 'attempts without an answer',
    ring: guard.maps.fd('pw_attempts'),
    async produce(perSecond, seconds) {
      const before = guard.counters();
      await pace(program, perSecond, seconds);
      const after = guard.counters();
      return {
        offered: after.attempts - before.attempts,
        lost: after.attempts_lost - before.attempts_lost,
      };
    },
    async stop() {
      closeFd(program);
      await guard.stop();
    },
  };
}

/** Connections that are refused 100 attempts later: two records each. */
export async function answered(): Promise<Producer> {
  const guard = new Guard({});
  const ring = guard.maps.fd('pw_attempts');
  const object = new BpfObject(await bpfHelper('answered'));
  const counts = bpf.createMap(object.maps().find((map) => map.name === 'answered_counts')!);
  const program = object.load(
    'tcx/answered',
    (name) => (name === 'pw_attempts' ? ring : counts),
    () => {
      throw new Error('answered.bpf.c hooks no kernel function');
    },
  );
  const count = (index: number): number => {
    const key = Buffer.alloc(128);
    key.writeUInt32LE(index, 0);
    const value = Buffer.alloc(128);
    bpf.lookupElement(counts, key, value);
    return Number(value.readBigUInt64LE(0));
  };
  return {
    name: 'connections, each attempted and refused',
    ring,
    async produce(perSecond, seconds) {
      const before = { runs: count(0), lost: count(1) };
      await pace(program, perSecond / 2, seconds);
      return { offered: 2 * (count(0) - before.runs), lost: count(1) - before.lost };
    },
    async stop() {
      closeFd(program);
      closeFd(counts);
      await guard.stop();
    },
  };
}

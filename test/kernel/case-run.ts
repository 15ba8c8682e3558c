import { once } from 'node:events';
import { createServer } from 'node:net';
import { Detectors } from '../../src/agent/detectors.ts';
import { Flow, FLOW_DEFAULTS } from '../../src/flow/flow.ts';
import type { Scan } from '../../src/flow/listener.ts';
import { SCAN_KINDS, type ScanKindName } from '../../src/model/events.ts';
import type { Ring } from '../../src/kernel/ring.ts';
import { formatAddress } from '../../src/wire/address.ts';
import { stampId } from '../../src/wire/id.ts';
import { Direction, Flag, Head, Kind, SocketPart } from '../../src/wire/layout.gen.ts';
import { RecordWriter } from '../../src/wire/record-writer.ts';
import { attemptOf } from '../cases/attempt.ts';
import { prefixOf } from '../cases/packet-run.ts';
import type { Case, Opened } from '../cases/case.ts';
import { bytesOf, type HookName, type Rig } from './rig.ts';

/** A verdict over a case. */
export interface Found {
  readonly kind: ScanKindName;
  readonly src: string;
  readonly ports: readonly number[];
  readonly blocked: boolean;
  /** Packet time. */
  readonly atMs: number;
  /** Packets that had arrived by then, that one included. */
  readonly packets: number;
  /** SYNs of the source, over IPv6 of its /64, that the guard had let pass. */
  readonly passed: number;
  /** It would be blocked, but keeps completing handshakes. */
  readonly trusted: boolean;
}

/**
 * Plays a case to the guard and to what judges in user space, at packet time, as the program would see it: the rig's
 * clock is set for each packet. Socket events, which packets can't make, are made from the case's `opened`.
 * @param rig loaded with `setClock`
 */
export async function runCase(rig: Rig, hook: HookName, one: Case): Promise<Found[]> {
  const servers = (one.listens ?? []).map((port) => createServer().listen(port, '0.0.0.0'));
  const v6 = (one.listens ?? []).map((port) =>
    createServer().listen({ port, host: '::', ipv6Only: true }),
  );
  await Promise.all([...servers, ...v6].map((server) => once(server, 'listening')));
  try {
    return play(rig, hook, one);
  } finally {
    for (const server of [...servers, ...v6]) server.close();
  }
}

function play(rig: Rig, hook: HookName, one: Case): Found[] {
  const found: Found[] = [];
  const seen = new Set<string>();
  let nowNs = START_NS;
  let packets = 0;
  const passed = new Map<string, number>();
  const told = (scan: Scan): void => {
    const src = formatAddress(scan.bytes, scan.at);
    const kind = SCAN_KINDS[scan.kind];
    const key = `${kind} ${src} ${scan.blocked}`;
    if (seen.has(key)) return;
    seen.add(key);
    const { blocked, trusted } = scan;
    const atMs = (nowNs - START_NS) / 1e6;
    const syns = passed.get(prefixOf(src)) ?? 0;
    const ports = [...scan.ports];
    found.push({ kind, src, ports, blocked, trusted, atMs, packets, passed: syns });
  };
  const nothing = (): void => {};
  const listener = {
    connection: nothing,
    summed: nothing,
    scan: told,
    block: nothing,
    unblock: nothing,
  };
  const detectors = new Detectors({
    seed: 1,
    listener,
    reference: undefined,
    slow: { everywhere: false },
  });
  const flow = new Flow({
    ...FLOW_DEFAULTS,
    scanWindowNs: 600e9,
    seed: 1,
    listener: detectors,
    answered: (low, high) => rig.kernel.answered(low, high),
  });
  const opened = new RecordWriter();
  const look = (): void => {
    for (const ring of [rig.kernel.attempts, rig.kernel.events])
      drain(ring, (batch) => flow.take(batch));
    flow.tick(nowNs);
    if (detectors.verdicts.count > 0) flow.take(detectors.verdicts);
    detectors.verdicts.clear();
  };
  let waiting = 0;
  let lookNs = 0;
  for (const step of one.steps()) {
    nowNs = START_NS + step.atMs * 1e6;
    rig.setClock(nowNs);
    if (step.kind === 'opened') {
      rig.opened(step.src, step.dst, step.dstPort);
      look(); // its attempt comes first
      flow.take(openRecord(opened, step, nowNs));
      opened.clear();
      continue;
    }
    if (step.kind === 'in') {
      packets++;
      const src = prefixOf(sourceOf(step.frame));
      if (rig.run(hook, step.frame) === 'pass' && attemptOf(step.frame))
        passed.set(src, (passed.get(src) ?? 0) + 1);
    } else rig.leave(step.frame);
    // a verdict is told with the packet that gave it
    if (++waiting < LOOK_EVERY && nowNs < lookNs && rig.kernel.events.pending() === 0) continue;
    waiting = 0;
    lookNs = nowNs + LOOK_NS;
    look();
  }
  nowNs += 61e9;
  rig.setClock(nowNs);
  look();
  return found;
}

/** An hour after boot, so that nothing is negative. */
const START_NS = 3600e9;
/** Frames between two looks at the rings. */
const LOOK_EVERY = 2000;
const LOOK_NS = 1e9;

function openRecord(writer: RecordWriter, one: Opened, nowNs: number): RecordWriter {
  const at = writer.append(Kind.OPEN, SocketPart.size);
  writer.setU64(at + Head.ts_ns, nowNs);
  writer.bytes.set(bytesOf(one.src), at + Head.src);
  writer.bytes.set(bytesOf(one.dst), at + Head.dst);
  writer.halves[(at + Head.src_port) >> 1] = one.srcPort;
  writer.halves[(at + Head.dst_port) >> 1] = one.dstPort;
  writer.words[(at + Head.isn) >> 2] = one.isn;
  writer.bytes[at + Head.family] = one.src.includes(':') ? 6 : 4;
  writer.bytes[at + Head.direction] = Direction.INBOUND;
  writer.bytes[at + Head.flags] = Flag.WHOLE | Flag.PASSIVE;
  stampId(writer.words, writer.bytes, at);
  return writer;
}

function drain(ring: Ring, take: (batch: Ring) => void): void {
  do {
    ring.collect();
    take(ring);
    ring.release(ring.count);
  } while (ring.more);
}

/** Of an untagged frame. */
function sourceOf(frame: Uint8Array): string {
  const v6 = frame[12] === 0x86;
  const address = new Uint8Array(16);
  if (v6) address.set(frame.subarray(22, 38));
  else {
    address.fill(0xff, 10, 12);
    address.set(frame.subarray(26, 30), 12);
  }
  return formatAddress(address, 0);
}

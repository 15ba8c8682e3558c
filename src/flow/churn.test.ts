/** Connections by the million: the flow's memory is that of its bounds, whatever comes. PACKETWATCH_CHURN sets how many. */
import { expect, it } from 'vitest';
import { Direction, Flag, Head, Kind, SocketPart, VerdictPart } from '../wire/layout.gen.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { TcpState } from '../model/tcp-state.ts';
import { Flow, FLOW_DEFAULTS } from './flow.ts';

const CONNECTIONS = Number(process.env['PACKETWATCH_CHURN'] ?? 100_000);
const BATCH = 1000;
/** As many as a second of the soak. */
const PER_SECOND = 5000;
const MAPPED = 0xffff0000;

it(`of ${CONNECTIONS} connections keeps no more than its bounds`, { timeout: 600_000 }, () => {
  let told = 0;
  const count = (): void => {
    told++;
  };
  const listener = { connection: count, summed: count, scan: count, block: count, unblock: count };
  const flow = new Flow({ ...FLOW_DEFAULTS, seed: 7, listener, answered: () => 0 });
  const writer = new RecordWriter();
  let state = 1;
  const random = (): number => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return state >>> 0;
  };
  let nowNs = 1e12;
  /** A record of connection n, which comes from one of four billion addresses; every 64th has the id of another. */
  const record = (kind: keyof typeof Kind, n: number, src: number, size: number): number => {
    const at = writer.append(Kind[kind], size);
    writer.setU64(at, nowNs);
    writer.words.set([n % 64 === 0 ? 5 : n, n % 64 === 0 ? 5 : src], (at + Head.id) >> 2);
    writer.words.set([0, 0, MAPPED, src, 0, 0, MAPPED, 0x0500000a], (at + Head.src) >> 2);
    writer.halves[(at + Head.dst_port) >> 1] = n & 0xffff;
    writer.bytes[at + Head.family] = 4;
    writer.bytes[at + Head.direction] = Direction.INBOUND;
    if (size !== Head.size) writer.bytes[at + Head.flags] = Flag.WHOLE | Flag.PASSIVE;
    return at;
  };
  const one = (n: number): void => {
    nowNs += 1e9 / PER_SECOND;
    const src = random();
    record('ATTEMPT', n, src, Head.size);
    const fate = n % 4; // closes, never closes, is a scan, is never answered
    if (fate < 2) record('OPEN', n, src, SocketPart.size);
    if (fate === 0) {
      const close = record('CLOSE', n, src, SocketPart.size);
      writer.bytes[close + SocketPart.state] = TcpState.LAST_ACK;
    } else if (fate === 2) {
      const scan = record('SCAN', n, src, VerdictPart.size);
      writer.words[(scan + VerdictPart.port_count) >> 2] = 4;
      writer.bytes[scan + VerdictPart.scan] = 1;
    }
  };
  let settled = 0;
  for (let n = 0; n < CONNECTIONS; n += BATCH) {
    writer.clear();
    for (let i = n; i < n + BATCH; i++) one(i);
    flow.take(writer);
    flow.tick(nowNs);
    // by then the index has grown to what the table may hold, and each kind of thing was there
    if (settled === 0 && n > CONNECTIONS / 2) settled = process.memoryUsage().arrayBuffers;
  }
  const { live, events, existing, revived, forwarded, evicted, scans } = flow.counts();
  expect(live).toBeLessThanOrEqual(FLOW_DEFAULTS.maxConnections);
  expect(scans).toBeLessThanOrEqual(1024);
  const over = (['refused', 'timeout', 'reset', 'close'] as const).reduce(
    (sum, end) => sum + events[`connection.${end}`],
    0,
  );
  const attempts = events['connection.attempt'];
  expect(attempts + existing + revived).toBe(over + forwarded + evicted + live);
  expect(told).toBeGreaterThan(attempts);
  expect(process.memoryUsage().arrayBuffers - settled).toBeLessThan(16e6);
});

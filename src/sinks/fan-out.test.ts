import { describe, expect, it } from 'vitest';
import { type Spec, write } from '../../test/flow/records.ts';
import { Flow, FLOW_DEFAULTS } from '../flow/flow.ts';
import { ALERT_EVENTS, ALL_EVENTS } from '../model/events.ts';
import { Flag } from '../wire/layout.gen.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { AlertLines } from './alert-lines.ts';
import { AlertQueue } from './alert-queue.ts';
import { FanOut } from './fan-out.ts';
import { JsonSink } from './json.ts';
import { Output } from './output.ts';

const clock = { offsetUs: 0 };
const names = { iface: () => undefined, container: () => undefined };
const scan: Spec = { kind: 'SCAN', flags: Flag.BLOCKED, verdict: { ports: [1, 2, 3, 4] } };

/** A main output and one receiver of alerts. */
function rig(before: Output['flush'] | undefined, carry: () => Promise<void>) {
  const main: string[] = [];
  const alerts: string[] = [];
  const output = new Output({
    limit: 262_144,
    target: {
      name: 'test',
      write: (bytes, offset, length) => {
        before?.();
        main.push(new TextDecoder().decode(bytes.subarray(offset, offset + length)));
        return length;
      },
    },
  });
  const queue = new AlertQueue(
    {
      by: 'syslog',
      name: 'test',
      batch: 10,
      gatherMs: 0,
      send: (lines) => {
        alerts.push(...lines);
        return carry();
      },
      close() {},
    },
    () => {},
  );
  const sink = new FanOut(
    new JsonSink({ output, clock, names, events: ALL_EVENTS }),
    new JsonSink({ output: new AlertLines([queue]), clock, names, events: ALERT_EVENTS }),
  );
  const flow = new Flow({ ...FLOW_DEFAULTS, seed: 1, listener: sink, answered: () => 0 });
  return {
    sink,
    queue,
    alerts,
    lines: () => main.join('').split('\n').slice(0, -1),
    feed: (...specs: Spec[]) => {
      const writer = new RecordWriter();
      for (const spec of specs) write(writer, spec);
      flow.take(writer);
    },
  };
}

describe('a fan-out', () => {
  it('gives alerts to their receivers, the same lines as the main output has', async () => {
    const { sink, queue, alerts, feed, lines } = rig(undefined, () => Promise.resolve());
    feed(
      { kind: 'ATTEMPT' },
      scan,
      { kind: 'SUM', count: 3 },
      { kind: 'UNBLOCK', verdict: {} },
      { kind: 'BLOCK', verdict: {} },
    );
    sink.loss('ring', 3, 1e9);
    sink.flush();
    await queue.stop(1000);
    const wanted = lines().filter((line) => !line.includes('"connection.'));
    expect(lines()).toHaveLength(7);
    expect(wanted).toHaveLength(5);
    expect(alerts).toEqual(wanted);
    expect(sink.counts().lines).toBe(7);
    expect(sink.name).toBe('json');
  });

  it('is held back by the main output only', async () => {
    const stuck = rig(undefined, () => new Promise(() => {}));
    for (let i = 0; i < 2000; i++) stuck.feed(scan); // one scan, 2,000 blocks
    stuck.sink.flush();
    expect(stuck.sink.backlogged).toBe(false);
    expect(stuck.queue.counts()).toMatchObject({ waiting: 1000, lost: 1001 });
    await stuck.queue.stop(10);

    const blocked = (): void => {
      throw Object.assign(new Error('full'), { code: 'EAGAIN' });
    };
    const slow = rig(blocked, () => Promise.resolve());
    for (let i = 0; i < 2000; i++) slow.feed(scan);
    slow.sink.flush();
    expect(slow.sink.backlogged).toBe(true);
    slow.sink.stop();
    await slow.queue.stop(1000);
  });
});

describe('how far several sinks are', () => {
  /** A sink of which only that is asked. */
  const sinkAt = (at: { made: number; written: number }) =>
    ({ written: () => ({ ...at }) }) as unknown as JsonSink;

  it('is as far as the last of them', () => {
    const fast = { made: 0, written: 0 };
    const slow = { made: 0, written: 0 };
    const all = new FanOut(sinkAt(fast), sinkAt(slow));
    const { made, written } = all.written();
    expect(written).toBe(made);
    Object.assign(fast, { made: 100, written: 100 });
    Object.assign(slow, { made: 70 });
    const first = all.written();
    expect(first.written).toBeLessThan(first.made);
    Object.assign(fast, { made: 300, written: 300 });
    Object.assign(slow, { made: 200 });
    const second = all.written();
    expect(second.made).toBeGreaterThan(first.made);
    Object.assign(slow, { written: 70 });
    expect(all.written().written).toBe(first.made);
    Object.assign(slow, { written: 199 });
    expect(all.written().written).toBe(first.made);
    Object.assign(slow, { written: 200 });
    expect(all.written()).toEqual({ made: second.made, written: second.made });
  });

  it('keeps few states of a sink that stands still', () => {
    const fast = { made: 0, written: 0 };
    const slow = { made: 1, written: 0 };
    const all = new FanOut(sinkAt(fast), sinkAt(slow));
    for (let i = 1; i < 1000; i++) {
      fast.made = fast.written = slow.made = i;
      expect(all.written().written).toBe(0);
    }
    slow.written = slow.made;
    const { made, written } = all.written();
    expect(written).toBe(made);
  });
});

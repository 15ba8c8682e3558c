/** A flow with a sink whose output is kept: records in, lines out. */
import { lineSink } from '../../src/agent/line-sink.ts';
import { parseFilter } from '../../src/filter/filter.ts';
import { Flow, FLOW_DEFAULTS } from '../../src/flow/flow.ts';
import { ALL_EVENTS } from '../../src/model/events.ts';
import { FilteredSink } from '../../src/sinks/filtered.ts';
import { Output } from '../../src/sinks/output.ts';
import type { Format, Names, Sink } from '../../src/sinks/sink.ts';
import { RecordWriter } from '../../src/wire/record-writer.ts';
import { type Spec, write } from './records.ts';

export interface Lines {
  flow: Flow;
  sink: Sink;
  feed: (...specs: Spec[]) => void;
  /** As the agent's: `offsetUs` may be changed, as by a step of the wall clock. */
  clock: { offsetUs: number };
  /** Takes the lines written since the last call. */
  lines: () => string[];
}

/** 2021-04-28 15:28:05 UTC at 100 s of the monotonic clock. */
export const OFFSET_US = (Date.UTC(2021, 3, 28, 15, 28, 5) / 1000 - 100) * 1e6;

export function linesOf(
  form: Format,
  events: number = ALL_EVENTS,
  given: Partial<Names> = {},
  filter?: string,
  tcb = false,
): Lines {
  let written = '';
  const output = new Output({
    target: {
      name: 'test',
      write: (bytes, offset, length) => {
        written += new TextDecoder('utf-8', { fatal: true }).decode(
          bytes.subarray(offset, offset + length),
        );
        return length;
      },
    },
  });
  const clock = { offsetUs: OFFSET_US };
  const names: Names = { iface: () => 'eth0', container: () => undefined, ...given };
  const all = lineSink(form, { output, clock, events, names, tcb, host: 'web "1"' });
  const sink = filter === undefined ? all : new FilteredSink(all, parseFilter(filter));
  const flow = new Flow({
    ...FLOW_DEFAULTS,
    maxConnections: 64,
    seed: 1,
    listener: sink,
    answered: () => 0,
  });
  const writer = new RecordWriter();
  return {
    flow,
    sink,
    clock,
    feed(...specs) {
      writer.clear();
      for (const spec of specs) write(writer, spec);
      flow.take(writer);
    },
    lines() {
      sink.flush();
      const taken = written.split('\n');
      written = taken.pop()!;
      if (written !== '') throw new Error(`half a line: ${written}`);
      return taken;
    },
  };
}

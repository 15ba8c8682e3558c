import { ecsMap } from '../sinks/ecs.ts';
import { JsonSink, type JsonSinkOptions } from '../sinks/json.ts';
import type { Lines } from '../sinks/lines.ts';
import { MappedLines } from '../sinks/mapped-lines.ts';
import { ocsfMap } from '../sinks/ocsf.ts';
import type { Format, Sink } from '../sinks/sink.ts';
import { TextSink } from '../sinks/text.ts';
import { ZeekSink } from '../sinks/zeek.ts';
import { version } from './version.ts';

/** Writes lines of the form that was asked for. */
export function lineSink(format: Format, options: JsonSinkOptions): Sink & Lines {
  if (format === 'text') return new TextSink(options);
  if (format === 'json') return new JsonSink(options);
  if (format === 'ecs' || format === 'ocsf') {
    const map = (format === 'ecs' ? ecsMap : ocsfMap)(version);
    return new JsonSink({ ...options, output: new MappedLines(options.output, map) }, format);
  }
  return new ZeekSink(format, options);
}

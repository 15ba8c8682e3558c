import type { FlowListener } from '../flow/listener.ts';
import type { Written } from '../sources/source.ts';

/** The forms of lines, as `-o` names them. */
export const FORMATS = ['text', 'json', 'zeek', 'zeek-json', 'ecs', 'ocsf'] as const;

export type Format = (typeof FORMATS)[number];

/** Where events go: one line each. */
export interface Sink extends FlowListener {
  readonly name: Format;
  /** Tells that events were lost: how many, and where (ring, table, output, ...). */
  loss(where: string, count: number, nowNs: number): void;
  /** Tells what a plugin found. */
  plugin(event: PluginEvent): void;
  /** Hands on what is buffered; throws OperatorError, once, when the output is gone. */
  flush(): void;
  /** The output can't take more at the moment: leave the records where they are and flush again later. */
  readonly backlogged: boolean;
  /** The output takes no lines at the moment: they are lost, and counted. */
  readonly full: boolean;
  /** How far the lines have come. */
  written(): Written;
  counts(): SinkCounts;
  /** Flushes what can be. */
  stop(): void;
}

/** An event that a plugin tells. */
export interface PluginEvent {
  readonly name: string;
  readonly plugin: string;
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly tsNs: number;
  /** For people; any characters. */
  readonly text: string;
  /** Members of a JSON object, as JSON.stringify writes them. */
  readonly json: string;
}

/** Which events of plugins are told; undefined: all. */
export type PluginEvents = ReadonlySet<string> | undefined;

export interface SinkCounts {
  /** Lines written or buffered. */
  readonly lines: number;
  /** Bytes written. */
  readonly bytes: number;
  /** Lines that the output could not take. */
  readonly lost: number;
  /** Events that the filter held back; absent: there is no filter. */
  readonly filtered?: number;
}

/** Turns the monotonic time of records into wall time; the agent keeps the offset current. */
export interface WallClock {
  /** wall time in microseconds since 1970 = monotonic nanoseconds / 1000 + this */
  readonly offsetUs: number;
}

/** Names that only the caller can look up; it caches them. */
export interface Names {
  /** Of whom the event at hand tells, where that isn't this host. */
  readonly host?: string | undefined;
  iface(ifindex: number): string | undefined;
  container(cgroupLo: number, cgroupHi: number): string | undefined;
}

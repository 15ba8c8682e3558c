import type { PluginMap } from '../kernel/plugin-map.ts';

/** What an event may say beside its name and time. */
export type Field = string | number | boolean | readonly (string | number)[];

/** What a decoder has of the running program. */
export interface PluginHost {
  /**
   * Tells an event.
   * @param name one of the manifest's
   * @param text the line of `-o text`, without the time
   * @param fields of the line of `-o json`
   * @param tsNs when it was, as bpf_ktime_get_ns() says; now, when left out
   */
  event(name: string, text: string, fields?: Readonly<Record<string, Field>>, tsNs?: number): void;
  /** A map of the plugin's own, by the name in its source. */
  map(name: string): PluginMap;
  /**
   * Runs an iterator, `iter/tcp` for example, and hands on what it writes.
   * @param size bytes of one read at most; a kernel that has more is asked again
   * @param take returns false to stop
   */
  iterate(section: string, size: number, take: (chunk: Buffer) => boolean): void;
  /** Name of an interface; `#3` when it is not known. */
  iface(ifindex: number): string;
}

/** Tells the value of one of the manifest's metrics; labels as the manifest has them. */
export type PutMetric = (
  name: string,
  value: number,
  labels?: Readonly<Record<string, string>>,
) => void;

/** What a plugin's module makes: all of it runs in the program's own thread, so that it must be quick. */
export interface Decoder {
  /** A record of the plugin's ring. Its bytes are the ring's again afterwards. */
  record?(record: Buffer): void;
  /** About once a second. @param nowNs CLOCK_MONOTONIC, nanoseconds */
  tick?(nowNs: number): void;
  /** At each scrape of the metrics. */
  metrics?(put: PutMetric): void;
  /** At the end. */
  stop?(): void;
}

/** The default export of a plugin's module. Its programs are loaded, and see nothing yet. */
export type CreateDecoder = (host: PluginHost) => Decoder;

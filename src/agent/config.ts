import type { ListenAddress } from '../api/address.ts';
import type { TlsFiles } from '../api/certificate.ts';
import type { Filter } from '../filter/filter.ts';
import type { AttachMode } from '../kernel/hook-plan.ts';
import { type KernelOptions, kernelDefaults } from '../kernel/options.ts';
import { ALL_EVENTS, type EventMask } from '../model/events.ts';
import type { FoundPlugin } from '../plugins/folder.ts';
import type { Format } from '../sinks/sink.ts';
import type { SyslogTarget } from '../sinks/syslog.ts';
import type { StoreConfig } from '../store/store.ts';
import type { WebhookOptions } from '../sinks/webhook.ts';

export type SourceName = 'auto' | 'ebpf' | 'pcap' | 'proc';
/** Who acts on a verdict: nobody, the guard in the kernel, the host's firewall. */
export type Blocking = 'off' | 'bpf' | 'nft';

/** What a scan is. */
export interface Rule {
  readonly name: 'reference' | 'weighted';
  /** Of the reference rule: more distinct ports are a scan. */
  readonly ports: number;
  readonly windowSeconds: number;
}

/** Who gets alerts besides standard output. */
export interface AlertConfig {
  readonly webhook: WebhookOptions | undefined;
  readonly syslog: SyslogTarget | undefined;
}

/** What `packetwatch watch` was asked for. */
export interface WatchConfig {
  readonly source: SourceName;
  /** Between two reads of the proc source. */
  readonly intervalSeconds: number;
  /** Empty: all with a non-link-local address, and lo. */
  readonly interfaces: readonly string[];
  readonly attach: AttachMode;
  readonly block: Blocking;
  /** Its `block` is that of `bpf`. */
  readonly kernel: KernelOptions;
  readonly format: Format;
  /** Where lines go; undefined: to standard output. */
  readonly logFile: string | undefined;
  readonly events: EventMask;
  /** Of plugins, by name; undefined: all. */
  readonly pluginEvents: ReadonlySet<string> | undefined;
  readonly plugins: readonly FoundPlugin[];
  readonly alerts: AlertConfig;
  /** Where the page, the API and metrics are served; undefined: nowhere. */
  readonly listen: ListenAddress | undefined;
  /** What TLS is spoken with there; undefined: HTTP without it. */
  readonly tls: TlsFiles | undefined;
  /** Where events are kept; undefined: nowhere. */
  readonly store: StoreConfig | undefined;
  /** Which events are told; undefined: all. Detection and blocking don't know it. */
  readonly filter: Filter | undefined;
  /** Take over from the program that runs. */
  readonly replace: boolean;
  /** Undefined: until a signal. */
  readonly durationSeconds: number | undefined;
}

export const watchDefaults: WatchConfig = {
  source: 'auto',
  intervalSeconds: 10,
  interfaces: [],
  attach: 'auto',
  block: 'off',
  kernel: kernelDefaults,
  format: 'text',
  logFile: undefined,
  events: ALL_EVENTS,
  pluginEvents: undefined,
  plugins: [],
  alerts: { webhook: undefined, syslog: undefined },
  listen: undefined,
  tls: undefined,
  store: undefined,
  filter: undefined,
  replace: false,
  durationSeconds: undefined,
};

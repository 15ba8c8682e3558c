import { randomBytes } from 'node:crypto';
import { Firewall } from '../guard/firewall.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { OperatorError } from '../model/errors.ts';
import type { Plugins } from '../plugins/plugins.ts';
import { EbpfSource } from '../sources/ebpf.ts';
import { Interfaces } from '../sources/interfaces.ts';
import { PcapSource } from '../sources/pcap.ts';
import { ProcSource } from '../sources/proc.ts';
import type { Source } from '../sources/source.ts';
import { monotonicNs } from '../kernel/monotonic.ts';
import type { WatchConfig } from './config.ts';
import { kernelsOwn } from './fallback.ts';
import { Protection } from './protection.ts';
import { sweepGone } from './sweep.ts';
import { version } from './version.ts';

const SECOND_NS = 1e9;

/** What is watched, and what comes with it. */
export interface Opened {
  readonly source: Source;
  /** Of a source that sees packets. */
  readonly interfaces?: Interfaces;
  /** With the kernel as source: keeps its owner from being locked out. */
  readonly protection?: Protection | undefined;
  /** With --block=nft. */
  readonly firewall?: Firewall | undefined;
}

/** The kernel as source on its way: loaded first, which changes nothing, and then attached. */
export class EbpfOpening {
  readonly #source: EbpfSource;
  readonly #interfaces = new Interfaces();
  #firewall: Firewall | undefined;
  #protection: Protection | undefined;

  constructor(config: WatchConfig, note: (line: string) => void, plugins: Plugins) {
    const interfaces = this.#interfaces;
    this.#source = new EbpfSource({
      kernel: config.kernel,
      attach: config.attach,
      interfaces,
      asked: config.interfaces,
      owner: {
        version,
        pid: process.pid,
        uid: process.geteuid!(),
        since: new Date().toISOString(),
      },
      beforeAttach: (kernel) => {
        const firewall = openFirewall(config, kernel, note);
        this.#firewall = firewall;
        this.#protection = new Protection({ kernel, interfaces, firewall, note });
        this.#protection.start();
      },
      loadMore: (kernel) => plugins.load(kernel),
      unloadMore: () => plugins.stop(),
    });
  }

  /** Another program may run meanwhile; `start` may follow, or `close`. */
  load(): void {
    this.#interfaces.start();
    this.#source.load();
  }

  /** Lets go of what is loaded, or was when that failed. */
  close(): void {
    this.#source.leave();
    this.#interfaces.stop();
  }

  /** Attaches the guard. The never-block list and the plugins are there before the first packet is judged. */
  start(): Opened {
    this.#interfaces.start();
    try {
      this.#source.load(); // says what is wrong with where pins are, before anything is looked for there
      sweepGone();
      this.#source.start();
    } catch (error) {
      this.#protection?.stop();
      this.close();
      this.#firewall?.stop(monotonicNs()); // deletes its table, unless an earlier run's blocks are in it
      throw error;
    }
    return {
      source: this.#source,
      interfaces: this.#interfaces,
      protection: this.#protection,
      firewall: this.#firewall,
    };
  }
}

function openFirewall(
  { block, kernel: options }: WatchConfig,
  kernel: Kernel,
  note: (line: string) => void,
): Firewall | undefined {
  if (block !== 'nft' || options.dryRun) return undefined;
  const firewall = new Firewall({
    ttlNs: options.blockSeconds * SECOND_NS,
    confirmedNs: options.confirmedSeconds * SECOND_NS,
    blockMax: options.blockMax,
    cutEstablished: options.blockEstablished,
    isNever: (address) => kernel.never.covers({ address, length: 128 }),
    note,
  });
  firewall.start(monotonicNs());
  return firewall;
}

/** Packets as source; throws OperatorError for what it can't do. */
export function openPcap(config: WatchConfig): Opened {
  refuseKernelsOwn(config);
  const interfaces = new Interfaces();
  interfaces.start();
  const seed = randomBytes(4).readUInt32LE(0);
  const source = new PcapSource({ interfaces, asked: config.interfaces, seed });
  try {
    source.start();
  } catch (error) {
    interfaces.stop();
    throw error;
  }
  return { source, interfaces };
}

/** /proc as source; throws OperatorError for what it can't do. */
export function openProc(config: WatchConfig): Opened {
  refuseKernelsOwn(config);
  if (config.interfaces.length > 0)
    throw new OperatorError(
      '/proc tells nothing of interfaces',
      'leave -i out, or use --source ebpf as root',
    );
  const source = new ProcSource({ intervalMs: config.intervalSeconds * 1000 });
  source.start();
  return { source };
}

function refuseKernelsOwn(config: WatchConfig): void {
  const refusal = kernelsOwn(config);
  if (refusal) throw refusal;
}

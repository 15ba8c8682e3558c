import { requireCapabilities } from '../kernel/capabilities.ts';
import { requireObjects } from '../kernel/objects.ts';
import type { Plugins } from '../plugins/plugins.ts';
import type { WatchConfig } from './config.ts';
import { describe, isFallback, orFallBack } from './fallback.ts';
import { EbpfOpening, type Opened, openPcap, openProc } from './open.ts';

export interface OpenSourceOptions {
  readonly config: WatchConfig;
  readonly note: (line: string) => void;
  /** For the kernel as source. */
  readonly plugins: Plugins;
  /**
   * Makes this the one program of its network namespace; may be asked again.
   * @param load what takes time and changes nothing, done before another program ends for this one
   */
  readonly claim: (load?: () => void) => Promise<void>;
  /** Throws when nothing is to be attached after all. */
  readonly beforeAttach: () => void;
}

/** Opens the source that was asked for, or with `auto` the first of ebpf, pcap and proc that can be had. */
export async function openSource(options: OpenSourceOptions): Promise<Opened> {
  const { config, note, plugins, claim, beforeAttach } = options;
  const { source } = config;
  const opening = new EbpfOpening(config, note, plugins);
  const orPackets = <T>(step: () => T | Promise<T>) =>
    orFallBack(config, note, 'reading packets', step);
  const claimed =
    (source === 'auto' || source === 'ebpf') &&
    (await orPackets(async () => {
      requireObjects();
      requireCapabilities();
      try {
        await claim(() => opening.load());
      } catch (error) {
        opening.close();
        throw error;
      }
      return true;
    }));
  beforeAttach();
  const ebpf = claimed ? await orPackets(() => opening.start()) : undefined;
  if (ebpf) return ebpf;
  const pcap =
    source === 'proc'
      ? undefined
      : await orFallBack(config, note, 'reading /proc', () => openClaimedPcap(options));
  return pcap ?? openProc(config);
}

/** Who only reads packets runs all the same where it can't take commands. */
async function openClaimedPcap({ config, note, claim }: OpenSourceOptions): Promise<Opened> {
  const opened = openPcap(config);
  try {
    await claim();
  } catch (error) {
    if (!isFallback(error)) {
      opened.source.stop();
      opened.interfaces?.stop();
      throw error;
    }
    note(`\`packetwatch status\` can't ask this program: ${describe(error)}`);
  }
  return opened;
}

/** What the kernel programs are told when they are loaded; see struct pw_options in bpf/state.h. */
export interface KernelOptions {
  /** By the number of ports, or by what becomes of them (bpf/score.h). */
  readonly rule: 'reference' | 'weighted';
  /** T of the reference rule; 0 turns judging off. */
  readonly ports: number;
  readonly windowSeconds: number;
  /** A verdict blocks its source. */
  readonly block: boolean;
  readonly dryRun: boolean;
  readonly blockSeconds: number;
  /** The same of a source that has completed handshakes with three ports. */
  readonly confirmedSeconds: number;
  /** After so long a scan that goes on is a verdict again; 0: never. For blocks that others hold. */
  readonly retellSeconds: number;
  readonly blockMax: number;
  readonly blockEstablished: boolean;
  /** Attempts are reported (only a bench turns this off). */
  readonly events: boolean;
  readonly allNetns: boolean;
  /** Attempts per second and CPU above which they are summed. */
  readonly sumAbove: number;
  /** Bits of an IPv6 source that are judged and blocked. */
  readonly v6Prefix: number;
  /** Time is what pw_shared says (tests and benches). */
  readonly setClock: boolean;
  /** At XDP, plugins see what the guard lets pass. */
  readonly plugins: boolean;
}

export const kernelDefaults: KernelOptions = {
  rule: 'reference',
  ports: 3,
  windowSeconds: 60,
  block: false,
  dryRun: false,
  blockSeconds: 60,
  confirmedSeconds: 600,
  retellSeconds: 0,
  blockMax: 10_000,
  blockEstablished: false,
  events: true,
  allNetns: false,
  sumAbove: 100_000,
  v6Prefix: 64,
  setClock: false,
  plugins: false,
};

/** Ports remembered of each pair, at most; PW_MAX_PORTS and PW_ODD_PORTS of bpf/state.h. */
const MAX_PORTS = 15;
const ODD_PORTS = 3;

/** The kernel's tick: 2^10 ns. */
export const TICK_NS = 1024;

/** Nanoseconds of `seconds`, in ticks. */
export function ticksOf(seconds: number): bigint {
  return (BigInt(Math.round(seconds * 1e6)) * 1000n) / BigInt(TICK_NS);
}

/** Writes the options into an object's `.rodata`. */
export function writeOptions(
  rodata: Buffer,
  offsets: ReadonlyMap<string, number>,
  options: KernelOptions,
  facts: { readonly seed: bigint; readonly netns: bigint; readonly layer3: boolean },
): void {
  const at = (name: string): number => {
    const offset = offsets.get(name);
    if (offset === undefined) throw new Error(`struct pw_options has no ${name}`);
    return offset;
  };
  rodata.writeBigUInt64LE(facts.seed, at('seed'));
  rodata.writeBigUInt64LE(facts.netns, at('netns'));
  rodata.writeBigUInt64LE(ticksOf(options.windowSeconds), at('window_ticks'));
  rodata.writeBigUInt64LE(ticksOf(options.blockSeconds), at('ttl_ticks'));
  rodata.writeBigUInt64LE(ticksOf(options.confirmedSeconds), at('confirmed_ticks'));
  rodata.writeUInt32LE(options.ports, at('ports'));
  const weighted = options.rule === 'weighted';
  rodata.writeUInt32LE(weighted ? MAX_PORTS : Math.max(options.ports, ODD_PORTS), at('slots'));
  rodata.writeUInt32LE(options.blockMax, at('block_max'));
  rodata.writeUInt32LE(Math.ceil((options.retellSeconds * 1e9) / 2 ** 26), at('retell'));
  rodata.writeUInt32LE(options.sumAbove, at('sum_above'));
  for (let word = 0; word < 4; word++) {
    const bits = Math.min(32, Math.max(0, options.v6Prefix - word * 32));
    rodata.writeUInt32BE(
      bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0,
      at('v6_mask') + word * 4,
    );
  }
  const flag = (name: string, on: boolean): void => {
    rodata.writeUInt8(on ? 1 : 0, at(name));
  };
  flag('block', options.block);
  flag('dry_run', options.dryRun);
  flag('block_established', options.blockEstablished);
  flag('events', options.events);
  flag('all_netns', options.allNetns);
  flag('layer3', facts.layer3);
  flag('weighted', weighted);
  flag('set_clock', options.setClock);
  flag('plugins', options.plugins);
}

/** What the kernel programs are told when they are loaded; see struct pw_options in bpf/state.h. */
export interface KernelOptions {
  /** T of the reference rule; 0 turns judging off. */
  readonly ports: number;
  readonly windowSeconds: number;
  /** A verdict blocks its source. */
  readonly block: boolean;
  readonly dryRun: boolean;
  readonly blockSeconds: number;
  readonly blockMax: number;
  readonly blockEstablished: boolean;
  /** Attempts are reported (only a bench turns this off). */
  readonly events: boolean;
  readonly allNetns: boolean;
  /** Attempts per second and CPU above which they are summed. */
  readonly sumAbove: number;
  /** Bits of an IPv6 source that are judged and blocked. */
  readonly v6Prefix: number;
}

export const kernelDefaults: KernelOptions = {
  ports: 3,
  windowSeconds: 60,
  block: false,
  dryRun: false,
  blockSeconds: 60,
  blockMax: 10_000,
  blockEstablished: false,
  events: true,
  allNetns: false,
  sumAbove: 100_000,
  v6Prefix: 64,
};

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
  rodata.writeUInt32LE(options.ports, at('ports'));
  rodata.writeUInt32LE(options.blockMax, at('block_max'));
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
}

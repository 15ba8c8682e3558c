import { OperatorError } from '../model/errors.ts';
import type { WatchConfig } from './config.ts';

/**
 * Takes a step that needs the kernel. Undefined: it can't be had here, and --source auto goes on with /proc, which is
 * noted. Throws what the step threw where nothing but the kernel does.
 */
export async function orFallBack<T>(
  { source, block, attach, plugins }: WatchConfig,
  note: (line: string) => void,
  step: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    const wantsKernel = source === 'ebpf' || block !== 'off' || attach !== 'auto';
    if (wantsKernel || plugins.length > 0 || !isFallback(error)) throw error;
    note(`${describe(error)}; reading /proc instead`);
    return undefined;
  }
}

/** May `auto` go on without the kernel? Not when another instance runs, or the operator named what isn't there. */
function isFallback(error: unknown): boolean {
  return error instanceof OperatorError
    ? !/already running|no interface/.test(error.message)
    : (error as NodeJS.ErrnoException).code === 'EACCES' ||
        (error as NodeJS.ErrnoException).code === 'EPERM';
}

function describe(error: unknown): string {
  if (error instanceof OperatorError) return `${error.message} (${error.hint})`;
  return error instanceof Error ? error.message : String(error);
}

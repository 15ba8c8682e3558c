import { errorText, OperatorError } from '../model/errors.ts';
import type { WatchConfig } from './config.ts';

/**
 * Takes a step that a source needs. Undefined: it can't be had here, and --source auto goes on with the next one, which
 * is noted. Throws what the step threw where no other source does.
 * @param next what is done instead
 */
export async function orFallBack<T>(
  config: WatchConfig,
  note: (line: string) => void,
  next: string,
  step: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    const onlyKernel = kernelsOwn(config) !== undefined || config.kernel.rule === 'weighted';
    if (config.source !== 'auto' || onlyKernel || !isFallback(error)) throw error;
    note(`${describe(error)}; ${next} instead`);
    return undefined;
  }
}

/** The option that was given and that only the kernel's own events can serve; undefined: none. */
export function kernelsOwn({ block, attach, plugins, kernel }: WatchConfig): string | undefined {
  if (block !== 'off') return '--block';
  if (plugins.length > 0) return '--plugin';
  if (attach !== 'auto') return '--attach';
  return kernel.allNetns ? '--all-netns' : undefined;
}

/** May another source go on? Not when another instance runs, or the operator named what isn't there. */
export function isFallback(error: unknown): boolean {
  return error instanceof OperatorError
    ? !/already running|no interface/.test(error.message)
    : (error as NodeJS.ErrnoException).code === 'EACCES' ||
        (error as NodeJS.ErrnoException).code === 'EPERM';
}

/** An error as part of a line. */
export function describe(error: unknown): string {
  if (error instanceof OperatorError) return `${error.message} (${error.hint})`;
  return errorText(error);
}

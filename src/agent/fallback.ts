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
    if (config.source !== 'auto' || kernelsOwn(config) || !isFallback(error)) throw error;
    note(`${describe(error)}; ${next} instead`);
    return undefined;
  }
}

/** Why no source but the kernel can do what was asked for; undefined: any can. */
export function kernelsOwn(config: WatchConfig): OperatorError | undefined {
  const option = kernelsOption(config);
  if (option !== undefined)
    return new OperatorError(
      `${option} needs the kernel, and --source ${config.source} only reads`,
      'use --source ebpf as root',
    );
  if (config.kernel.rule === 'weighted')
    return new OperatorError(
      'the weighted rule weighs what becomes of attempts, which only the kernel sees in time',
      'use --rule reference, or --source ebpf as root',
    );
  return undefined;
}

function kernelsOption({ block, attach, plugins, kernel }: WatchConfig): string | undefined {
  if (block !== 'off') return '--block';
  if (plugins.length > 0) return '--plugin';
  if (attach !== 'auto') return '--attach';
  return kernel.allNetns ? '--all-netns' : undefined;
}

/** May another source go on? */
export function isFallback(error: unknown): boolean {
  return error instanceof OperatorError
    ? !error.final
    : (error as NodeJS.ErrnoException).code === 'EACCES' ||
        (error as NodeJS.ErrnoException).code === 'EPERM';
}

/** An error as part of a line. */
export function describe(error: unknown): string {
  if (error instanceof OperatorError) return `${error.message} (${error.hint})`;
  return errorText(error);
}

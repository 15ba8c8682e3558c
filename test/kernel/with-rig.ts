import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { KernelOptions } from '../../src/kernel/options.ts';
import { missing, Rig } from './rig.ts';

/**
 * One rig for the tests of a describe block; each begins with empty tables. Where the kernel can't be asked they are
 * skipped, with the reason.
 */
export function withRig(options: Partial<KernelOptions> = {}): () => Rig {
  let rig: Rig | undefined;
  beforeAll(() => {
    if (missing === undefined) rig = new Rig(options);
  });
  beforeEach(({ skip }) => {
    skip(missing !== undefined, missing);
    rig!.reset();
  });
  afterAll(() => rig?.stop());
  return () => rig!;
}

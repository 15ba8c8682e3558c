import { describe, expect, it } from 'vitest';
import { objectInfo } from '../../src/kernel/bpf.ts';
import { BpfObject } from '../../src/kernel/object.ts';
import { objectPath } from '../../src/kernel/objects.ts';
import { kernelDefaults } from '../../src/kernel/options.ts';
import { Programs } from '../../src/kernel/programs.ts';
import { withRig } from './with-rig.ts';

/** Offset of verified_insns in struct bpf_prog_info (linux/bpf.h, since 5.16): instructions that the verifier followed. */
const VERIFIED = 216;
/** BPF_COMPLEXITY_LIMIT_INSNS in the kernel's include/linux/bpf.h: it gives up behind so many. */
const LIMIT = 1_000_000;

/** Under each of these other parts of the programs are there. */
const RULES = {
  'by the number of ports': {},
  'with 15 ports and blocks': { ports: 15, block: true, blockEstablished: true },
  'by outcomes, with blocks': { rule: 'weighted', block: true },
} as const;

describe('the verifier follows at most a tenth of what it is willing to', () => {
  const rig = withRig();

  it.each(Object.entries(RULES))('%s', (_, options) => {
    const programs = new Programs(rig().kernel.maps, { ...kernelDefaults, ...options });
    try {
      const followed = ['guard', 'sockets'].flatMap((name) => {
        const object = new BpfObject(objectPath(name));
        return object.programs().map((section) => ({
          section: `${name} ${section}`,
          instructions: objectInfo(programs.program(object, section)).readUInt32LE(VERIFIED),
        }));
      });
      // 0 would be another field
      const wrong = followed.filter(({ instructions: n }) => n === 0 || n > LIMIT / 10);
      expect(wrong).toEqual([]);
    } finally {
      programs.stop();
    }
  });
});

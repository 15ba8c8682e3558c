import { describe } from 'vitest';
import { type Judge, type Rule, referenceRuleSuite } from '../contract/reference-rule.ts';
import { tcpFrame } from '../support/frames.ts';
import { HOOKS, type HookName, VICTIM, VICTIM6 } from './rig.ts';
import { withRig } from './with-rig.ts';

const rig = withRig();

function judge(hook: HookName, rule: Rule): Judge {
  rig().reset();
  rig().setLocals([VICTIM, '10.0.0.6', VICTIM6, `${VICTIM6}:1`]);
  const guard = rig().guard(hook, rule);
  return {
    syn(_, src, dst, dstPort) {
      guard(tcpFrame({ src, dst, dstPort }));
      const scan = rig()
        .records()
        .find((record) => record.kind === 'SCAN');
      if (!scan) return undefined;
      const { ports, portCount, syns } = scan.verdict!;
      return {
        src: addressOf(scan.src),
        dst: addressOf(scan.dst),
        ports: ports.slice(0, portCount),
        syns,
      };
    },
  };
}

/** Of `1.2.3.4:80` or `[::1]:80`. */
function addressOf(end: string): string {
  return end.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}

// The kernel has its own clock: a machine that sleeps 150 ms too long may judge otherwise.
describe.each(HOOKS)('%s', { retry: 3 }, (hook) => {
  referenceRuleSuite(`the kernel, ${hook}`, (rule) => judge(hook, rule), { time: 'real' });
});

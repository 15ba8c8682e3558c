import { describe } from 'vitest';
import { type Judge, type Rule, referenceRuleSuite } from '../contract/reference-rule.ts';
import { tcpFrame } from '../support/frames.ts';
import { HOOKS, type HookName, VICTIM, VICTIM6 } from './rig.ts';
import { withRig } from './with-rig.ts';

const rig = withRig({ setClock: true });

function judge(hook: HookName, rule: Rule): Judge {
  rig().reset();
  rig().setLocals([VICTIM, '10.0.0.6', VICTIM6, `${VICTIM6}:1`]);
  const guard = rig().guard(hook, rule);
  return {
    syn(nowNs, src, dst, dstPort) {
      rig().setClock(BOOT_NS + nowNs);
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

/** Far enough from boot that a step back is none to before it. */
const BOOT_NS = 1e12;

describe.each(HOOKS)('%s', (hook) => {
  referenceRuleSuite(`the kernel, ${hook}`, (rule) => judge(hook, rule));
});

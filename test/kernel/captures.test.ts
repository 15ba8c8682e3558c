/** What is found of the same packets by the kernel and in a capture: kinds, sources, ports and who is trusted. */
import { describe, expect, it } from 'vitest';
import { HONEST, SCANS } from '../cases/cases.ts';
import { LOCAL4, LOCAL6 } from '../cases/host.ts';
import { RULES, scansOf } from '../cases/packet-run.ts';
import { runCase } from './case-run.ts';
import { withRig } from './with-rig.ts';

/** What the rules judge in different ways, in one family or the other. */
const CASES = {
  weighted: [
    'nmap -sS -T4, IPv6',
    'nmap -sS -T4, filtered',
    'nmap -sF -T4, IPv6',
    'nmap -sW -T4',
    'horizontal, open port, IPv6',
    'horizontal, filtered port',
    'nmap -sS -D, five decoys',
    'a real connection before each probe',
    'FTP, passive, IPv6',
  ],
  reference: [
    'nmap -sS -T4',
    'nmap -sN -T4, IPv6',
    'nmap -sX -T4',
    'nmap -sM -T4, IPv6',
    'nmap -sA -T4',
    'nmap -sS --scanflags SYNFIN -T4, IPv6',
    'nmap -sU -T5',
    'horizontal, closed port, IPv6',
    'one port per 10 minutes',
    'port knocking',
  ],
} as const;

const OURS: ReadonlySet<string> = new Set([...LOCAL4, ...LOCAL6]);

interface Told {
  readonly kind: string;
  readonly src: string;
  readonly ports: readonly number[];
  readonly trusted: boolean;
}

/** The first scan of each kind and source. */
function firsts(found: readonly Told[]): string[] {
  const known = new Map<string, string>();
  for (const { kind, src, ports, trusted } of found) {
    const key = `${kind} ${src}`;
    if (!known.has(key)) known.set(key, `${key} ${ports.join()}${trusted ? ' trusted' : ''}`);
  }
  return [...known.values()].sort();
}

describe.each(['weighted', 'reference'] as const)('the %s rule', (rule) => {
  const { windowSeconds } = RULES[rule];
  const rig = withRig({ rule, windowSeconds, setClock: true });

  it.each(CASES[rule])('%s', async (name) => {
    const one = [...HONEST, ...SCANS].find((each) => each.name === name)!;
    rig().setLocals([...LOCAL4, ...LOCAL6]);
    const live = await runCase(rig(), 'tcx', one);
    // a host's own connections are no scans of it, but a capture doesn't tell who is at home
    const captured = scansOf(one, RULES[rule]).filter(({ src }) => !OURS.has(src));
    expect(firsts(captured)).toEqual(firsts(live));
    expect(live.length > 0).toBe(!one.honest || rule === 'reference');
  });
});

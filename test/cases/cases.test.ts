import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Answers, answersOf } from './answers.ts';
import type { Case, Step } from './case.ts';
import { HONEST, SCANS } from './cases.ts';
import { LOCAL4, LOCAL6 } from './host.ts';

/** Honest clients whom both simple rules block, over IPv4 and over IPv6. */
const BLOCKED_HONEST = new Set([
  "forged SYNs in a partner's name",
  'health checks, half-open',
  'health checks, full',
  '16 service ports, in parallel',
  '16 service ports, in turns',
  'service restart',
  'monitoring system',
  'SYN retransmits to 5 filtered ports',
  'FTP, passive',
  'FTP, active, we fetch',
  'RPC and NFS',
  'mail client, autodiscovery',
  'port knocking',
  'NAT address with 200 users',
  'segments of connections from before our reboot',
]);

/** Scans that neither rule sees: no SYN, nothing that is a SYN in a packet of its own, or too slow. */
const UNSEEN = [/-s[NFXMAWU]/, /SYNFIN/, /^one port per/, /^horizontal/, / -f$/];

const plainName = (one: Case): string => one.name.replace(/, IPv6$/, '');

describe.each(HONEST)('$name', (one) => {
  it('is blocked by the simple rules, or not', { timeout: 60_000 }, () => {
    const { packets, reference, nft } = checkedAnswers(one);
    const blocks = BLOCKED_HONEST.has(plainName(one));
    expect([reference.blocks, nft.blocks]).toEqual([blocks, blocks]);
    expect(packets).toBeGreaterThan(40);
    expect(packets).toBeLessThan(200_000);
  });
});

describe.each(SCANS)('$name', (one) => {
  it('is found by the simple rules, or not', () => {
    const { reference, nft } = checkedAnswers(one);
    const unseen = UNSEEN.some((name) => name.test(plainName(one)));
    // The one reads no flags beyond a whole header, the other counts each address of a /64 by itself.
    const differ = { reference: /--mtu 16/, nft: /all of a \/64/ };
    expect({ reference: reference.blocks, nft: nft.blocks }).toEqual({
      reference: !unseen && !differ.reference.test(one.name),
      nft: !unseen && !differ.nft.test(one.name),
    });
  });
});

describe('all cases', () => {
  const all = [...HONEST, ...SCANS];

  it('have names of their own', () => {
    expect(new Set(all.map((one) => one.name)).size).toBe(all.length);
  });

  it('say whom to find, or that nobody is', () => {
    for (const one of HONEST) expect([one.expects, one.scanner]).toEqual([[], undefined]);
    for (const one of SCANS) {
      expect(one.scanner).toBeTypeOf('string');
      expect(one.unfound === undefined).toBe(one.expects.length > 0);
    }
  });

  it('are the same each time', () => {
    const digest = (one: Case): string => {
      const hash = createHash('sha256');
      for (const step of one.steps())
        hash
          .update(JSON.stringify(step.kind === 'opened' ? step : [step.kind, step.atMs]))
          .update(step.kind === 'opened' ? '' : step.frame);
      return hash.digest('hex');
    };
    for (const one of all.filter(({ name }) => /decoy|DNS/i.test(name)))
      expect(digest(one)).toBe(digest(one));
  });
});

/** The answers, while each step is looked at. */
function checkedAnswers(one: Case): Answers {
  return answersOf({ ...one, steps: () => checked(one) });
}

const LOCALS = new Set([...LOCAL4, ...LOCAL6]);

/** In time order, within the hours, and between this host and others. */
function* checked(one: Case): Generator<Step> {
  let before = 0;
  for (const step of one.steps()) {
    if (step.atMs < before || step.atMs > one.hours * 3_600_000)
      throw new Error(`out of time: ${before}, then ${step.atMs} ms`);
    before = step.atMs;
    if (step.kind === 'opened' && !LOCALS.has(step.dst)) throw new Error(`${step.dst} is not ours`);
    yield step;
  }
}

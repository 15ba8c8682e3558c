/** The nftables rule that we compare with, real: it does what its model in test/cases says. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { nftRuleset } from '../cases/nft-rule.ts';
import { SEQUENCES, type Sequence, SHORT } from '../cases/nft-sequences.ts';
import type { Peer } from '../support/peer.ts';
import { otherScanner, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';

suite('the nftables rule', [], () => {
  const rig = useRig('direct');

  test.each([4, 6] as const)(
    'IPv%i: every sequence, each from a source of its own',
    async (family) => {
      await rig().victim.nft(nftRuleset(VICTIM_IF, SHORT));
      const peer = await rig().scanner.peer();
      const found = await Promise.all(
        SEQUENCES.map(async (sequence, n) => ({
          name: sequence.name,
          attempts: await play(sequence, peer, VICTIM[family], otherScanner(n + 1, family)),
        })),
      );
      await rig().victim.must(['nft', 'delete', 'table', 'inet', 'scanblock']);
      expect(found).toEqual(SEQUENCES);
    },
  );
});

/** Nobody listens: what gets through is refused, and what is dropped is not answered. */
async function play(
  { attempts }: Sequence,
  peer: Peer,
  host: string,
  source: string,
): Promise<Sequence['attempts']> {
  const startMs = performance.now();
  const found: [number, number, boolean][] = [];
  for (const [atS, port] of attempts) {
    await sleep(Math.max(0, startMs + atS * 1000 - performance.now()));
    const { error } = await peer.connect({ host, port, source, seconds: 0.2 });
    found.push([atS, port, error === 'ECONNREFUSED']);
  }
  return found;
}

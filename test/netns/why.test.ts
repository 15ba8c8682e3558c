/** `packetwatch block why`: what is known against a source, by the weighted rule and without a block. */
import { expect, test } from 'vitest';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { otherScanner, SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { nmapSyn } from './scans.ts';

suite('packetwatch block why', ['nmap'], () => {
  const rig = useRig('routed');
  const why = async (...args: string[]): Promise<string> =>
    (await packetwatch(rig().victim, ['block', 'why', ...args])).stdout;

  test('tells the parts of the score that blocked', async () => {
    const options = ['-i', VICTIM_IF, '-o', 'json', '--rule', 'weighted', '--block'];
    const watch = await Watch.start(rig().victim, options);
    const source = otherScanner(1, 4);
    expect(await why(source)).toBe(`nothing is known against ${source}, and it is not blocked\n`);
    await nmapSyn(rig().scanner, source, VICTIM[4]);
    await watch.event({ event: 'block', src_ip: source });

    const [headline, score, forged, dropped] = (await why(source)).split('\n');
    expect(headline).toMatch(
      new RegExp(
        `^${source} is blocked for \\d+s more: vertical scan of ${VICTIM[4]}, ports [\\d,]+$`,
      ),
    );
    expect(score).toMatch(/^ {2}score 4\.61, a scan is 4\.59 or more: 4 closed .*, 1 silent /);
    expect(forged).toMatch(/can be forged/);
    expect(dropped).toMatch(/packets dropped/);
    expect(JSON.parse(await why(source, '--json'))).toMatchObject({
      src_ip: source,
      blocked: true,
      never: [],
      entries: [{ state: 'blocked', kind: 'vertical', closed: 4, silent: 1, confirmed: false }],
    });

    const peer = await (await rig().victim.peer()).listen({ host: VICTIM[4], mode: 'echo' });
    const to = { host: VICTIM[4], port: peer.port, seconds: 0.5 };
    await (await rig().scanner.peer()).connect(to);
    expect(await why(SCANNER[4])).toMatch(
      new RegExp(
        `^${SCANNER[4]} is watched at ${VICTIM[4]} .*\\n {2}score -1\\.01, .* 1 opened \\(-1\\.01 each\\)`,
      ),
    );
    await packetwatch(rig().victim, ['allow', 'add', source]);
    expect(await why(source)).toMatch(new RegExp(`${source} is never blocked: user\\n$`));
    expect(await watch.stop()).toBe(0);
    await packetwatch(rig().victim, ['release']);
  });
});

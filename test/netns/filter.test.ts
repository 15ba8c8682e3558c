/** A filter chooses what is told, and nothing else. */
import { beforeAll, expect, test } from 'vitest';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import type { Peer } from '../support/peer.ts';
import { otherScanner, SCANNER, SCANNER_IF, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';

const OPTIONS = ['-i', VICTIM_IF, '-o', 'json', '--block'];

suite('packetwatch watch FILTER', ['nmap'], () => {
  const rig = useRig('direct');
  let there: Peer;
  let port: number;
  let other: number;
  beforeAll(async () => {
    const here = await rig().victim.peer();
    there = await rig().scanner.peer();
    port = (await here.listen({ host: VICTIM[4], mode: 'close' })).port;
    other = (await here.listen({ host: VICTIM[4], mode: 'close' })).port;
  });

  const connect = (to: number, source: string) =>
    there.connect({ host: VICTIM[4], port: to, source, seconds: 0.3 });

  async function scan(source: string): Promise<void> {
    const how = ['-n', '-Pn', '-sS', '-T5', '--max-retries', '0', '-p', '1-6', '-e', SCANNER_IF];
    await rig().scanner.must(['nmap', ...how, '-S', source, VICTIM[4]]);
  }

  test('by port: other connections and the scan are not told, and the scanner is blocked', async () => {
    const scanner = otherScanner(1, 4);
    const watch = await Watch.start(rig().victim, ['tcp', 'dst', 'port', `${port}`, ...OPTIONS]);
    await scan(scanner);
    await connect(other, SCANNER[4]);
    await connect(port, SCANNER[4]);
    await watch.event({ event: 'connection.close', dst_port: port });
    expect(watch.events().filter((event) => event.dst_port !== port)).toEqual([]);

    expect((await connect(port, scanner)).error).toBeDefined();
    const blocks = await packetwatch(rig().victim, ['block', 'list', '--json']);
    expect(blocks.stdout).toContain(`"src_ip":"${scanner}"`);
    const { flow, output, filter } = await watch.status();
    expect(filter).toBe(`tcp dst port ${port}`);
    expect(flow.events).toMatchObject({ scan: 1, block: 1 });
    const seen = Object.values(flow.events).reduce((sum, count) => sum + count, 0);
    expect(output.filtered).toBe(seen - output.lines);
    const { stdout } = await packetwatch(rig().victim, ['status']);
    expect(stdout).toContain(`Filter: tcp dst port ${port} (${output.filtered} events held back)`);
    expect(await watch.stop()).toBe(0);
  });

  test('by source: the scan and the block of one scanner are told, of another not', async () => {
    const [told, untold] = [otherScanner(2, 4), otherScanner(3, 4)];
    const words = `src net ${told}/32 and not (ip6 or port 80)`;
    const watch = await Watch.start(rig().victim, [words, ...OPTIONS]);
    await scan(untold);
    await scan(told);
    await watch.event({ event: 'scan', src_ip: told });
    await watch.event({ event: 'block', src_ip: told });
    expect(watch.events().filter((event) => event.src_ip !== told)).toEqual([]);
    const { blocks, flow } = await watch.status();
    expect(blocks).toBe(2);
    expect(flow.events).toMatchObject({ scan: 2, block: 2 });
    expect(await watch.stop()).toBe(0);
  });
});

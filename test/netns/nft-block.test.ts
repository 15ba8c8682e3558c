/** --block=nft: the kernel's verdicts, acted on in the host's firewall. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/command.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { type Family, otherScanner, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { nmapSyn, Stack } from './scans.ts';

const OPTIONS = ['-i', VICTIM_IF, '-o', 'json', '--block=nft'];
const LISTING = ['nft', 'list', 'table', 'inet', 'packetwatch'];

suite('--block=nft', ['nmap'], () => {
  const rig = useRig('routed');
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.watch(rig().victim);
  });
  const running: Watch[] = [];
  const start = async (args: readonly string[]): Promise<Watch> => {
    const watch = await Watch.start(rig().victim, args);
    running.push(watch);
    return watch;
  };
  afterEach(async () => {
    for (const watch of running.splice(0)) await watch.stop();
  });
  const command = (...args: string[]) => packetwatch(rig().victim, args);
  const scan = (source: string, family: Family = 4) =>
    nmapSyn(rig().scanner, source, VICTIM[family]);
  const listen = async (family: Family): Promise<number> => {
    const { port } = await (await rig().victim.peer()).listen({
      host: VICTIM[family],
      mode: 'echo',
    });
    return port;
  };
  const connects = async (source: string, family: Family, to: number): Promise<boolean> => {
    const how = { host: VICTIM[family], port: to, source, seconds: 0.3 };
    return (await (await rig().scanner.peer()).connect(how)).error === undefined;
  };
  const list = async () => {
    const { stdout } = await command('block', 'list', '--json');
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown);
  };

  describe('while it runs', () => {
    test.each([
      [4, otherScanner(1, 4), otherScanner(1, 4)],
      [6, otherScanner(1, 6), 'fd71:1:0:1::/64'],
    ] as const)('shuts a scanner out, IPv%d', async (family, source, blocked) => {
      const watch = await start(OPTIONS);
      const to = await listen(family);
      const peer = await rig().scanner.peer();
      const held = await peer.connect({ host: VICTIM[family], port: to, source, end: 'hold' });
      await scan(source, family);
      const block = await watch.event({ event: 'block', src_ip: source });
      expect(block.reason).toBe('port scan');
      expect(watch.events({ event: 'scan' })[0]).toMatchObject({ evidence: { blocked: true } });
      await until('the element', async () => (await list()).length === 1);
      expect(await list()).toMatchObject([{ src_ip: blocked, where: 'nft', reason: 'scan' }]);
      expect(await connects(source, family, to)).toBe(false);
      expect(await connects(otherScanner(2, family), family, to)).toBe(true);
      expect(await peer.say(held.connection, 'still')).toMatchObject({ reply: 'still' });
      await stack.reset();
      await scan(source, family);
      expect(await stack.syns(source)).toBe(0);

      expect(await command('block', 'rm', source)).toMatchObject({ code: 0 });
      expect(await connects(source, family, to)).toBe(true);
      await watch.event({ event: 'unblock', src_ip: source });
      await peer.end(held.connection);
      expect(await watch.stop()).toBe(0);
    });

    test('ends a block by itself, and blocks again who scans on', async () => {
      const source = otherScanner(3, 4);
      const watch = await start([...OPTIONS, '--block-ttl', '2s']);
      await scan(source);
      await watch.event({ event: 'unblock', src_ip: source });
      await scan(source);
      await until(
        'a second block',
        () => watch.events({ event: 'block', src_ip: source }).length === 2,
      );
      expect(await watch.stop()).toBe(0);
    });

    test('honours --block-max and a dry run', async () => {
      const watch = await start([...OPTIONS, '--block-max', '1']);
      await scan(otherScanner(4, 4));
      await scan(otherScanner(5, 4));
      await watch.event({ event: 'scan', src_ip: otherScanner(5, 4) });
      const sparedOf = (n: number) =>
        watch.events({ event: 'scan', src_ip: otherScanner(n, 4) })[0]?.evidence?.spared;
      expect([sparedOf(4), sparedOf(5)]).toEqual([false, true]);
      expect(await watch.status()).toMatchObject({ firewall: { blocks: 1, refused: 1 } });
      await watch.stop();

      const dry = await start([...OPTIONS, '--dry-run']);
      await scan(otherScanner(6, 4));
      const { evidence } = await dry.event({ event: 'scan' });
      expect(evidence).toMatchObject({ blocked: false, spared: true });
      expect(await rig().victim.run(LISTING)).toMatchObject({ code: 1 });
      await dry.stop();
    });

    test.each([4, 6] as const)('lets in who is allowed meanwhile, IPv%d', async (family) => {
      const source = otherScanner(9, family);
      const watch = await start(OPTIONS);
      const to = await listen(family);
      await scan(source, family);
      await until('the element', async () => (await list()).length === 1);
      expect(await command('allow', 'add', source)).toMatchObject({ code: 0 });
      await watch.event({ event: 'unblock', src_ip: source });
      await until('its connection', () => connects(source, family, to));
      await scan(source, family);
      expect(await list()).toEqual([]);
    });

    test('makes its table again when the firewall was loaded anew', async () => {
      const watch = await start(OPTIONS);
      await rig().victim.nft('delete table inet packetwatch');
      await scan(otherScanner(7, 4));
      await until('the element', async () => (await list()).length === 1);
      expect(await watch.stop()).toBe(0);
    });
  });

  test('leaves blocks at its end, takes them over, and releases them', async () => {
    const source = otherScanner(8, 4);
    const to = await listen(4);
    const first = await start(OPTIONS);
    await scan(source);
    await until('the element', async () => (await list()).length === 1);
    expect(await first.running.end('SIGINT')).toBe(0);
    expect(first.notes.at(-1)).toMatch(/blocks stay in the firewall .*packetwatch release/);
    expect(await connects(source, 4, to)).toBe(false);
    expect((await command('status')).stdout).toContain('Firewall: 1 blocks');

    const second = await start(OPTIONS);
    expect(await second.status()).toMatchObject({ firewall: { blocks: 1 } });
    await second.running.end('SIGKILL');
    expect(await list()).toHaveLength(1);
    expect((await command('release')).stderr).toMatch(/released .*, deleted the table/);
    expect(await connects(source, 4, to)).toBe(true);
  });

  test('needs nft, and says so', async () => {
    const { code, stderr } = await packetwatch(rig().victim, ['watch', ...OPTIONS], {
      by: ['env', 'PATH=/nowhere'],
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^packetwatch: can't change the firewall: nft is not installed: .*\n$/);
  });
});

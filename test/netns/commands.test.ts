/** `block list|add|rm` and `status`: on the running program and on the guard alone. */
import { beforeAll, expect, test } from 'vitest';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import type { Peer } from '../support/peer.ts';
import { otherScanner, SCANNER, SCANNER_IF, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';

const OPTIONS = ['-i', VICTIM_IF, '-o', 'json', '--block'];

suite('packetwatch block', ['nmap'], () => {
  const rig = useRig('direct');
  let there: Peer;
  let port4: number;
  let port6: number;
  beforeAll(async () => {
    const here = await rig().victim.peer();
    there = await rig().scanner.peer();
    port4 = (await here.listen({ host: VICTIM[4], mode: 'echo' })).port;
    port6 = (await here.listen({ host: VICTIM[6], mode: 'echo' })).port;
  });

  const command = (...args: string[]) => packetwatch(rig().victim, args);
  async function connects(source: string): Promise<boolean> {
    const [host, port] = source.includes(':') ? [VICTIM[6], port6] : [VICTIM[4], port4];
    const { error } = await there.connect({ host, port, source, seconds: 0.3 });
    return error === undefined;
  }
  async function list(): Promise<unknown[]> {
    const { stdout } = await command('block', 'list', '--json');
    return stdout
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  }

  test.each([4, 6] as const)('add, list and rm, IPv%d', async (family) => {
    const source = otherScanner(1, family);
    const watch = await Watch.start(rig().victim, OPTIONS);
    expect(await connects(source)).toBe(true);
    expect(await command('block', 'add', source, '--ttl', '1h')).toMatchObject({ code: 0 });
    expect(await connects(source)).toBe(false);
    expect(await watch.event({ event: 'block', src_ip: source })).toMatchObject({
      reason: 'command',
    });
    const [blocked, ...others] = (await list()) as { left_s: number; last_src_ip: string }[];
    expect(others).toEqual([]);
    expect(blocked).toMatchObject({ reason: 'user', last_src_ip: source });
    expect(blocked!.left_s).toBeGreaterThan(3500);
    expect((await watch.status()).blocks).toBe(1);

    expect(await command('block', 'rm', source)).toMatchObject({ code: 0 });
    await watch.event({ event: 'unblock', src_ip: source });
    expect(await connects(source)).toBe(true);
    expect(await list()).toEqual([]);
    const again = await command('block', 'rm', source);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toMatch(/is not blocked/);
    expect(await watch.stop()).toBe(0);
  });

  test('shows a scanner with its ports, and lets it go', async () => {
    const watch = await Watch.start(rig().victim, OPTIONS);
    const scan = ['-n', '-Pn', '-sS', '-T5', '--max-retries', '0', '-p', '1-6', '-e', SCANNER_IF];
    await rig().scanner.must(['nmap', ...scan, VICTIM[4]]);
    const verdict = await watch.event({ event: 'scan', src_ip: SCANNER[4] });
    expect(await list()).toMatchObject([
      { src_ip: SCANNER[4], dst_ip: VICTIM[4], reason: 'scan', ports: verdict.ports },
    ]);
    expect((await command('block', 'list')).stdout).toContain(verdict.ports!.join(','));
    expect(await command('block', 'rm', SCANNER[4])).toMatchObject({ code: 0 });
    expect(await connects(SCANNER[4])).toBe(true);
    expect(await watch.stop()).toBe(0);
  });

  test('never adds an own address', async () => {
    const watch = await Watch.start(rig().victim, OPTIONS);
    for (const own of [VICTIM[4], VICTIM[6], '127.0.0.1']) {
      const done = await command('block', 'add', own);
      expect(done).toMatchObject({ code: 1, stdout: '' });
      expect(done.stderr).toMatch(/never blocked/);
    }
    expect(await list()).toEqual([]);
    expect(await watch.stop()).toBe(0);
  });

  test('ends by itself', async () => {
    const source = otherScanner(2, 4);
    const watch = await Watch.start(rig().victim, OPTIONS);
    await command('block', 'add', source, '--ttl', '1s');
    expect(await connects(source)).toBe(false);
    const { error } = await there.connect({ host: VICTIM[4], port: port4, source, seconds: 10 });
    expect(error).toBeUndefined();
    expect(await list()).toEqual([]);
    expect(await watch.stop()).toBe(0);
  });

  test('works on the guard when no program runs', async () => {
    const source = otherScanner(3, 4);
    await (await Watch.start(rig().victim, OPTIONS)).running.end('SIGINT');
    expect(await connects(source)).toBe(true);
    expect(await command('block', 'add', source)).toMatchObject({ code: 0 });
    expect(await connects(source)).toBe(false);
    expect(await list()).toMatchObject([{ src_ip: source, reason: 'user' }]);
    const status = await command('status', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({ blocks: 1 });
    expect((await command('status')).stdout).toMatch(/No program runs/);
    expect(await command('block', 'rm', source)).toMatchObject({ code: 0 });
    expect(await connects(source)).toBe(true);
    expect(await command('release')).toMatchObject({ code: 0 });
  });
});

suite('packetwatch status', [], () => {
  const rig = useRig('direct');

  test('tells what is watched, how and why', async () => {
    const watch = await Watch.start(rig().victim, ['-i', VICTIM_IF]);
    const { code, stdout, stderr } = await packetwatch(rig().victim, ['status']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`process ${watch.running.pid} `);
    expect(stdout).toMatch(new RegExp(`${VICTIM_IF} +tcx +yes +watching only`));
    expect(stdout).toContain('Nothing lost.');
    expect(await watch.stop()).toBe(0);
  });
});

/** `packetwatch allow`, and blocks by prefix, against the real program. */
import { expect, test } from 'vitest';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { GATEWAY, otherScanner, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { nmapSyn } from './scans.ts';

const OPTIONS = ['-i', VICTIM_IF, '-o', 'json'];

suite('packetwatch allow and blocks by prefix', ['nmap'], () => {
  const rig = useRig('routed');
  const command = (...args: string[]) => packetwatch(rig().victim, args);
  const rows = async (what: 'allow' | 'block'): Promise<Record<string, unknown>[]> => {
    const { stdout } = await command(what, 'list', '--json');
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const connects = async (source: string, family: 4 | 6 = 4): Promise<boolean> => {
    const { port } = await (await rig().victim.peer()).listen({
      host: VICTIM[family],
      mode: 'echo',
    });
    const how = { host: VICTIM[family], port, source, seconds: 0.3 };
    return (await (await rig().scanner.peer()).connect(how)).error === undefined;
  };

  test('a prefix is blocked but for who is never blocked in it, and let in again', async () => {
    const watch = await Watch.start(rig().victim, OPTIONS);
    expect(await command('block', 'add', '10.71.0.0/16')).toMatchObject({ code: 0 });
    expect(await rows('block')).toMatchObject([
      { src_ip: '10.71.0.0/16', reason: 'user', where: 'kernel' },
    ]);
    expect(await watch.event({ event: 'block' })).toMatchObject({
      src_ip: '10.71.0.0',
      prefix_len: 16,
    });
    expect(await connects(otherScanner(1, 4))).toBe(false);
    expect(await rig().gateway.run(['ping', '-c1', '-W1', VICTIM[4]])).toMatchObject({ code: 0 });
    const gateway = await rig().gateway.peer();
    const { port } = await (await rig().victim.peer()).listen({ host: VICTIM[4], mode: 'echo' });
    expect(await gateway.connect({ host: VICTIM[4], port, seconds: 1 })).not.toHaveProperty(
      'error',
    );

    expect(await command('allow', 'add', `${otherScanner(1, 4)}/32`)).toMatchObject({ code: 0 });
    expect(await connects(otherScanner(1, 4))).toBe(true);
    expect(await connects(otherScanner(2, 4))).toBe(false);
    expect(await command('block', 'rm', '10.71.0.0/16')).toMatchObject({ code: 0 });
    expect(await connects(otherScanner(2, 4))).toBe(true);
    expect(await watch.event({ event: 'unblock' })).toMatchObject({
      src_ip: '10.71.0.0',
      prefix_len: 16,
    });

    expect(await command('block', 'add', 'fd71:1::/32', '--ttl', '1s')).toMatchObject({ code: 0 });
    expect(await connects(otherScanner(3, 6), 6)).toBe(false);
    await watch.event({ event: 'unblock', prefix_len: 32 });
    expect(await connects(otherScanner(3, 6), 6)).toBe(true);
    expect(await command('allow', 'rm', otherScanner(1, 4))).toMatchObject({ code: 0 });
    expect(await watch.stop()).toBe(0);
  });

  test('who is allowed is reported and not blocked, and its block ends', async () => {
    const watch = await Watch.start(rig().victim, [...OPTIONS, '--block']);
    const source = otherScanner(4, 4);
    await nmapSyn(rig().scanner, source, VICTIM[4]);
    await watch.event({ event: 'block', src_ip: source });
    expect(await command('allow', 'add', '10.71.1.0/24')).toMatchObject({ code: 0 });
    await watch.event({ event: 'unblock', src_ip: source });
    expect(await connects(source)).toBe(true);
    await nmapSyn(rig().scanner, otherScanner(5, 4), VICTIM[4]);
    const { evidence } = await watch.event({ event: 'scan', src_ip: otherScanner(5, 4) });
    expect(evidence).toMatchObject({ blocked: false, spared: true });
    const refused = await command('block', 'add', otherScanner(5, 4));
    expect(refused.stderr).toBe(
      `packetwatch: ${otherScanner(5, 4)} is never blocked: \`packetwatch allow list\` shows why\n`,
    );
    expect(await watch.stop()).toBe(0);
  });

  test('the list says why, and outlives the program until release', async () => {
    const watch = await Watch.start(rig().victim, OPTIONS);
    expect(await command('allow', 'add', '192.0.2.0/24')).toMatchObject({ code: 0 });
    expect(await command('allow', 'add', GATEWAY[4])).toMatchObject({ code: 0 });
    const list = await rows('allow');
    expect(list).toContainEqual({ cidr: '127.0.0.0/8', origin: ['own address'] });
    expect(list).toContainEqual({ cidr: GATEWAY[4], origin: ['gateway', 'user'] });
    expect(list).toContainEqual({ cidr: '192.0.2.0/24', origin: ['user'] });
    await watch.running.end('SIGINT');
    const kept = [
      { cidr: GATEWAY[4], origin: ['user'] },
      { cidr: '192.0.2.0/24', origin: ['user'] },
    ];
    expect(await rows('allow')).toEqual(expect.arrayContaining(kept));
    expect(await rows('allow')).toHaveLength(2);
    expect(await command('allow', 'rm', GATEWAY[4])).toMatchObject({ code: 0 });
    expect((await command('allow', 'rm', GATEWAY[4])).stderr).toMatch(/was not added: /);

    const second = await Watch.start(rig().victim, OPTIONS);
    expect(await rows('allow')).toContainEqual(kept[1]);
    await second.running.end('SIGINT');
    expect(await command('release')).toMatchObject({ code: 0 });
    expect((await command('allow', 'list')).stderr).toMatch(/no guard is attached/);
  });
});

/** Who has an authenticated SSH session is never blocked; who merely has a connection to sshd is. */
import { beforeAll, expect, test } from 'vitest';
import { type Running, until } from '../support/command.ts';
import { packetwatch } from '../support/packetwatch.ts';
import { otherScanner, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { SshServer } from '../support/ssh.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { nmapSyn } from './scans.ts';

suite('the peer of an SSH session', ['sshd', 'ssh', 'ssh-keygen', 'nmap'], () => {
  const rig = useRig('direct');
  let server: SshServer;
  beforeAll(async () => {
    server = await SshServer.start(rig().victim);
  });
  const blocking = '--rule weighted --block --block-ttl 300s'.split(' ');
  const watch = useWatch(rig, ['-i', VICTIM_IF, '-o', 'json', ...blocking]);

  /** A root's login that echoes. */
  const to = (source: string, user = 'root', family: 4 | 6 = 4): string[] => [
    '-b',
    source,
    `${user}@${VICTIM[family]}`,
  ];
  const echoes = async (session: Running, text: string): Promise<void> => {
    session.child.stdin!.write(`${text}\n`);
    await session.out.wait(`echo of ${text}`, (line) => line.includes(text) || undefined);
  };
  const add = (source: string) => packetwatch(rig().victim, ['block', 'add', source]);
  const refused = async (source: string): Promise<boolean> =>
    /never blocked: it is SSH session/.test((await add(source)).stderr);

  test.each([
    ['without a terminal', 1, 4, []],
    ['with a terminal', 2, 4, ['-tt']],
    ['over IPv6', 3, 6, []],
  ] as const)('%s is not blocked, and its session goes on', async (_, n, family, options) => {
    const source = otherScanner(n, family);
    const session = await server.login(rig().scanner, [
      ...options,
      ...to(source, 'root', family),
      'cat',
    ]);
    await echoes(session, 'first');
    expect(await refused(source)).toBe(true);
    const { kernel } = await watch().status();
    await until('the list to be renewed', async () => {
      await nmapSyn(rig().scanner, source, VICTIM[family]);
      return (await watch().status()).kernel['spared']! > kernel['spared']!;
    });
    await echoes(session, 'second');
    expect(watch().events({ event: 'scan', src_ip: source }).length).toBeGreaterThan(0);
    await session.end();
    await until('the end of its protection', async () => !(await refused(source)));
  });

  test('of a user who only forwards is not blocked, who comes by the forwarded port is', async () => {
    const [owner, guest] = [otherScanner(4, 4), otherScanner(5, 4)];
    const session = await server.login(rig().scanner, [
      '-N',
      '-R',
      `7777:${VICTIM[4]}:${server.port}`,
      ...to(owner, 'nobody'),
    ]);
    await until('the session', () => refused(owner));
    const peer = await rig().scanner.peer();
    const how = { host: VICTIM[4], port: 7777, source: guest, end: 'hold' } as const;
    expect(await peer.connect(how)).not.toHaveProperty('error');
    expect(await add(guest)).toMatchObject({ code: 0 });
    await session.end();
  });

  test('that is not authenticated is blocked, until it is', async () => {
    const source = otherScanner(6, 4);
    const { client, go } = await server.waiting(rig().scanner, [...to(source), 'cat']);
    await nmapSyn(rig().scanner, source, VICTIM[4]);
    await watch().event({ event: 'block', src_ip: source });
    expect(watch().events({ event: 'unblock', src_ip: source })).toEqual([]);
    go(); // an established connection goes on
    await echoes(client, 'in');
    await watch().event({ event: 'unblock', src_ip: source });
    expect(await refused(source)).toBe(true);
    await client.end();
  });
});

/** Who has an authenticated SSH session is never blocked; who merely has a connection to sshd is. */
import { beforeAll, expect, test } from 'vitest';
import { type Running, until } from '../support/command.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { otherScanner, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { SshServer } from '../support/ssh.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { FOUR, Mounts } from '../support/user.ts';
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

suite(
  'the peer of a connection to sshd, for a user',
  ['sshd', 'ssh', 'ssh-keygen', 'nmap', 'unshare'],
  () => {
    const rig = useRig('direct');
    let server: SshServer;
    let mounts: Mounts;
    beforeAll(async () => {
      server = await SshServer.start(rig().victim);
      mounts = await Mounts.prepared(rig().victim);
    });
    const asUser = (args: string[]) => packetwatch(rig().victim, args, { by: mounts.user([]) });
    const spared = async (source: string): Promise<boolean> => {
      const { stdout } = await asUser(['allow', 'list', '--json']);
      return stdout.includes(`{"cidr":"${source}","origin":["ssh"]}`);
    };
    /** Connections that are not authenticated: over IPv4 before the start, over IPv6 after it. */
    async function connections(
      by: readonly string[],
      then: (watch: Watch) => Promise<void>,
    ): Promise<void> {
      const peer = await rig().scanner.peer();
      const hold = async (n: number, family: 4 | 6) => {
        const how = { host: VICTIM[family], port: server.port, source: otherScanner(n, family) };
        return (await peer.connect({ ...how, end: 'hold' })).connection;
      };
      const before = await hold(7, 4);
      const args = ['-i', VICTIM_IF, '-o', 'json', '--block', '--block-ttl', '300s'];
      const watch = await Watch.start(rig().victim, args, { by });
      const after = await hold(8, 6);
      await then(watch);
      for (const connection of [before, after]) await peer.end(connection);
      await asUser(['release']);
      expect(await watch.running.ended).toBe(0);
    }

    test('who may not look into processes is not blocked, authenticated or not', async () => {
      await connections(mounts.user(), async (watch) => {
        await watch.note(/^packetwatch: which connections to sshd .* is not seen/);
        expect(await spared(otherScanner(7, 4))).toBe(true); // from the first packet on
        await until('the younger one', () => spared(otherScanner(8, 6)));
        await nmapSyn(rig().scanner, otherScanner(7, 4), VICTIM[4]);
        await watch.event({ event: 'scan', src_ip: otherScanner(7, 4) });
        expect(watch.events({ event: 'block' })).toEqual([]);
      });
    });

    test('who may is blocked while it is not authenticated', async () => {
      await connections(mounts.user([...FOUR, 'sys_ptrace', 'dac_read_search']), async (watch) => {
        await watch.note(/blocking by/);
        expect(watch.notes.join('\n')).not.toMatch(/sshd/);
        await nmapSyn(rig().scanner, otherScanner(7, 4), VICTIM[4]);
        await watch.event({ event: 'block', src_ip: otherScanner(7, 4) });
      });
    });
  },
);

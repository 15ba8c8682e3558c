/** Containers that start and end while the program runs, as an engine makes them: namespace, veth, bridge, cgroup. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { must, until } from '../support/command.ts';
import { PEER, Peer, PYTHON } from '../support/peer.ts';
import type { Event, Wanted } from '../support/packetwatch.ts';
import { Namespace, SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { lived } from './connections.ts';
import { ip, noted, pinnedLinks } from './second-link.ts';

const BRIDGE = { 4: '10.75.0.1', 6: 'fd75::1' } as const;

const ID = '0123456789abcdef'.repeat(4);
const POD = 'fedcba9876543210'.repeat(4);
const HOST = '02468ace13579bdf'.repeat(4);
/** Cgroups as Docker and Kubernetes make them under systemd. */
const DOCKER = `docker-${ID}.scope`;
const KUBERNETES = `kubepods.slice/kubepods-burstable.slice/cri-containerd-${POD}.scope`;

suite('a container', [], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, ['--all-netns', '-o', 'json', 'net 10.75.0.0/24 or net fd75::/64']);
  const made: string[] = [];
  let root: string | undefined;
  let missing: string | undefined;
  const containers: Namespace[] = [];
  let onHost: Peer | undefined;

  beforeAll(async () => {
    root = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .find(([, , type]) => type === 'cgroup2')?.[1];
    const probe = `${root}/packetwatch-probe-${process.pid}`;
    if (root === undefined) missing = 'no cgroup2 is mounted';
    else
      missing = await mkdir(probe).then(
        () => rmdir(probe).then(() => undefined),
        (error: unknown) => `no cgroup can be made: ${String(error)}`,
      );
    await rig().victim.must([
      'sysctl',
      '-qw',
      'net.ipv4.ip_forward=1',
      'net.ipv6.conf.all.forwarding=1',
    ]);
    await ip(
      rig().scanner,
      `route add 10.75.0.0/24 via ${VICTIM[4]}`,
      `route add fd75::/64 via ${VICTIM[6]}`,
    );
  });
  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing);
  });
  afterAll(async () => {
    for (const container of containers) await container.down();
    await onHost?.running.end('SIGKILL');
    for (const path of made.reverse())
      await until(`${path} is empty`, () =>
        rmdir(path).then(
          () => true,
          () => false,
        ),
      );
  });

  /** A process in a cgroup of its own; in a network namespace of its own, or the host's. */
  async function start(cgroup: string, where: Namespace): Promise<Peer> {
    let path = root!;
    for (const name of cgroup.split('/')) {
      path += `/${name}`;
      if (existsSync(path)) continue;
      await mkdir(path);
      made.push(path);
    }
    const enter = ['sh', '-c', `echo $$ >${path}/cgroup.procs && exec "$@"`, 'sh'];
    return new Peer(await where.start([...enter, PYTHON, PEER]));
  }

  /** A network namespace behind the bridge, which is made with the first one. */
  async function behindBridge(n: number): Promise<Namespace> {
    const { victim } = rig();
    const container = new Namespace(`${victim.name}-container${n}`);
    containers.push(container);
    await must(['ip', 'netns', 'add', container.name]);
    if (n === 1)
      await ip(
        victim,
        'link add br0 type bridge',
        `addr add ${BRIDGE[4]}/24 dev br0`,
        `addr add ${BRIDGE[6]}/64 dev br0 nodad`,
        'link set br0 up',
      );
    await ip(
      victim,
      `link add port${n} type veth peer name eth0 netns ${container.name}`,
      `link set port${n} master br0`,
      `link set port${n} up`,
    );
    await ip(
      container,
      'link set lo up',
      'link set eth0 up',
      `addr add 10.75.0.${10 + n}/24 dev eth0`,
      `addr add fd75::${10 + n}/64 dev eth0 nodad`,
      `route add default via ${BRIDGE[4]}`,
      `route add default via ${BRIDGE[6]}`,
    );
    return container;
  }

  /**
   * What a connection's open and close say. Its attempt is told before any socket has said something; and it becomes
   * a local one when both ends turn out to be of this host.
   */
  async function life(connection: Wanted): Promise<[Event, Event]> {
    const { id } = await watch().event({ ...connection, event: 'connection.close' });
    const events = watch().events(connection);
    expect(events.map((event) => event.id)).toEqual([id, id, id]);
    expect(lived(events)).toBe('attempt open close');
    return [events[1]!, events[2]!];
  }

  test('behind a bridge: its connections are told once, with its id and process', async () => {
    const { scanner, victim } = rig();
    const [outside, host] = await Promise.all([scanner.peer(), victim.peer()]);
    const container = await start(DOCKER, await behindBridge(1));
    await noted(watch(), 'br0 is watched from now on');
    const its = { pid: container.pid, process: 'python3', container: ID.slice(0, 12) };

    for (const [theirs, ours, mine] of [
      [SCANNER[4], BRIDGE[4], '10.75.0.11'],
      [SCANNER[6], BRIDGE[6], 'fd75::11'],
    ] as const) {
      const { port: far } = await outside.listen({ host: theirs, mode: 'answer' });
      const out = await container.connect({ host: theirs, port: far });
      expect(out.error).toBeUndefined();
      const outward = { src_ip: mine, dst_ip: theirs, src_port: out.port, dst_port: far };
      for (const event of await life(outward)) expect(event).toMatchObject(its);

      const { port: near } = await host.listen({ host: ours, mode: 'answer' });
      const up = await container.connect({ host: ours, port: near });
      const upward = { src_ip: mine, dst_ip: ours, src_port: up.port, dst_port: near };
      for (const event of await life(upward)) expect(event).toMatchObject(its);

      const { port: inside } = await container.listen({ host: mine, mode: 'answer' });
      const come = await outside.connect({ host: mine, port: inside });
      const inward = { src_ip: theirs, dst_ip: mine, src_port: come.port, dst_port: inside };
      const [, close] = await life(inward);
      expect(close).toMatchObject({ resp_pid: its.pid, resp_container: its.container });

      const no = await container.connect({ host: theirs, port: 9 });
      expect(no.error).toBe('ECONNREFUSED');
      const refused = { event: 'connection.refused', src_ip: mine, src_port: no.port } as const;
      expect(await watch().event(refused)).toMatchObject({ dst_ip: theirs, ...its });
    }
  });

  test('that talks to another one on its bridge', async () => {
    const [one, two] = [
      await start(KUBERNETES, await behindBridge(2)),
      await containers[0]!.peer(),
    ];
    const { port } = await one.listen({ host: '10.75.0.12', mode: 'answer' });
    const from = await two.connect({ host: '10.75.0.12', port });
    const between = { src_ip: '10.75.0.11', src_port: from.port, dst_port: port };
    const [, close] = await life(between);
    expect(close).toMatchObject({ pid: two.pid, resp_container: POD.slice(0, 12) });
  });

  test("in the host's network", async () => {
    const container = await start(`docker/${HOST}`, rig().victim);
    onHost = container;
    const { port } = await (await containers[0]!.peer()).listen({
      host: '10.75.0.11',
      mode: 'answer',
    });
    const from = await container.connect({ host: '10.75.0.11', port });
    const outward = { src_ip: BRIDGE[4], src_port: from.port, dst_port: port };
    for (const event of await life(outward))
      expect(event).toMatchObject({ pid: container.pid, container: HOST.slice(0, 12) });
  });

  test('that ends leaves nothing', async () => {
    for (const container of containers.splice(0)) await container.down();
    await ip(rig().victim, 'link del br0');
    await noted(watch(), 'br0 is gone');
    const { attachments } = await watch().status();
    expect(attachments.map(({ iface }) => iface)).toEqual(['lo', VICTIM_IF]);
    expect(Object.keys(await pinnedLinks(watch()))).toHaveLength(4);
  });
});

/** A user of its own with the capabilities of docs/privileges.md: what works, and what is said where one is missing. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { must } from '../support/command.ts';
import { packetwatch, type Status, Watch } from '../support/packetwatch.ts';
import { type Peer, PYTHON } from '../support/peer.ts';
import { type Namespace, otherScanner, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { FOUR, Mounts, USER } from '../support/user.ts';
import { nmapSyn } from './scans.ts';

const TOOLS = ['setpriv', 'unshare', 'nsenter', 'nmap', 'nft'];
const SECCOMP = fileURLToPath(new URL('../support/seccomp.py', import.meta.url));
const BLOCKING = ['-i', VICTIM_IF, '-o', 'json', '--block'];

suite('a user with the four capabilities', TOOLS, () => {
  const rig = useRig('direct');
  let mounts: Mounts;
  let by: readonly string[];
  beforeAll(async () => {
    mounts = await Mounts.prepared(rig().victim);
    by = mounts.user();
  });

  const start = (args: readonly string[]) => Watch.start(rig().victim, args, { by });
  const command = (args: readonly string[], who: readonly string[] = mounts.user([])) =>
    packetwatch(rig().victim, args, { by: who });
  const status = async () => JSON.parse((await command(['status', '--json'])).stdout) as Status;

  test('watches, blocks, serves metrics, and its guard outlives it', async () => {
    const here: Peer = await rig().victim.peer();
    const there: Peer = await rig().scanner.peer();
    const watch = await start([...BLOCKING, '--listen', '127.0.0.1:0', '--syslog']);
    const { port } = await here.listen({ host: VICTIM[4], mode: 'echo' });
    await there.connect({ host: VICTIM[4], port, end: 'close' });
    const { pid } = here;
    await watch.event({ event: 'connection.open', dst_port: port, pid, process_from: 'listen' });
    const source = otherScanner(1, 4);
    await nmapSyn(rig().scanner, source, VICTIM[4]);
    await watch.event({ event: 'block', src_ip: source });
    await watch.note(/metrics at http/);
    expect((await status()).attachments.map(({ iface }) => iface)).toEqual([VICTIM_IF]);
    expect(await watch.running.end('SIGINT')).toBe(0);

    const again = await start(BLOCKING);
    expect(await status()).toMatchObject({ adopted: true, blocks: 1 });
    await again.running.end('SIGKILL');
    // The kernel's source opens no packet socket.
    const without = FOUR.filter((name) => name !== 'net_raw');
    const last = await Watch.start(rig().victim, BLOCKING, { by: mounts.user(without) });
    expect(await status()).toMatchObject({ adopted: true, blocks: 1 });
    expect((await command(['release'])).code).toBe(0);
    expect(await last.running.ended).toBe(0);
    expect(
      await must([...mounts.root, 'find', '/run/packetwatch/bpf', '-mindepth', '1', '-type', 'd']),
    ).toBe('');
  });

  test('takes commands from itself and from root, from nobody else', async () => {
    const watch = await start(BLOCKING);
    const source = otherScanner(2, 4);
    const nobody = mounts.user([], 65534);
    for (const args of [['release'], ['block', 'add', source]]) {
      const { code, stderr } = await command(args, nobody);
      expect([args, code]).toEqual([args, 1]);
      expect(stderr).toMatch(
        /^packetwatch: only root and the user that runs packetwatch .*: use sudo\n$/,
      );
    }
    expect(await command(['block', 'add', source])).toMatchObject({ code: 0 });
    for (const who of [mounts.user([]), mounts.root]) {
      expect((await command(['block', 'list'], who)).stdout).toContain(source);
      expect(await command(['status'], who)).toMatchObject({ code: 0 });
    }
    expect(await command(['release'], mounts.root)).toMatchObject({ code: 0 });
    expect(await watch.running.ended).toBe(0);
  });

  test('is refused by root, whose directories its own are not', async () => {
    const { code, stderr } = await command(['watch', '--source', 'ebpf'], mounts.root);
    expect([code, stderr]).toEqual([
      1,
      `packetwatch: /run/packetwatch belongs to user ${USER}, and this is user 0: add --user ${USER}, or remove it when nothing of that user runs\n`,
    ]);
  });

  describe('without', () => {
    test.each(['bpf', 'perfmon', 'net_admin'])(
      '%s nothing of the kernel, in one line',
      async (name) => {
        const rest = FOUR.filter((other) => other !== name);
        const line = `no permission to use BPF: CAP_${name.toUpperCase()} is missing`;
        const needed =
          'run as root, or give this user CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN (docs/privileges.md), or use --source proc';
        const done = await command(['watch', '--block=nft'], mounts.user(rest));
        expect(done).toEqual({ code: 1, stdout: '', stderr: `packetwatch: ${line}: ${needed}\n` });
        const watch = await Watch.start(rig().victim, [], { by: mounts.user(rest) });
        expect(watch.notes.slice(0, 2)).toEqual([
          `${line} (${needed}); reading packets instead`,
          `watching lo (packets), ${VICTIM_IF} (packets)`,
        ]);
        await watch.running.end();
      },
    );
  });
});

suite('root that goes on as a user', TOOLS, () => {
  const rig = useRig('direct');
  let mounts: Mounts;
  beforeAll(async () => {
    mounts = await Mounts.make(rig().victim);
  });
  const asRoot = (args: readonly string[]) => packetwatch(rig().victim, args, { by: mounts.root });
  const start = (...args: string[]) =>
    Watch.start(rig().victim, ['-o', 'json', '--user', `${USER}`, ...args], { by: mounts.root });
  const status = async () => JSON.parse((await asRoot(['status', '--json'])).stdout) as Status;
  /** What /proc says of each thread: user, capabilities and whether it can get more. */
  const rightsOf = (pid: number) =>
    readdirSync(`/proc/${pid}/task`).map((thread) => {
      const text = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
      const names = ['Uid', 'Gid', 'Groups', 'CapPrm', 'CapEff', 'NoNewPrivs'];
      const values = names.map(
        (name) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(text)?.[1],
      );
      return [Number(thread) === pid, ...values].join(' ');
    });

  test('gives up the rest in all threads, and does what it did', async () => {
    const watch = await start('--block');
    const { pid } = watch.running;
    const ids = Array.from({ length: 4 }, () => USER).join('\t');
    const [four, none] = ['000000c000003000', '0000000000000000'];
    const main = `true ${ids} ${ids}  ${four} ${four} 1`;
    const others = `false ${ids} ${ids}  ${none} ${none} 1`;
    const rights = rightsOf(pid);
    expect(rights.length).toBeGreaterThan(4);
    expect([...new Set(rights)].sort()).toEqual([others, main]);
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^CapBnd:\t000000c000003000$/m);
    const capabilities = ['CAP_NET_ADMIN', 'CAP_NET_RAW', 'CAP_PERFMON', 'CAP_BPF'];
    expect(await status()).toMatchObject({ pid, uid: USER, capabilities });

    const late = 'late0';
    const lines = `link add ${late} type veth peer name late1
      link set ${late} up
      addr add 10.72.1.1/24 dev ${late}`;
    await rig().victim.must(['ip', '-batch', '-'], { input: lines });
    await watch.note(/late0 .*watched/);
    const source = otherScanner(4, 4);
    await nmapSyn(rig().scanner, source, VICTIM[4]);
    await watch.event({ event: 'block', src_ip: source });
    await watch.running.end('SIGKILL');

    const again = await start('--block');
    expect(await status()).toMatchObject({ adopted: true, blocks: 1 });
    expect(await asRoot(['release'])).toMatchObject({ code: 0 });
    expect(await again.running.ended).toBe(0);
  });

  test('blocks in the firewall', async () => {
    const watch = await start('--block=nft');
    const source = otherScanner(5, 4);
    await nmapSyn(rig().scanner, source, VICTIM[4]);
    await watch.event({ event: 'block', src_ip: source });
    expect(await nftTable(rig().victim)).toContain(source);
    expect(await asRoot(['release'])).toMatchObject({ code: 0 });
    expect(await watch.running.ended).toBe(0);
  });

  test.each([
    ['pcap', '0000000000002000'],
    ['proc', '0000000000000000'],
  ])('keeps less for --source %s', async (source, capabilities) => {
    const watch = await start('--source', source);
    const own = rightsOf(watch.running.pid).find((rights) => rights.startsWith('true'))!;
    expect(own.split(' ').slice(-3)).toEqual([capabilities, capabilities, '1']);
    expect(await watch.running.end()).toBe(0);
  });

  test.each([
    [
      'root',
      2,
      '--user root gives nothing up: name another one, as in --user packetwatch, or a number',
    ],
    ['nobody-here', 2, 'there is no user nobody-here in /etc/passwd: '],
    [`${USER + 1}`, 1, `/run/packetwatch belongs to user ${USER}, and this is user ${USER + 1}: `],
  ])('but not as %s', async (user, code, line) => {
    const done = await asRoot(['watch', '--source', 'ebpf', '--user', user]);
    expect(done.stderr).toContain(`packetwatch: ${line}`);
    expect(done.code).toBe(code);
  });

  test('but is root to begin with', async () => {
    const by = mounts.user();
    const { code, stderr } = await packetwatch(rig().victim, ['watch', '--user', '1'], { by });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/only root can go on as another/)]);
  });

  test('but not over what root has left', async () => {
    const fresh = await Mounts.make(rig().victim);
    const by = fresh.root;
    const root = await Watch.start(rig().victim, BLOCKING, { by });
    expect(await root.running.end('SIGINT')).toBe(0);
    const args = ['watch', '--user', `${USER}`];
    const { code, stderr } = await packetwatch(rig().victim, args, { by });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/: root has left a guard .*release/)]);
    const mount = 'mkdir /run/packetwatch/bpf && mount -t bpf bpf /run/packetwatch/bpf';
    await must([...by, 'sh', '-ec', mount]);
    const released = await packetwatch(rig().victim, ['release'], { by });
    expect(released.stderr).toMatch(/released \d+ pinned objects/);
    expect(await must([...by, 'ls', '/sys/fs/bpf/packetwatch'])).toBe('');
  });
});

suite('bpf(2) refused by a seccomp filter', ['setpriv', 'unshare', 'nsenter'], () => {
  const rig = useRig('direct');

  test('is named as such', async () => {
    const mounts = await Mounts.prepared(rig().victim);
    const by = [...mounts.user(), PYTHON, SECCOMP];
    const { code, stderr } = await packetwatch(rig().victim, ['watch', '--source', 'ebpf'], { by });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^packetwatch: no permission to use BPF \(bpf [^)]+\), though no capability is missing: perhaps a seccomp filter refuses it: [^\n]*\n$/,
      ),
    ]);
  });
});

suite('the directories of a user with the four capabilities', TOOLS, () => {
  const rig = useRig('direct');
  let mounts: Mounts;
  beforeAll(async () => {
    mounts = await Mounts.make(rig().victim);
  });

  test.each([
    [
      '',
      `user ${USER} can't make /run/packetwatch: as root: install -d -o ${USER} -m 0700 /run/packetwatch; `,
    ],
    ['mkdir /run/packetwatch', `/run/packetwatch belongs to user 0, and this is user ${USER}: `],
    [
      `chown ${USER} /run/packetwatch; chmod 0777 /run/packetwatch`,
      'others may write to /run/packetwatch (mode 777): ',
    ],
    [
      'chmod 0755 /run/packetwatch',
      `user ${USER} may not enter /sys/fs/bpf: as root: mkdir /run/packetwatch/bpf && `,
    ],
    ['ln -s /sys/fs/bpf /run/packetwatch/bpf', '/run/packetwatch/bpf is no directory: '],
    [
      `rm /run/packetwatch/bpf; mkdir /run/packetwatch/bpf; mount -t bpf -o mode=0777 bpf /run/packetwatch/bpf`,
      `/run/packetwatch/bpf belongs to user 0, and this is user ${USER}: `,
    ],
  ])('%j', async (step, line) => {
    await must([...mounts.root, 'sh', '-ec', step]);
    const by = mounts.user();
    const { code, stderr } = await packetwatch(rig().victim, ['watch', '--source', 'ebpf'], { by });
    expect(code).toBe(1);
    expect(stderr).toContain(`packetwatch: ${line}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

function nftTable(namespace: Namespace): Promise<string> {
  return namespace.must(['nft', 'list', 'table', 'inet', 'packetwatch']);
}

/** Plugins in the real program: what they tell, that they harm nothing, and that they go with it. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { must, until } from '../support/command.ts';
import { type Event, packetwatch, Watch } from '../support/packetwatch.ts';
import { makePlugin, SEES } from '../support/plugin.ts';
import { MAIN, SCANNER, SCANNER_IF, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { HOOKS, suite, useRig } from '../support/suite.ts';
import { attached, guardAlone, guardAt, NOTHING } from './attached.ts';

/** Pings that come in, by their family, and answers that leave. */
const ECHO = {
  source: `
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
struct echo { __u64 ts_ns; __u32 ifindex; __u32 family; __u32 leaves; __u32 spare; };
PACKETWATCH_EVENTS(65536);
static __always_inline void look(struct pw_packet *packet, __u8 type, __u8 type6, __u32 leaves)
{
	struct echo echo = { .ts_ns = bpf_ktime_get_ns(), .ifindex = packet->ifindex, .leaves = leaves };
	struct iphdr *ip = packet->data + packet->l3;
	struct ipv6hdr *ip6 = packet->data + packet->l3;

	if (packet->protocol == bpf_htons(ETH_P_IP)) {
		if ((void *)(ip + 1) + 1 > packet->data_end || ip->protocol != IPPROTO_ICMP || *(__u8 *)(ip + 1) != type)
			return;
		echo.family = 4;
	} else if (packet->protocol == bpf_htons(ETH_P_IPV6)) {
		if ((void *)(ip6 + 1) + 1 > packet->data_end || ip6->nexthdr != IPPROTO_ICMPV6 || *(__u8 *)(ip6 + 1) != type6)
			return;
		echo.family = 6;
	} else {
		return;
	}
	pw_emit(&echo);
}
PACKETWATCH_INGRESS(packet)
{
	look(packet, 8, 128, 0);
}
PACKETWATCH_EGRESS(packet)
{
	look(packet, 0, 129, 1);
}`,
  manifest: {
    hooks: ['ingress', 'egress'],
    events: { 'echo.seen': { help: 'An echo request came in.' } },
    metrics: [
      {
        name: 'packetwatch_plugin_echo_requests_total',
        type: 'counter',
        help: 'Echo requests.',
        labels: { family: ['4', '6'] },
      },
      { name: 'packetwatch_plugin_echo_replies_total', type: 'counter', help: 'Echo replies.' },
    ],
  },
  decoder: `
export default function create(host) {
  const seen = { 4: 0, 6: 0 };
  let replies = 0;
  return {
    record(record) {
      if (record.readUInt32LE(16) === 1) {
        replies++;
        return;
      }
      const family = record.readUInt32LE(12);
      seen[family]++;
      const iface = host.iface(record.readUInt32LE(8));
      host.event('echo.seen', \`Echo over IPv\${family} \\x1b[2J at \${iface}\`, { family, iface },
        Number(record.readBigUInt64LE(0)));
    },
    metrics(put) {
      put('packetwatch_plugin_echo_replies_total', replies);
      for (const family of ['4', '6'])
        put('packetwatch_plugin_echo_requests_total', seen[family], { family });
    },
  };
}`,
};

/** Throws at each record; or tells 100 events a record. */
const THROWS = {
  source: SEES,
  decoder: `export default () => ({ record() { throw new Error('no luck\\nat all'); } });`,
};
/** Its errors come when nobody waits for them. */
const STRAYS = {
  source: SEES,
  decoder: `export default () => ({
    async record() {
      setTimeout(() => { throw new Error('later'); });
      await null;
      throw new Error('never');
    },
  });`,
};
const FLOODS = {
  source: SEES,
  manifest: { events: { 'floods.again': { help: 'Too many.' } } },
  decoder: `export default (host) => ({
    record() { for (let i = 0; i < 100; i++) host.event('floods.again', 'Again'); },
  });`,
};
const DEAD = { source: SEES, decoder: `throw new Error('dead at import');` };
const UNMADE = { source: SEES, decoder: `export default () => { throw new Error('not made'); };` };

/** Says in `said` what becomes of its decoders; each holds a timer, and waits for a file `go` when it is made. */
const LIVES = {
  source: SEES,
  decoder: `
import { appendFileSync, existsSync } from 'node:fs';
const file = (name) => new URL(name, import.meta.url);
export default () => {
  appendFileSync(file('said'), 'made ');
  while (!existsSync(file('go'))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  const timer = setInterval(() => {}, 1000);
  return { stop() { clearInterval(timer); appendFileSync(file('said'), 'stopped '); } };
};`,
};

suite('a plugin', ['clang', 'curl', 'hping3', 'ping'], () => {
  const rig = useRig('direct');
  const base = mkdtempSync(`${tmpdir()}/packetwatch-plugins-`);
  const folders: Record<string, string> = {};
  beforeAll(async () => {
    const all = {
      echo: ECHO,
      throws: THROWS,
      strays: STRAYS,
      floods: FLOODS,
      dead: DEAD,
      unmade: UNMADE,
    };
    for (const [name, plugin] of Object.entries(all))
      folders[name] = await makePlugin(base, name, plugin);
  });
  afterAll(() => rmSync(base, { recursive: true }));

  const ping = (address: string, count = 1) =>
    rig().scanner.must(['ping', '-q', '-c', String(count), '-i', '0.002', address]);
  const plugin = (name: string) => ['--plugin', folders[name]!];
  const of = (watch: Watch, event: string) =>
    watch.events().filter((e) => e.event === event) as (Event & { family?: number })[];

  test.each(HOOKS)('at %s tells its events, and goes with the program', async (hook) => {
    const { victim } = rig();
    const options = ['--attach', hook, '--block', '-o', 'json', '--listen', '127.0.0.1:9470'];
    const args = ['-i', VICTIM_IF, ...options, ...plugin('echo')];
    const killed = await Watch.start(victim, args);
    await killed.running.end('SIGKILL');
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAt(hook));
    await ping(VICTIM[4]);
    const watch = await Watch.start(victim, args);
    // A program more at each end of TCX; what is in the chain at XDP is seen by what it tells.
    const ingress = hook === 'tcx' ? 2 : 0;
    expect(await attached(victim, VICTIM_IF)).toEqual({ ...guardAt(hook), ingress, egress: 2 });
    await ping(VICTIM[4], 3);
    await ping(VICTIM[6], 2);
    const events = await until('five events', () => {
      const all = of(watch, 'echo.seen');
      return all.length >= 5 && all;
    });
    expect(events.map((e) => e.family)).toEqual([4, 4, 4, 6, 6]);
    expect(events[0]).toMatchObject({ plugin: 'echo', iface: VICTIM_IF });
    const counts = { sent: 10, lost: 0, records: 10, events: 5, suppressed: 0, errors: 0 };
    const status = await until('ten records', async () => {
      const [told] = (await watch.status()).plugins;
      return told!.records === 10 && told;
    });
    expect(status).toEqual({ name: 'echo', version: '1.0.0', on: true, ...counts });
    const metrics = await victim.must(['curl', '-sS', 'http://127.0.0.1:9470/metrics']);
    expect(metrics).toContain('packetwatch_plugin_echo_requests_total{family="6"} 2\n');
    expect(metrics).toContain('packetwatch_plugin_echo_replies_total 5\n');
    expect(metrics).toContain('packetwatch_plugin_events_total{plugin="echo",fate="told"} 5\n');
    expect(await watch.running.end('SIGTERM')).toBe(0);
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAlone(hook));
    await ping(VICTIM[4]);
    await packetwatch(victim, ['release']);
    expect(await attached(victim, VICTIM_IF)).toEqual(NOTHING);
  });

  test('goes on in a program that replaces this one, unless that one has a bad plugin', async () => {
    const { victim } = rig();
    const args = ['-i', VICTIM_IF, '--block', ...plugin('echo')];
    const first = await Watch.start(victim, args);
    const bad = await packetwatch(victim, ['watch', '--replace', ...args, ...plugin('unmade')]);
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining('not made')]);
    await ping(VICTIM[4]);
    await first.line(/Echo over IPv4/);
    const second = await Watch.start(victim, ['--replace', ...args]);
    expect(await first.running.ended).toBe(0);
    expect(await attached(victim, VICTIM_IF)).toEqual({ ingress: 2, egress: 2, xdp: 0 });
    await ping(VICTIM[6]);
    await second.line(/Echo over IPv6/);
    expect(await second.stop()).toBe(0);
  });

  test('has each decoder stopped: of tables that went meanwhile, of a start that fails, at the end', async () => {
    const { victim } = rig();
    const folder = await makePlugin(base, 'lives', LIVES);
    const said = () => {
      try {
        return readFileSync(`${folder}/said`, 'utf8');
      } catch {
        return ''; // nothing yet
      }
    };
    const args = ['-i', VICTIM_IF, '--plugin', folder];
    const first = await Watch.start(victim, ['-i', VICTIM_IF]);
    const starting = Watch.start(victim, ['--replace', ...args]);
    await until('the first decoder', () => said() === 'made ');
    expect(await first.running.end('SIGINT')).toBe(0); // its tables go
    writeFileSync(`${folder}/go`, '');
    const second = await starting;
    expect(said()).toBe('made stopped made ');
    expect(await second.stop()).toBe(0);
    expect(said()).toBe('made stopped made stopped ');
    const args2 = ['-i', 'lo', '--attach', 'native', '--plugin', folder];
    expect(await packetwatch(victim, ['watch', ...args2])).toMatchObject({ code: 1, stdout: '' });
    expect(said()).toBe('made stopped made stopped made stopped ');
  });

  test('sees nothing of whom the guard drops', async () => {
    const { victim } = rig();
    const args = ['-i', VICTIM_IF, ...plugin('throws'), '--block'];
    const watch = await Watch.start(victim, args);
    await victim.must([process.execPath, MAIN, 'block', 'add', SCANNER[4]]);
    const syns = ['hping3', '-q', '-c', '20', '-i', 'u100', '-S', '-p', '80', '-I', SCANNER_IF];
    await rig().scanner.run([...syns, VICTIM[4]]);
    const { kernel, plugins } = await watch.status();
    expect(kernel['attempts_dropped']).toBe(20);
    // Whatever else came meanwhile, of neighbours for example, is fewer.
    expect(plugins[0]!.sent).toBeLessThan(20);
    expect(await watch.stop()).toBe(0);
  });

  test('with a decoder that throws is told once and switched off, and the rest goes on', async () => {
    const args = ['-i', VICTIM_IF, ...plugin('throws'), ...plugin('strays'), ...plugin('echo')];
    const watch = await Watch.start(rig().victim, args);
    await ping(VICTIM[4], 20);
    await watch.note(/plugin throws is switched off: it failed 10 times/);
    expect(watch.notes.filter((note) => note.includes('plugin throws failed'))).toEqual([
      'plugin throws failed (record): no luck',
    ]);
    await watch.note(/plugin strays is switched off: it failed 10 times/);
    await watch.line(/Echo over IPv4 \\u001b\[2J at/);
    await ping(VICTIM[6]);
    await watch.line(/Echo over IPv6/);
    await (await rig().scanner.peer()).connect({ host: VICTIM[4], port: 9 });
    await watch.line(/Connection refused: /);
    const [throws, strays, echo] = (await watch.status()).plugins;
    expect(throws).toMatchObject({ on: false, errors: 10 });
    expect(strays).toMatchObject({ on: false });
    expect(echo).toMatchObject({ on: true, errors: 0 });
    expect(await attached(rig().victim, VICTIM_IF)).toEqual({ ingress: 2, egress: 2, xdp: 0 });
    expect(await watch.stop()).toBe(0);
  });

  test('that floods is held back, and what it told and lost adds up', async () => {
    const watch = await Watch.start(rig().victim, [
      '-i',
      VICTIM_IF,
      ...plugin('floods'),
      '-o',
      'json',
    ]);
    await ping(VICTIM[4], 60);
    await watch.note(/plugin floods tells more than 1000 events a second/);
    await until('all records', async () => {
      const { sent, records } = (await watch.status()).plugins[0]!;
      return records === sent;
    });
    const { records, events, suppressed } = (await watch.status()).plugins[0]!;
    expect(events).toBe(records * 100);
    expect(suppressed).toBeGreaterThan(0);
    await until('all lines', () => of(watch, 'floods.again').length === events - suppressed);
    const lost = await until('all losses', () => {
      const told = watch.events({ event: 'loss', where: 'plugin.floods' });
      return told.reduce((sum, { count }) => sum + count!, 0) === suppressed && told;
    });
    expect(lost.length).toBeGreaterThan(0);
    expect(await watch.stop()).toBe(0);
  });

  test('tells what --events asks for', async () => {
    const args = ['-i', VICTIM_IF, ...plugin('echo'), '-o', 'json', '--events', 'echo,scan'];
    const watch = await Watch.start(rig().victim, args);
    await (await rig().scanner.peer()).connect({ host: VICTIM[4], port: 9 });
    await ping(VICTIM[4]);
    await until('the event', () => of(watch, 'echo.seen').length === 1);
    expect(watch.events().map((e) => e.event)).toEqual(['echo.seen']);
    expect(await watch.stop()).toBe(0);
    const done = await packetwatch(rig().victim, ['watch', '--events', 'echo']);
    expect(done).toMatchObject({ code: 2, stdout: '' });
    expect(done.stderr).toMatch(/^packetwatch: --events: there is no event named 'echo': .*\n$/);
  });

  test('goes to an interface that comes later', async () => {
    const { victim, scanner } = rig();
    const watch = await Watch.start(victim, plugin('echo'));
    const ends = ['pl0', 'netns', victim.name, 'type', 'veth', 'peer', 'name', 'pl1'];
    await must(['ip', 'link', 'add', ...ends, 'netns', scanner.name]);
    await victim.must(['sh', '-ec', 'ip addr add 10.75.0.1/24 dev pl0; ip link set pl0 up']);
    await scanner.must(['sh', '-ec', 'ip addr add 10.75.0.2/24 dev pl1; ip link set pl1 up']);
    await watch.note(/pl0 is watched from now on/);
    expect((await attached(victim, 'pl0')).ingress).toBe(2);
    await ping('10.75.0.1');
    await watch.line(/Echo over IPv4 .* at pl0/);
    await victim.must(['ip', 'link', 'del', 'pl0']);
    await watch.note(/pl0 is gone/);
    expect(await watch.stop()).toBe(0);
  });

  test.each([
    ['dead', /plugin dead: decoder\.js can't be imported: dead at import: /],
    ['unmade', /plugin unmade: its decoder failed: not made: /],
  ])('that is %s is one line at the start, and leaves nothing', async (name, line) => {
    const done = await packetwatch(rig().victim, ['watch', '-i', VICTIM_IF, ...plugin(name)]);
    expect(done).toMatchObject({ code: 1, stdout: '' });
    expect(done.stderr.trimEnd()).toMatch(line);
    expect(done.stderr.trimEnd()).not.toContain('\n');
    expect(await attached(rig().victim, VICTIM_IF)).toEqual(NOTHING);
  });

  test('to which others may write is refused', async () => {
    const folder = await makePlugin(base, 'open', { source: SEES });
    chmodSync(`${folder}/decoder.js`, 0o666);
    const { code, stderr } = await packetwatch(rig().victim, ['watch', '--plugin', folder]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^packetwatch: others may write to .*decoder\.js, and .*: chmod go-w .*\n$/,
      ),
    ]);
  });

  test('has all that is wrong with its manifest told, a line each', async () => {
    const folder = await makePlugin(base, 'wrong', {
      source: SEES,
      manifest: { version: '1', hooks: ['xdp'], colour: 'red' },
    });
    const { code, stdout, stderr } = await packetwatch(rig().victim, ['plugins', folder]);
    expect([code, stdout]).toEqual([1, '']);
    const told = stderr.trimEnd().split('\n');
    expect(told).toEqual([
      expect.stringContaining("it has no member named 'colour'"),
      expect.stringContaining('`version` is to be of the form 1.2.3'),
      expect.stringContaining('there is no hook "xdp"'),
    ]);
    const watched = await packetwatch(rig().victim, ['watch', '--plugin', folder]);
    expect([watched.code, watched.stderr.split('\n').length]).toEqual([1, 2]);
  });

  test('needs the kernel', async () => {
    const args = ['watch', '--source', 'proc', ...plugin('echo')];
    const { code, stderr } = await packetwatch(rig().victim, args);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^packetwatch: --plugin needs the kernel/),
    ]);
  });
});

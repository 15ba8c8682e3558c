/** `watch --replace`: one program takes over from another, and no connection is told less or under another id. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { until } from '../support/command.ts';
import { type Event, packetwatch, Watch } from '../support/packetwatch.ts';
import { SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { attached, guardAt, NOTHING } from './attached.ts';
import { namesOf } from './connections.ts';
import { load, type LoadOptions, serve, toldOf, wrongOnes } from './load.ts';

const OPTIONS = ['-i', VICTIM_IF, '-o', 'json'];
const REPLACE = [...OPTIONS, '--replace'];

/** How many netlink sockets it holds. */
function netlinkSockets({ running: { pid } }: Watch): number {
  const rows = readFileSync(`/proc/${pid}/net/netlink`, 'utf8').trim().split('\n').slice(1);
  const inodes = new Set(rows.map((row) => row.trim().split(/\s+/).at(-1)));
  const held = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  return held.filter((link) => inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1])).length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}

suite('a program that takes over from another', [], () => {
  const rig = useRig('direct');

  test('under load: every connection is told as a whole, its id by one of them or by both', async () => {
    const outward: LoadOptions = {
      host: SCANNER[4],
      ports: [3000, 3001],
      first: 'server',
      count: 2500,
      rate: 300,
    };
    await serve(rig().scanner, outward);
    const watches = [await Watch.start(rig().victim, OPTIONS)];
    const loading = load(rig().victim, outward);
    for (let swaps = 0; swaps < 2; swaps++) {
      const old = watches.at(-1)!;
      await old.running.out.wait('100 events', () => old.lines.length > 100 || undefined);
      const next = await Watch.start(rig().victim, REPLACE);
      watches.push(next);
      expect(await old.running.ended).toBe(0);
      expect(old.notes.at(-1)).toBe('another packetwatch takes over');
    }
    const last = watches.at(-1)!;
    const made = await loading;
    const [src_port, dst_port] = made.at(-1)!.key.split(',').map(Number);
    await last.event({ src_port: src_port!, dst_port: dst_port!, event: 'connection.close' });
    const { swap, source_counts } = await last.status();
    expect(swap).toMatchObject({ from_pid: watches.at(-2)!.running.pid });
    expect(Object.values(source_counts.lost)).toEqual([0, 0, 0, 0, 0]);
    const told = toldOf(watches, SCANNER[4]);
    // One that was open at that moment may begin again in the lines of the second, under its id.
    const whole = (events: readonly Event[]) =>
      [...new Set(namesOf(events))].join(' ') === 'attempt open close';
    expect(wrongOnes(made, told, whole)).toEqual([]);
    const again = [...told.values()].flat().filter((events) => events.length > 3);
    expect(again.length).toBeLessThanOrEqual(2); // one connection at a time, two swaps
    expect(await last.stop()).toBe(0);
    expect(await attached(rig().victim, VICTIM_IF)).toEqual(NOTHING);
  });

  test.each([4, 6] as const)(
    'a connection open across it ends as itself, IPv%d',
    async (family) => {
      const [here, there] = [await rig().victim.peer(), await rig().scanner.peer()];
      const first = await Watch.start(rig().victim, OPTIONS);
      const { port } = await here.listen({ host: VICTIM[family], mode: 'echo' });
      const target = { host: VICTIM[family], port, end: 'hold' } as const;
      const { port: local, connection } = await there.connect(target);
      expect(await there.say(connection, 'before')).toMatchObject({ reply: 'before' });
      const ends = { src_port: local, dst_port: port };
      const open = await first.event({ ...ends, event: 'connection.open' });
      const second = await Watch.start(rig().victim, REPLACE);
      await until('its first look', async () => (await second.status()).flow.existing > 0);
      expect(await there.say(connection, 'after')).toMatchObject({ reply: 'after' });
      await there.end(connection);
      const close = await second.event({ ...ends, event: 'connection.close' });
      expect(close).toMatchObject({
        id: open.id,
        pid: here.pid,
        process: 'python3',
        orig_bytes: 11,
        resp_bytes: 11,
        conn_state: 'SF',
      });
      expect(namesOf(second.events(ends))).toEqual(['close']);
      expect(await second.stop()).toBe(0);
    },
  );

  test('that is refused leaves the first as it was; where none runs it starts', async () => {
    const { victim } = rig();
    const first = await Watch.start(victim, REPLACE);
    const wrong = ['watch', '-i', 'nowhere', '--replace'];
    expect(await packetwatch(victim, wrong)).toMatchObject({ code: 1, stdout: '' });
    const again = await packetwatch(victim, ['watch', '-i', VICTIM_IF]);
    expect(again.stderr).toContain(`process ${first.running.pid}: \`watch --replace\` takes over`);
    expect((await first.status()).pid).toBe(first.running.pid);
    expect(await attached(victim, VICTIM_IF)).toEqual(guardAt('tcx'));
    expect(await first.stop()).toBe(0);
  });

  test('listens where that one listened', async () => {
    const { victim } = rig();
    const listen = ['--listen', '127.0.0.1:9470'];
    const first = await Watch.start(victim, [...OPTIONS, ...listen]);
    const second = await Watch.start(victim, [...REPLACE, ...listen]);
    expect(await first.running.ended).toBe(0);
    expect(await victim.must(['curl', '-s', 'http://127.0.0.1:9470/readyz'])).toBe('ok\n');
    expect(netlinkSockets(second)).toBe(2); // interfaces with their addresses, and routes
    expect(await second.stop()).toBe(0);
  });
});

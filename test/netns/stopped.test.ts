/** SIGSTOP under load: the kernel's rings overflow, what they could not hold is counted and told, and it goes on. */
import { expect, test } from 'vitest';
import { until } from '../support/command.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { lived } from './connections.ts';
import { load, type LoadOptions, serve, toldOf } from './load.ts';

/** At least so long; `make test-faults` makes it a minute. */
const SECONDS = Number(process.env['PACKETWATCH_STOPPED_S'] ?? 0);
/** Each way. Two records of each in, three of each out, and the ring of events holds 26,000. */
const COUNT = SECONDS === 0 ? 7000 : 1000 * SECONDS;
const PORTS = [4000, 4001, 4002, 4003, 4004, 4005];

suite('a program that is stopped', [], () => {
  const rig = useRig('direct');

  test(`by SIGSTOP${SECONDS === 0 ? '' : ` for ${SECONDS} s`} under load: what is lost is counted and told`, {
    timeout: 60_000 + SECONDS * 4000,
  }, async () => {
    const { victim, scanner } = rig();
    const rate = SECONDS === 0 ? 0 : COUNT / SECONDS;
    const inward: LoadOptions = {
      host: VICTIM[4],
      ports: PORTS,
      first: 'client',
      count: COUNT,
      rate,
    };
    const outward: LoadOptions = { ...inward, host: SCANNER[4], first: 'server' };
    await Promise.all([serve(victim, inward), serve(scanner, outward)]);
    const watch = await Watch.start(victim, ['-i', VICTIM_IF, '-o', 'json']);
    const peer = await scanner.peer();
    const { port } = await (await victim.peer()).listen({ host: VICTIM[4], mode: 'echo' });
    const stays = await peer.connect({ host: VICTIM[4], port, end: 'hold' });
    const goes = await peer.connect({ host: VICTIM[4], port, end: 'hold' });
    const [stayed, gone] = await Promise.all(
      [stays, goes].map((one) => watch.event({ event: 'connection.open', src_port: one.port })),
    );
    watch.running.child.kill('SIGSTOP');
    const [status, second] = await Promise.all([
      packetwatch(victim, ['status']),
      packetwatch(victim, ['watch', '-i', VICTIM_IF]),
      load(scanner, inward),
      load(victim, outward),
    ]);
    expect(status).toMatchObject({ code: 0, stderr: '' });
    expect(status.stdout).toMatch(`Process ${watch.running.pid} runs and does not answer`);
    expect(second.stderr).toMatch(
      new RegExp(`already running here, process ${watch.running.pid}:`),
    );
    await peer.end(goes.connection);
    watch.running.child.kill('SIGCONT');

    await watch.event({ event: 'loss' });
    const {
      kernel,
      source_counts: source,
      flow,
      output,
    } = await until('all lines', async () => {
      const now = await watch.status();
      // openings that the ring lost are told again when their connections end
      const told = watch
        .events({ event: 'loss' })
        .filter(({ where }) => where !== 'opens')
        .reduce((sum, { count }) => sum + count!, 0);
      const lost = Object.values(now.source_counts.lost).reduce((sum, count) => sum + count, 0);
      return told === lost && watch.lines.length === now.output.lines ? now : undefined;
    });
    expect(kernel['outbound_reported']! + kernel['outbound_lost']!).toBe(COUNT);
    expect(kernel['attempts_reported']! + kernel['attempts_lost']!).toBe(COUNT + 2);
    // the two that are held opened, and one of them closed
    expect(kernel['sockets_reported']! + kernel['sockets_lost']!).toBe(2 * 2 * COUNT + 3);
    const places = { outbound: kernel['outbound_lost'], sockets: kernel['sockets_lost'] };
    expect(source.lost).toMatchObject(places);
    for (const [where, count] of Object.entries(source.lost)) {
      const told = watch.events({ event: 'loss', where });
      expect(told.reduce((sum, event) => sum + event.count!, 0)).toBe(count);
    }
    expect(source.lost['sockets']).toBeGreaterThan(0);
    const { existing, ...kinds } = flow.records;
    const taken = Object.values(kinds).reduce((sum, kind) => sum + kind.taken, 0);
    expect(source.records).toBe(taken);
    for (const kind of [...Object.values(kinds), existing!])
      expect(kind.taken).toBe(kind.applied + kind.merged + kind.late);
    expect(output.lost).toBe(0);

    const again = { ...inward, count: 50, rate: 0 };
    const made = await load(scanner, again);
    await until('every line of the connections after that', () => {
      const told = toldOf([watch], VICTIM[4], made[0]!.startMs - 50); // two readers of the clock
      return made.every(({ key }) => {
        const last = told.get(key)?.at(-1);
        return last !== undefined && lived(last) === 'attempt open close';
      });
    });
    await until('the one whose close was lost to be let go', async () => {
      const { flow: now } = await watch.status();
      return now.unclosed > 0;
    });
    await peer.end(stays.connection);
    await watch.event({ event: 'connection.close', id: stayed!.id! });
    expect(watch.events({ id: gone!.id! }).map(({ event }) => event)).not.toContain(
      'connection.close',
    );
    expect(await watch.stop()).toBe(0);
  });
});

/** Interfaces come, go, and are sometimes taken. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { must, until } from '../support/command.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { attached } from './attached.ts';
import { addLink, EXTRA, noted, refusedAt } from './second-link.ts';

suite('interfaces that come and go', [], () => {
  const rig = useRig('direct');

  const removeLink = () => rig().victim.must(['ip', 'link', 'del', 'ex0']);

  test('a new one is taken up, and let go of when it goes', async () => {
    const watch = await Watch.start(rig().victim, ['-o', 'json']);
    expect(watch.notes[0]).toMatch(new RegExp(`watching (lo|${VICTIM_IF}) .*, (lo|${VICTIM_IF}) `));
    for (const times of [1, 2]) {
      await addLink(rig());
      await noted(watch, 'ex0 is watched from now on', times);
      await refusedAt(rig(), watch, EXTRA, 'ex0');
      await removeLink();
      await noted(watch, 'ex0 is gone', times);
    }
    await refusedAt(rig(), watch, VICTIM[4], VICTIM_IF);
    expect(await watch.stop()).toBe(0);
  });

  test('one that was asked for may come back', async () => {
    await addLink(rig());
    const watch = await Watch.start(rig().victim, ['-i', 'ex0', '-o', 'json']);
    await refusedAt(rig(), watch, EXTRA, 'ex0');
    await removeLink();
    await watch.note(/ex0 is gone/);
    expect(watch.running.alive).toBe(true);
    await addLink(rig());
    await watch.note(/ex0 is watched from now on/);
    await refusedAt(rig(), watch, EXTRA, 'ex0');
    expect(await watch.stop()).toBe(0);
    await removeLink();
  });

  test('deleted while a source on it is blocked: it is blocked again when it comes back', async () => {
    const { victim, scanner } = rig();
    await addLink(rig());
    const source = '10.72.0.1';
    const from = async () =>
      (await (await scanner.peer()).connect({ host: EXTRA, port: 9, source, seconds: 0.5 })).error;
    // Whose interfaces are all gone is swept by the next start in any namespace, other tests' included.
    const options = ['-i', 'ex0', '-i', VICTIM_IF, '--block'];
    const watch = await Watch.start(victim, options);
    await packetwatch(victim, ['block', 'add', source]);
    expect(await from()).toBe('ETIMEDOUT');
    await removeLink();
    await watch.note(/ex0 is gone/);
    expect(await watch.status()).toMatchObject({ blocks: 1 });
    await addLink(rig());
    await watch.note(/ex0 is watched from now on/);
    expect(await from()).toBe('ETIMEDOUT');
    // And under a guard without its program, whose link then leads nowhere.
    await watch.running.end('SIGTERM');
    await removeLink();
    await addLink(rig());
    const next = await Watch.start(victim, options);
    expect(await next.status()).toMatchObject({ adopted: true, blocks: 1 });
    expect(await from()).toBe('ETIMEDOUT');
    expect(await next.stop()).toBe(0);
    expect(await from()).toBe('ECONNREFUSED');
    await removeLink();
  });

  test('a new address is soon an own one', async () => {
    const watch = await Watch.start(rig().victim, ['-i', VICTIM_IF, '-o', 'json']);
    await rig().victim.must(['ip', 'addr', 'add', '10.71.2.3/16', 'dev', VICTIM_IF]);
    const scanner = await rig().scanner.peer();
    let port = 0;
    const scan = await until('a scan of the new address', async () => {
      await scanner.connect({ host: '10.71.2.3', port: ++port });
      return watch.events({ event: 'scan' })[0];
    });
    expect(scan).toMatchObject({ src_ip: SCANNER[4], dst_ip: '10.71.2.3' });
    expect(await watch.stop()).toBe(0);
  });
});

suite('an address of an interface without a carrier', [], () => {
  const rig = useRig('direct');

  test('is an own one', async () => {
    const { victim, scanner } = rig();
    // The other end is down, so this one has no carrier.
    const lines = [
      'link add nc0 type veth peer name nc1',
      'addr add 10.73.0.1/24 dev nc0',
      'link set nc0 up',
    ];
    await victim.must(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
    await scanner.must(['ip', 'route', 'add', '10.73.0.0/24', 'via', VICTIM[4]]);
    const watch = await Watch.start(victim, ['-i', VICTIM_IF, '-o', 'json']);
    const from = await (await scanner.peer()).connect({ host: '10.73.0.1', port: 9 });
    const refused = { event: 'connection.refused', src_port: from.port } as const;
    expect(await watch.event(refused)).toMatchObject({ direction: 'inbound', dst_ip: '10.73.0.1' });
    expect(await watch.stop()).toBe(0);
  });
});

suite('an XDP program of somebody else', ['clang'], () => {
  const rig = useRig('direct');
  const folder = mkdtempSync(`${tmpdir()}/packetwatch-netns-`);
  const object = `${folder}/pass.o`;
  let unavailable: string | undefined;
  beforeAll(async () => {
    const source = '__attribute__((section("xdp"), used)) int pass(void *c) { return 2; }';
    writeFileSync(`${folder}/pass.c`, source);
    await must(['clang', '-O2', '-target', 'bpf', '-c', `${folder}/pass.c`, '-o', object]);
    const tried = await rig().victim.run(['ip', 'link', 'set', VICTIM_IF, ...attach('generic')]);
    if (tried.code !== 0) unavailable = `ip can't attach XDP: ${tried.stderr.trim()}`;
    await off('generic');
  });
  beforeEach((context) => {
    if (unavailable !== undefined) context.skip(unavailable);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const attach = (mode: string) => [
    mode === 'generic' ? 'xdpgeneric' : 'xdpdrv',
    'obj',
    object,
    'sec',
    'xdp',
  ];
  const off = (mode: string) =>
    rig().victim.run(['ip', 'link', 'set', VICTIM_IF, attach(mode)[0]!, 'off']);

  describe.each(['native', 'generic'])('at %s', (mode) => {
    test.each(['native', 'generic'])('takes the slot of --attach %s: one line', async (hook) => {
      await rig().victim.must(['ip', 'link', 'set', VICTIM_IF, ...attach(mode)]);
      const options = ['--source', 'ebpf', '-i', VICTIM_IF, '--attach', hook];
      const done = await packetwatch(rig().victim, ['watch', ...options]);
      expect(done).toMatchObject({ code: 1, stdout: '' });
      expect(done.stderr).toMatch(
        new RegExp(`^packetwatch: can't attach to ${VICTIM_IF}: .*another XDP program.*\n$`),
      );
      expect(await attached(rig().victim, VICTIM_IF)).toEqual({ ingress: 0, egress: 0, xdp: 1 });
      await off(mode);
    });

    test('does not hinder the default', async () => {
      await rig().victim.must(['ip', 'link', 'set', VICTIM_IF, ...attach(mode)]);
      const watch = await Watch.start(rig().victim, ['-i', VICTIM_IF, '--block']);
      expect(await attached(rig().victim, VICTIM_IF)).toEqual({ ingress: 1, egress: 1, xdp: 1 });
      expect(await watch.stop()).toBe(0);
      expect(await attached(rig().victim, VICTIM_IF)).toEqual({ ingress: 0, egress: 0, xdp: 1 });
      await off(mode);
    });
  });
});

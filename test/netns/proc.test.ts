/** Without root: /proc/net/tcp, what it shows and what it says it can't. */
import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/command.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import type { Peer } from '../support/peer.ts';
import { MAIN, SCANNER, VICTIM } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';

const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
const STAMP = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d';

suite('a user without privileges', ['setpriv'], () => {
  const rig = useRig('direct');
  let here: Peer;
  let there: Peer;
  let unreadable: string | undefined;
  beforeAll(async () => {
    [here, there] = await Promise.all([rig().victim.peer(), rig().scanner.peer()]);
    const { code } = await rig().victim.run([...NOBODY, process.execPath, MAIN, '--version']);
    if (code !== 0) unreadable = `user 65534 can't run ${MAIN}`;
  });

  /** A program that has read its baseline: whatever begins from now on is new to it. */
  async function start(args: readonly string[]): Promise<Watch> {
    const watch = await Watch.start(rig().victim, ['--interval', '100ms', ...args], { by: NOBODY });
    const { port } = await here.listen({ host: VICTIM[4], mode: 'echo' });
    await until('a line', async () => {
      await there.connect({ host: VICTIM[4], port, end: 'hold' });
      return watch.lines.length > 0;
    });
    return watch;
  }

  describe.each([4, 6] as const)('IPv%d', (family) => {
    const [host, peer] = family === 4 ? [VICTIM[4], SCANNER[4]] : bracketed();

    test('reads connections in and out', async (context) => {
      if (unreadable !== undefined) context.skip(unreadable);
      const watch = await start(['--source', 'proc']);
      const { port } = await here.listen({ host: VICTIM[family], mode: 'echo' });
      const inward = await there.connect({ host: VICTIM[family], port, end: 'hold' });
      const from = `${peer}:${inward.port} -> ${host}:${port}`;
      await watch.line(exactly(`${STAMP}: New connection: `, from));
      await watch.line(exactly(`${STAMP}: Connection opened: `, from, '.*'));

      const outside = await there.listen({ host: SCANNER[family], mode: 'echo' });
      const target = { host: SCANNER[family], port: outside.port };
      const outward = await here.connect({ ...target, end: 'hold' });
      const to = `${host}:${outward.port} -> ${peer}:${outside.port}`;
      await watch.line(exactly(`${STAMP}: New connection: `, to));
      await here.end(outward.connection);
      await watch.line(exactly(`${STAMP}: Connection closed: `, to, '.*'));
      expect(await watch.stop()).toBe(0);
    });

    test('sees a scan by the ports that are open', async (context) => {
      if (unreadable !== undefined) context.skip(unreadable);
      const watch = await start(['--source', 'proc']);
      const ports: number[] = [];
      for (let n = 0; n < 5; n++) {
        const { port } = await here.listen({ host: VICTIM[family], mode: 'echo' });
        await there.connect({ host: VICTIM[family], port, end: 'hold' });
        ports.push(port);
      }
      const source = SCANNER[family];
      const scan = new RegExp(
        `^${STAMP}: Port scan detected: ${source} -> ${VICTIM[family]} on ports ([\\d,]+)$`,
      );
      const [, list] = await watch.line(scan);
      const told = list!.split(',').map(Number);
      expect(told.length).toBeGreaterThan(3);
      expect(told).toEqual([...told].sort((a, b) => a - b));
      expect(await watch.stop()).toBe(0);
    });
  });

  test('is told what /proc does not show', async (context) => {
    if (unreadable !== undefined) context.skip(unreadable);
    const watch = await start(['--source', 'proc']);
    const notes = watch.notes.join('\n');
    expect(notes).toMatch(/begin and end between two reads .* not seen/);
    expect(notes).toMatch(/Processes, bytes and round-trip times are not known/);
    expect(notes).toMatch(/closed ports .* not seen/);
    expect(await watch.stop()).toBe(0);
  });

  test('gets /proc by default, and a line for each source why not', async (context) => {
    if (unreadable !== undefined) context.skip(unreadable);
    const watch = await start([]);
    const why = watch.notes.filter((note) => note.endsWith(' instead'));
    expect(why).toEqual([
      expect.stringMatching(/^no permission to use BPF: CAP_BPF, .*; reading packets instead$/),
      'no permission to see packets, which needs CAP_NET_RAW (run as root or with that capability); reading /proc instead',
    ]);
    expect(await watch.stop()).toBe(0);
  });

  test('is refused what needs the kernel', async (context) => {
    if (unreadable !== undefined) context.skip(unreadable);
    for (const args of [
      ['watch', '--source', 'ebpf'],
      ['watch', '--block'],
      ['watch', '--source', 'proc', '--block'],
      ['watch', '--source', 'pcap'],
      ['watch', '--rule', 'weighted'],
      ['status'],
      ['block', 'list'],
      ['block', 'add', '192.0.2.7'],
    ]) {
      const { code, stdout, stderr } = await packetwatch(rig().victim, args, { by: NOBODY });
      expect([args, code, stdout]).toEqual([args, 1, '']);
      expect([args, stderr.trim().split('\n')]).toEqual([
        args,
        [expect.stringMatching(/^packetwatch: .*(root|CAP_BPF|sudo)/)],
      ]);
    }
  });
});

function bracketed(): [string, string] {
  return [`[${VICTIM[6]}]`, `[${SCANNER[6]}]`];
}

/** A whole line: a pattern, a text, a pattern. */
function exactly(before: string, text: string, after = ''): RegExp {
  return new RegExp(`^${before}${text.replace(/[[\]]/g, '\\$&')}${after}$`);
}

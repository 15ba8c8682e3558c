/** The same packets live and from captures: the same attempts by their ids, and the same scans. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must, run, type Running, until } from '../support/command.ts';
import { type Event } from '../support/packetwatch.ts';
import { MAIN, otherScanner, SCANNER, SCANNER_IF, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';

const PORTS = [81, 82, 83, 84, 85];
/** By a scan, and a connection each way, of both families. */
const ATTEMPTS = 2 * (PORTS.length + 2);
/** In immediate mode tcpdump's buffer has place for eight packets that may be of any length. */
const SHORT = ['-s', '256'];
const CAPTURES = [
  { name: 'of the interface', args: ['-i', VICTIM_IF, ...SHORT] },
  { name: 'of all interfaces, Linux cooked', args: ['-i', 'any', '-y', 'LINUX_SLL', ...SHORT] },
  { name: 'of all interfaces, Linux cooked 2', args: ['-i', 'any', '-y', 'LINUX_SLL2', ...SHORT] },
  { name: 'of so little that the TCP header just fits', args: ['-i', VICTIM_IF, '-s', '94'] },
] as const;

suite('a capture of what is watched', ['nmap', 'tcpdump'], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, ['-i', VICTIM_IF, '-i', 'lo', '-o', 'json']);
  const folder = mkdtempSync(join(tmpdir(), 'packetwatch-netns-read-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = (index: number): string => join(folder, `${index}.pcap`);

  beforeAll(async () => {
    const { victim, scanner } = rig();
    const dumps: Running[] = [];
    for (const [i, { args }] of CAPTURES.entries()) {
      const argv = [
        'tcpdump',
        '-n',
        '-U',
        '-Z',
        'root',
        '--immediate-mode',
        ...args,
        '-w',
        path(i),
      ];
      const dump = await victim.start([...argv, 'tcp']);
      await dump.err.wait('tcpdump listens', (line) => line.includes('listening on') || undefined);
      dumps.push(dump);
    }
    const [here, there] = await Promise.all([victim.peer(), scanner.peer()]);
    for (const family of [4, 6] as const) {
      const v6 = family === 6 ? ['-6'] : [];
      const scan = ['-n', '-Pn', '-sS', '-p', PORTS.join(), '--max-retries', '0'];
      const source = otherScanner(1, family);
      await scanner.must(['nmap', ...v6, ...scan, '-e', SCANNER_IF, '-S', source, VICTIM[family]]);
      const inside = await here.listen({ host: VICTIM[family], mode: 'echo' });
      const outside = await there.listen({ host: SCANNER[family], mode: 'echo' });
      await there.connect({ host: VICTIM[family], port: inside.port, send: 5000, receive: 5000 });
      await here.connect({ host: SCANNER[family], port: outside.port, send: 5000, receive: 5000 });
      await watch().event({ event: 'connection.close', src_ip: VICTIM[family] });
      await watch().event({ event: 'scan', src_ip: source });
    }
    // tcpdump leaves what it has not read yet when it is ended
    for (const i of CAPTURES.keys())
      await until(`${ATTEMPTS} attempts in capture ${i}`, async () => {
        const { stdout } = await run([process.execPath, MAIN, 'read', path(i)]);
        return stdout.split('\n').length > ATTEMPTS;
      });
    for (const dump of dumps) await dump.end('SIGINT');
  });

  const ids = (events: readonly Event[]): string[] =>
    events
      .filter(({ event }) => event === 'connection.attempt')
      .map(({ id }) => id!)
      .sort();
  const scans = (events: readonly Event[]): string[] =>
    events
      .filter(({ event, state }) => event === 'scan' && state === 'start')
      .map(({ src_ip, dst_ip, kind, ports }) => `${kind} ${src_ip} ${dst_ip} ${ports?.join()}`)
      .sort();

  describe.concurrent('read again', () => {
    test.each(CAPTURES.map(({ name }, i) => ({ name, i })))('$name', async ({ i }) => {
      const args = ['read', '--records', 'all', '-o', 'json', path(i)];
      const told = (await must([process.execPath, MAIN, ...args])).trim().split('\n');
      const events = told.map((line) => JSON.parse(line) as Event);
      const live = watch().events();
      expect(ids(live)).toHaveLength(ATTEMPTS);
      expect(ids(events)).toEqual(ids(live));
      expect(scans(live)).toHaveLength(2);
      expect(scans(events)).toEqual(scans(live));
    });
  });
});

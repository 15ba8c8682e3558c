/** Bad input and bad outputs: an exit code and one line. */
import { closeSync, openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { until } from '../support/command.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { MAIN, SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { attached, guardAlone, NOTHING } from './attached.ts';

const BAD = [
  'nonsense',
  'watch nonsense',
  'watch --nonsense',
  'watch port http',
  'watch host 10.0.0.0/8 -o json',
  'watch --block port 80',
  'watch -i',
  'watch --attach nowhere',
  'watch --source crystal-ball',
  'watch --block=iptables',
  'watch --block-ttl soon',
  'watch --block-ttl 0',
  'watch --block-max none',
  'watch --rule guess',
  'watch --rule reference,ports=0',
  'watch --rule reference,ports=16',
  'watch --rule reference,window=2h',
  'watch --rule reference,colour=red',
  'watch --interval -1',
  'watch --duration 0',
  'watch --duration 5y',
  'watch -o xml',
  'watch --events everything',
  'watch --webhook',
  'watch --webhook ftp://192.0.2.7/',
  'watch --webhook-secret-file /etc/hostname',
  'watch --syslog 192.0.2.7',
  'watch --syslog tls://192.0.2.7',
  'watch --listen',
  'watch --listen :9470',
  'watch --listen 9470',
  'watch --listen localhost:9470',
  'watch --listen 127.0.0.1:70000',
  'block add',
  'block add nobody',
  'block add 192.0.2.999',
  'block add 192.0.2.7 --ttl never',
  'block rm 192.0.2',
];

suite('bad usage', [], () => {
  const rig = useRig('direct');

  test.concurrent.each(BAD)('packetwatch %s', async (line) => {
    const done = await packetwatch(rig().victim, line.split(' '));
    expect(done).toMatchObject({ code: 2, stdout: '' });
    expect(done.stderr).toMatch(/^packetwatch: [^\n]+\n$/);
    expect(done.stderr).not.toMatch(/\bat .*\.js:/);
  });
});

suite('what is not there', [], () => {
  const rig = useRig('direct');

  test.each([
    { args: ['watch', '-i', 'nowhere0'], line: /no interface nowhere0/ },
    { args: ['watch', '-i', 'nowhere0', '--block'], line: /no interface nowhere0/ },
    { args: ['watch', '-i', VICTIM_IF, '-i', 'nowhere0'], line: /no interface nowhere0/ },
    { args: ['watch', '--source', 'proc', '--rule', 'weighted'], line: /weighted rule.* kernel/ },
    { args: ['watch', '--source', 'pcap', '--rule', 'weighted'], line: /weighted rule.* kernel/ },
    { args: ['watch', '--source', 'pcap', '--block'], line: /--block needs the kernel/ },
    { args: ['watch', '--source', 'pcap', '--attach', 'tcx'], line: /--attach needs the kernel/ },
    { args: ['watch', '--source', 'proc', '--all-netns'], line: /--all-netns needs the kernel/ },
    { args: ['watch', '--source', 'pcap', '-i', 'nowhere0'], line: /no interface nowhere0/ },
    { args: ['watch', '--block=nft', '-i', 'nowhere0'], line: /no interface nowhere0/ },
    { args: ['status'], line: /nothing of packetwatch runs/ },
    { args: ['block', 'list'], line: /nothing|no guard|not/ },
    { args: ['block', 'add', '192.0.2.7'], line: /nothing|no guard|not/ },
  ])('$args: one line, and nothing is left', async ({ args, line }) => {
    const done = await packetwatch(rig().victim, args);
    expect(done).toMatchObject({ code: 1, stdout: '' });
    expect(done.stderr).toMatch(/^packetwatch: [^\n]+\n$/);
    expect(done.stderr).toMatch(line);
    expect(await attached(rig().victim, VICTIM_IF)).toEqual(NOTHING);
    expect((await rig().victim.run(['nft', 'list', 'tables'])).stdout).toBe('');
  });
});

suite('an output that fails', [], () => {
  const rig = useRig('direct');

  /** Connections until the program has ended; returns its exit code. */
  async function endUnderTraffic(watch: Watch): Promise<number | null> {
    const peer = await rig().scanner.peer();
    await until('its end', async () => {
      await peer.connect({ host: VICTIM[4], port: 9, source: SCANNER[4] });
      return !watch.running.alive;
    });
    return watch.running.ended;
  }

  describe.each([
    { name: 'a full disk', path: '/dev/full', flags: 'w', why: /no space left/ },
    { name: 'one that is not open for writing', path: '/dev/null', flags: 'r', why: /EBADF/ },
  ])('$name', ({ path, flags, why }) => {
    test.each(['text', 'json'])('as %s: one line, exit code 1', async (format) => {
      const stdout = openSync(path, flags);
      try {
        const options = ['-i', VICTIM_IF, '-o', format];
        const watch = await Watch.start(rig().victim, options, { stdout });
        expect(await endUnderTraffic(watch)).toBe(1);
        expect(watch.notes.at(-1)).toMatch(/^cannot write to standard output: /);
        expect(watch.notes.at(-1)).toMatch(why);
        expect(watch.notes.filter((note) => note.includes('cannot write'))).toHaveLength(1);
        expect(await attached(rig().victim, VICTIM_IF)).toEqual(NOTHING);
      } finally {
        closeSync(stdout);
      }
    });
  });

  test('a pipe that its reader closes: one line, exit code 1', async () => {
    const pipe = ['bash', '-c', '"$@" | head -n 1; exit "${PIPESTATUS[0]}"', 'bash'];
    const watch = await Watch.start(rig().victim, ['-i', VICTIM_IF], { by: pipe });
    expect(await endUnderTraffic(watch)).toBe(1);
    expect(watch.lines).toHaveLength(1);
    expect(watch.notes.at(-1)).toMatch(/^cannot write to standard output: .*EPIPE/);
    expect(watch.notes.filter((note) => note.includes('cannot write'))).toHaveLength(1);
    expect(await attached(rig().victim, VICTIM_IF)).toEqual(NOTHING);
  });

  test('with --block: the guard stays all the same', async () => {
    const stdout = openSync('/dev/full', 'w');
    try {
      const watch = await Watch.start(rig().victim, ['-i', VICTIM_IF, '--block'], { stdout });
      expect(await endUnderTraffic(watch)).toBe(1);
      expect(await attached(rig().victim, VICTIM_IF)).toEqual(guardAlone('tcx'));
      await packetwatch(rig().victim, ['release']);
    } finally {
      closeSync(stdout);
    }
  });

  test('--help into a closed pipe is no failure', async () => {
    const pipe = ['bash', '-c', '"$@" | true; exit "${PIPESTATUS[0]}"', 'bash'];
    const argv = [...pipe, process.execPath, MAIN, 'watch', '--help'];
    expect(await rig().victim.run(argv)).toMatchObject({ code: 0, stderr: '' });
  });
});

/** What becomes of the lines of `packetwatch read` when nobody takes them, and when it is interrupted. */
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pcap } from '../support/captures.ts';
import { must, Running, until } from '../support/command.ts';
import { packetFlood } from '../support/packet-flood.ts';
import { PYTHON } from '../support/peer.ts';
import { READ, read, syn, useFiles } from '../support/read-command.ts';
import { FORMATS } from '../../src/sinks/sink.ts';

const GONE =
  'packetwatch: cannot write to standard output: its reader is gone (EPIPE): keep the program that reads it running\n';
const FULL =
  'packetwatch: cannot write to standard output: no space left on the device (ENOSPC): free space there, or write somewhere else\n';

/** Attempts of different connections to one port. */
const attempts = (count: number): Buffer => Buffer.concat([...packetFlood('syn', count, 1000)]);

/** A terminal for the command behind it, which is told what comes on standard input. */
const TERMINAL = [
  PYTHON,
  '-c',
  'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))',
];

describe.concurrent('read', () => {
  const file = useFiles();

  test.each(FORMATS)('-o %s to a reader that goes away', async (form) => {
    const path = file(`gone-${form}.pcap`, attempts(2000));
    const args = ['--records', form.startsWith('zeek') ? 'connections' : 'all', '-o', form, path];
    const middle = await read(args, '"$0" "$@" | head -n 20; exit ${PIPESTATUS[0]}');
    expect(middle.stdout.split('\n')).toHaveLength(21);
    expect(middle).toMatchObject({ code: 1, stderr: GONE });
  });

  test('one line is as good as many: to nobody, and to a full disk', async () => {
    const path = file('one.pcap', pcap([syn(0, 80)]));
    const nobody = 'exec 3> >(:); wait $!; exec "$0" "$@" >&3';
    expect(await read([path], nobody)).toEqual({ code: 1, stdout: '', stderr: GONE });
    expect(await read([path], 'exec "$0" "$@" >/dev/full')).toMatchObject({
      code: 1,
      stderr: FULL,
    });
  });

  test('notes that nobody takes change nothing', async () => {
    const path = file('cut.pcap', pcap([syn(0, 80), syn(1, 80)]).subarray(0, -1));
    for (const to of ['2>&-', '2>/dev/full']) {
      const { code, stdout } = await read([path], `"$0" "$@" ${to}`);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^[^\n]*New connection[^\n]*\n$/);
    }
  });

  /** More than the half of 8 MiB from which on the reading waits. */
  const MANY = 16_000;
  test('nothing is lost to a reader that is slow for a while, also not what ends last', async () => {
    const path = file('many.pcap', attempts(MANY));
    const slowly = '"$0" "$@" -o json | (sleep 1; wc -l)';
    for (const kind of ['attempts', 'connections'])
      expect(Number((await read(['--records', kind, path], slowly)).stdout)).toBe(MANY);
  });

  test('what a stopped reader did not take is counted when it is interrupted', async () => {
    const path = file('stuck.pcap', attempts(3000));
    const pipe = path.replace('.pcap', '.pipe');
    await must(['mkfifo', pipe]);
    const unread = openSync(pipe, constants.O_RDWR);
    const child = await Running.start([...READ, path], unread);
    await until('the pipe is full', () => writtenBy(child.pid) > 60_000);
    expect(await child.end('SIGINT')).toBe(1);
    const bytes = Buffer.alloc(1 << 20);
    const lines = bytes.subarray(0, readSync(unread, bytes)).toString().split('\n').length - 1;
    closeSync(unread);
    expect(child.err.all).toEqual([
      'packetwatch: interrupted: the rest was not read',
      `packetwatch: ${3000 - lines} lines are not written: standard output took no more`,
    ]);
  });

  test('what is followed when it is interrupted is told', async () => {
    const child = await Running.start([...READ, '--records', 'all', '-']);
    child.child.stdin!.write(pcap([syn(0, 80), syn(1, 81)]));
    const told = (line: string) => (line.includes('22:13:21: New') ? line : undefined);
    await child.out.wait('the second attempt', told);
    expect(await child.end('SIGINT')).toBe(1);
    expect(child.out.all.slice(2).map((line) => line.replace(/^.*: Connection/, ''))).toEqual([
      ' timeout: 192.0.2.1:40000 -> 192.0.2.2:80 0.000s S0 0/0 bytes (forced end)',
      ' timeout: 192.0.2.1:40000 -> 192.0.2.2:81 0.000s S0 0/0 bytes (forced end)',
    ]);
    expect(child.err.all).toEqual(['packetwatch: interrupted: the rest was not read']);
  });

  test('a long read shows on a terminal how far it is, and cleans up behind itself', async () => {
    const pipe = file('short.pcap', pcap([syn(0, 80)])).replace('short.pcap', 'long');
    await must(['mkfifo', pipe]);
    const toFile = ['bash', '-c', `exec "$0" "$@" > ${pipe}.out`];
    const shown = await Running.start([...TERMINAL, ...toFile, ...READ, pipe]);
    const held = openSync(pipe, 'w');
    writeSync(held, pcap([]));
    await until('it is shown', () => {
      writeSync(held, pcap([syn(0, 80)]).subarray(24));
      return shown.out.rest.includes(' MB/s');
    });
    shown.child.stdin!.write('\x03');
    expect(await shown.ended).toBe(1);
    closeSync(held);
    const [bar, ...rest] = [...shown.out.all, shown.out.rest];
    expect(bar.replaceAll('\x1b', 'ESC')).toMatch(
      /0\.0 GB {2}0 MB\/sESC\[K(\^C)?\rESC\[Kpacketwatch: interrupted: .*\r$/,
    );
    expect(rest).toEqual(['']);
    expect(readFileSync(`${pipe}.out`, 'utf8')).toMatch(/^([^\n]*New connection[^\n]*\n)+$/);

    const brief = await Running.start([...TERMINAL, ...toFile, ...READ, file('b', pcap([]))]);
    expect(await brief.ended).toBe(0);
    expect([...brief.out.all, brief.out.rest]).toEqual(['']);
  });
});

/** Bytes that a process has written so far. */
function writtenBy(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1]);
}

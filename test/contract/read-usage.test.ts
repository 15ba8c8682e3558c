/** Options of `packetwatch read`: bad ones are one line with the mend, and the examples of its help work. */
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { pcap, Pcapng } from '../support/captures.ts';
import { READ, read, START, syn, useFiles, V4 } from '../support/read-command.ts';

describe.concurrent('read', () => {
  const file = useFiles();

  test.each([
    { args: [], why: "missing required argument 'file'" },
    { args: ['-', '-'], why: 'standard input can be read once: name - once' },
    { args: ['--color', 'x'], why: "unknown option '--color'" },
    { args: ['--records', 'flows', 'x'], why: 'Allowed choices are attempts, connections' },
    {
      args: ['--records', 'all', '--events', 'scan', 'x'],
      why: "option '--events <list>' cannot be used with option '--records <kind>'",
    },
    {
      args: ['--records', 'scans', '-o', 'zeek', 'x'],
      why: '-o zeek has one line for each connection that is over, and --records scans asks for none: ask for connections',
    },
    {
      args: ['--events', 'connection.open,scan', '-o', 'zeek-json', 'x'],
      why: '--events connection.open,scan asks for none: ask for connections, or use another form',
    },
    { args: ['--events', 'block', 'x'], why: '--events block: files have no such events: use' },
    { args: ['--events', 'scan,', 'x'], why: "there is no event named '': use a list of" },
    { args: ['--rule', 'strict', 'x'], why: 'the rules are `reference` and `weighted`' },
    { args: ['--rule', 'weighted,ports=4', 'x'], why: 'the weighted rule has no parameters' },
    { args: ['--rule', 'reference,ports=16', 'x'], why: 'a whole number from 1 to 15 is wanted' },
    { args: ['--rule', 'reference,window=0', 'x'], why: 'it must be more than zero' },
    { args: ['--checksums', 'mend', 'x'], why: 'Allowed choices are verify, ignore' },
    { args: ['-o', 'xml', 'x'], why: 'Allowed choices are text, json, zeek' },
    { args: ['--filter', 'prot 80', 'x'], why: "filter, column 1: unexpected 'prot'" },
    {
      args: ['/x.pcap', 'port', '80', 'and', 'not', 'host', '192.0.2.1'],
      why: "'port 80 and not host 192.0.2.1' is a filter where files are wanted: say --filter",
    },
    {
      args: ['--write', '-', '-o', 'json', 'x'],
      why: 'standard output takes the capture of --write -, and no records as well: write it to',
    },
    { args: ['--write', './x', 'x'], why: '--write ./x is one of the inputs: name another file' },
  ])('$args is refused in one line', async ({ args, why }) => {
    const { code, stdout, stderr } = await read(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^packetwatch: [^\n]+: [^\n]+\n$/);
    expect(stderr).toContain(why);
  });

  test('the examples of its help work', async () => {
    const ng = new Pcapng();
    const local = { src: '10.0.0.5', dst: '10.0.0.6' };
    const there = [syn(0, 443), syn(1, 80), syn(2, 80, local), syn(3, 5432)];
    const line = { ts: new Date(START * 1000).toISOString(), event: 'connection.close' };
    const ends = { src_ip: V4.src, src_port: 1, dst_ip: V4.dst, dst_port: 80 };
    const folder = dirname(file('dump.pcap', pcap(there)));
    file('monday.pcap.gz', gzipSync(pcap(there)));
    file(
      'tuesday.pcapng',
      Buffer.concat([ng.section(), ng.interface(1), ng.packet(there[0]!.frame)]),
    );
    file('yesterday.jsonl.gz', gzipSync(`${JSON.stringify({ ...line, ...ends })}\n`));
    for (const [name, script] of [
      ['packetwatch', `exec ${READ.slice(0, -1).join(' ')} "$@"`],
      ['ssh', 'cat dump.pcap'],
    ] as const)
      chmodSync(file(name, Buffer.from(`#!/bin/sh\n${script}\n`)), 0o755);

    const help = await read(['--help']);
    expect(help.code).toBe(0);
    const examples = help.stdout.match(/^ {2}(?:\S.* )?packetwatch read .*$/gm) ?? [];
    expect(examples.length).toBeGreaterThan(5);
    const run = `cd ${folder} && export PATH="$PWD:$PATH" && set -eo pipefail`;
    const all = examples.map((example, i) => {
      const made = / > (\S+)| --write (\S+)/.exec(example);
      const show = made ? `cat ${made[1] ?? made[2]}` : ':';
      return read([], `${run}; echo "== ${i}"; ${example}; ${show}`);
    });
    for (const [i, { code, stdout, stderr }] of (await Promise.all(all)).entries()) {
      const example = examples[i];
      expect({ example, code, stderr: stderr.replace(/.*written to.*\n/, '') }).toEqual({
        example,
        code: 0,
        stderr: '',
      });
      expect({ example, length: stdout.length }).not.toEqual({ example, length: 5 });
    }
  });
});

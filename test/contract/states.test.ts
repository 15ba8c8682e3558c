/** `packetwatch states` as its users start it. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { States } from '../../src/model/states.ts';
import { socketStates, tcpCounters } from '../../src/sources/proc-states.ts';
import { pcap } from '../support/captures.ts';
import { must, run, until } from '../support/command.ts';
import { Tcp, tcpFrame } from '../support/frames.ts';
import { MAIN } from '../support/rig.ts';

const CLIENT = { src: '192.0.2.1', dst: '192.0.2.2', srcPort: 40_000, dstPort: 80 };
const SERVER = { src: '192.0.2.2', dst: '192.0.2.1', srcPort: 80, dstPort: 40_000 };
const { ACK, FIN, RST, SYN } = Tcp;

/** A connection that is closed by its client, one that is refused, and one that nobody answers. */
const SEGMENTS = [
  { ...CLIENT, flags: SYN, seq: 100 },
  { ...SERVER, flags: SYN | ACK, seq: 500, ack: 101 },
  { ...CLIENT, flags: ACK, seq: 101, ack: 501 },
  { ...CLIENT, flags: FIN | ACK, seq: 101, ack: 501 },
  { ...SERVER, flags: ACK, seq: 501, ack: 102 },
  { ...SERVER, flags: FIN | ACK, seq: 501, ack: 102 },
  { ...CLIENT, flags: ACK, seq: 102, ack: 502 },
  { ...CLIENT, srcPort: 40_001, flags: SYN, seq: 200 },
  { ...SERVER, dstPort: 40_001, flags: RST | ACK, seq: 0, ack: 201 },
  { ...CLIENT, srcPort: 40_002, flags: SYN, seq: 300 },
];

describe('states', () => {
  beforeEach((context) => {
    if (!existsSync(MAIN)) context.skip('dist/cli/main.js is not there: make build');
  });

  const states = (...args: string[]) => [process.execPath, MAIN, 'states', ...args];

  test('counts the sockets of this network namespace', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => socket.resume());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const open = connect(port, '127.0.0.1');
    const halfClosed = connect(port, '127.0.0.1');
    const accepted: Socket[] = [];
    server.on('connection', (socket) => accepted.push(socket));
    halfClosed.end();
    await until('both', () => accepted.length === 2);
    const told = await until('the FIN', async () => {
      const found = JSON.parse(await must(states('--json'))) as States;
      const count = (state: string) => found.states.find((s) => s.state === state)!.count;
      return count('CLOSE-WAIT') > 0 && count('FIN-WAIT-2') > 0 && found;
    });
    const sum = told.states.reduce((all, { count }) => all + count, 0);
    expect(told).toMatchObject({ of: 'sockets', total: sum });
    expect(told.states.find(({ state }) => state === 'LISTEN')!.count).toBeGreaterThan(0);
    expect(told.states.find(({ state }) => state === 'ESTABLISHED')!.count).toBeGreaterThan(1);
    const opens = told.transitions.find((t) => t.from === 'CLOSED' && t.to === 'SYN-SENT');
    expect(opens!.count).toBeGreaterThan(1);
    for (const socket of [open, halfClosed, ...accepted]) socket.destroy();
    server.close();
  });

  test('draws the same wherever it is shown', async () => {
    const plain = await run(states());
    expect(plain.code).toBe(0);
    expect(plain.stdout).toMatch(/^TCP sockets of this network namespace: \d+\n\n {28}\+-{13}\+\n/);
    expect(plain.stdout).toMatch(/^[ -~\n]*$/);
    expect(plain.stdout.split('\n').filter(({ length }) => length > 80)).toEqual([]);
    const bad = await run(states('--colour'));
    expect(bad.code).toBe(2);
  });

  describe('of files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'packetwatch-states-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const capture = join(folder, 'three.pcap');
    const packets = SEGMENTS.map((segment, i) => ({
      frame: tcpFrame(segment),
      seconds: 1_700_000_000 + i,
      fraction: 0,
    }));
    writeFileSync(capture, pcap(packets));

    test('follows both ends of each connection in a capture', async () => {
      const told = JSON.parse(await must(states('--json', capture))) as States;
      const taken = told.transitions
        .filter(({ count }) => count! > 0)
        .map(({ from, to, count }) => `${from} ${to} ${count}`);
      expect(taken).toEqual([
        'CLOSED LISTEN 1',
        'CLOSED SYN-SENT 3',
        'LISTEN SYN-RECEIVED 1',
        'SYN-SENT CLOSED 1',
        'SYN-SENT ESTABLISHED 1',
        'SYN-RECEIVED ESTABLISHED 1',
        'ESTABLISHED FIN-WAIT-1 1',
        'ESTABLISHED CLOSE-WAIT 1',
        'FIN-WAIT-1 FIN-WAIT-2 1',
        'FIN-WAIT-2 TIME-WAIT 1',
        'CLOSE-WAIT LAST-ACK 1',
        'LAST-ACK CLOSED 1',
      ]);
      const left = told.states.filter(({ count }) => count > 0);
      expect(Object.fromEntries(left.map(({ state, count }) => [state, count]))).toEqual({
        'SYN-SENT': 1,
        'TIME-WAIT': 1,
        CLOSED: 4,
      });
      expect(told).toMatchObject({ of: 'ends', total: 6 });
      const drawn = await must(states(capture));
      expect(drawn).toMatch(/^TCP connections: 3, each with two ends\n/);
      expect(drawn).toMatch(/snd SYN {6}3 /);
    });

    test('gives what it can of files that are broken, or none', async () => {
      const cut = join(folder, 'cut.pcap');
      writeFileSync(cut, pcap(packets).subarray(0, -10));
      const some = await run(states('--json', cut));
      expect(some.code).toBe(1);
      expect(some.stderr).toMatch(/^packetwatch: \S+cut\.pcap: [^\n]+\n$/);
      expect((JSON.parse(some.stdout) as States).total).toBe(4);
      const text = join(folder, 'lines.jsonl');
      writeFileSync(text, '{"event":"loss"}\n');
      for (const bad of [text, join(folder, 'none'), folder]) {
        const { code, stdout, stderr } = await run(states(bad));
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        expect(stderr).toMatch(/^packetwatch: [^\n]+\n$/);
      }
    });
  });

  test('counts rows of both tables, and lines that are none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'packetwatch-states-'));
    const row = (state: string, address = '0100007F') =>
      `   0: ${address}:0050 ${address}:0051 ${state} 00000000:00000000 00:00000000 00000000     0        0 0 1\n`;
    const [tcp, tcp6, snmp] = ['tcp', 'tcp6', 'snmp'].map((name) => join(folder, name));
    writeFileSync(tcp!, `  sl  local_address\n${row('01')}${row('0A')}${row('0E')}nonsense\n`);
    writeFileSync(tcp6!, row('01', '0'.repeat(32)) + row('0C', '0'.repeat(32)));
    writeFileSync(snmp!, 'Ip: A\nIp: 1\nTcp: ActiveOpens EstabResets\nTcp: 7 9\n');
    const { counts, malformed } = socketStates([tcp!, tcp6!, join(folder, 'none')]);
    expect([...counts]).toEqual([0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0]);
    expect(malformed).toBe(2);
    expect(Object.fromEntries(tcpCounters(snmp!))).toEqual({ ActiveOpens: 7, EstabResets: 9 });
    expect(tcpCounters(join(folder, 'none')).size).toBe(0);
    const saved = await run(states(tcp!));
    expect(saved.stdout).toMatch(/^TCP sockets of tables: 2\n/);
    expect(saved.stdout).toContain('Lines that are no rows of a table: 2.');
    rmSync(folder, { recursive: true });
  });
});

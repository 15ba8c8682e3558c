/** `packetwatch states` as its users start it. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import type { States } from '../../src/agent/states.ts';
import { socketStates, tcpCounters } from '../../src/sources/proc-states.ts';
import { must, run, until } from '../support/command.ts';
import { MAIN } from '../support/rig.ts';

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

  test('counts rows of both tables, and lines that are none', () => {
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
    rmSync(folder, { recursive: true });
  });
});

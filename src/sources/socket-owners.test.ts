import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SocketOwners } from './socket-owners.ts';

describe('owners of sockets', () => {
  const root = mkdtempSync(join(tmpdir(), 'packetwatch-owners-'));
  afterEach(() => rmSync(root, { recursive: true }));

  function process(pid: number, comm: string, parent: number, links: readonly string[]): void {
    mkdirSync(join(root, `${pid}/fd`), { recursive: true });
    writeFileSync(join(root, `${pid}/comm`), `${comm}\n`);
    writeFileSync(join(root, `${pid}/stat`), `${pid} (${comm}) S ${parent} 1 1 0`);
    for (const [fd, to] of links.entries()) symlinkSync(to, join(root, `${pid}/fd/${fd}`));
  }

  test('are the processes that have a descriptor, whatever their names', async () => {
    mkdirSync(join(root, 'net'));
    mkdirSync(join(root, '9')); // it ends meanwhile
    process(20, 'nginx', 1, ['socket:[5]', 'socket:[5]', '/dev/null', 'socket:[99]']);
    process(3, 'a) S 7 (\n', 20, ['socket:[5]', 'socket:[6]', 'socket:[6', 'socket:x']);
    const owners = new SocketOwners(root);
    const wanted = new Set([5, 6, 7]);
    expect(owners.knows(wanted)).toBe(false);
    await owners.look(wanted);
    expect(owners.of(5)).toEqual([
      { pid: 3, process: 'a) S 7 (\n' },
      { pid: 20, process: 'nginx' },
    ]);
    expect([owners.of(6).length, owners.of(7), owners.of(99)]).toEqual([1, [], []]);
    expect([owners.parentOf(3), owners.parentOf(20), owners.parentOf(4)]).toEqual([20, 1, 0]);
    expect([owners.knows(wanted), owners.knows(new Set([99])), owners.hidden]).toEqual([
      true,
      false,
      0,
    ]);
  });
});

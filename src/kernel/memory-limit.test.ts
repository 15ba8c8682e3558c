import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { memoryLimit } from './memory-limit.ts';

describe('the memory limit of our cgroups', () => {
  let root = '';
  afterEach(() => rmSync(root, { recursive: true }));

  /** A root with these files under it. */
  function host(files: Readonly<Record<string, string>>): string {
    root = mkdtempSync(join(tmpdir(), 'packetwatch-cgroup-'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return root;
  }

  it('is the least on the way up, version 2', () => {
    const files = {
      'proc/self/cgroup': '0::/system.slice/packetwatch.service\n',
      'sys/fs/cgroup/system.slice/packetwatch.service/memory.max': 'max\n',
      'sys/fs/cgroup/system.slice/memory.max': '67108864\n',
    };
    expect(memoryLimit(host(files))).toBe(67108864);
  });

  it('is that of the memory controller, version 1, whose root says 2^63', () => {
    const files = {
      'proc/self/cgroup': '5:devices:/a\n4:cpu,memory:/a:b\n0::/\n',
      'sys/fs/cgroup/memory/a:b/memory.limit_in_bytes': '83886080\n',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    };
    expect(memoryLimit(host(files))).toBe(83886080);
  });

  it("is the mount's own where the path is one of another namespace", () => {
    const files = {
      'proc/self/cgroup': '0::/docker/0123\n',
      'sys/fs/cgroup/memory.max': '33554432\n',
    };
    expect(memoryLimit(host(files))).toBe(33554432);
  });

  it('is none where nothing can be read', () => {
    expect(memoryLimit(host({}))).toBe(Infinity);
    rmSync(root, { recursive: true });
    expect(memoryLimit(host({ 'proc/self/cgroup': 'nonsense\n0::\n4:memory\n' }))).toBe(Infinity);
  });
});

import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../wire/address.ts';
import { gatherNeverBlock, type NeverBlock, type NeverBlockInput } from './never-block.ts';

const ENOENT = Object.assign(new Error('no such file'), { code: 'ENOENT' });
const EACCES = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });

function input(
  files: Record<string, string | Error>,
  more: Partial<NeverBlockInput> = {},
): NeverBlockInput {
  return {
    readFile(path) {
      const text = files[path] ?? ENOENT;
      if (text instanceof Error) throw text;
      return text;
    },
    interfaces: [{ name: 'eth0', addresses: [parseAddress('10.0.0.5')!] }],
    env: {},
    pid: 1,
    sessions: { prefixes: [], problems: [] },
    last: new Map(),
    ...more,
  };
}

const reasons = ({ prefixes }: NeverBlock): Record<string, string> =>
  Object.fromEntries(prefixes.map(({ address, reason }) => [formatAddress(address), reason]));

describe('gatherNeverBlock', () => {
  it('gathers from all places', () => {
    const found = gatherNeverBlock(
      input(
        {
          '/proc/net/route': 'eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n',
          '/proc/net/ipv6_route': `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0\n`,
          '/etc/resolv.conf': 'nameserver 10.0.0.1\nnameserver 127.0.0.53\n',
          '/run/systemd/resolve/resolv.conf': 'nameserver 192.0.2.53\n',
        },
        { env: { SSH_CONNECTION: '192.0.2.7 50022 10.0.0.5 22' } },
      ),
    );
    expect(reasons(found)).toEqual({
      '127.0.0.0': 'loopback',
      '::1': 'loopback',
      '10.0.0.5': 'own address on eth0',
      '10.0.0.1': 'default gateway on eth0, resolver',
      'fd00::1': 'default gateway on eth0',
      '127.0.0.53': 'resolver',
      '192.0.2.53': 'resolver',
      '192.0.2.7': 'our SSH connection',
    });
    expect(found.problems).toEqual([]);
  });

  it('goes on without files that are not there, and says which it could not read', () => {
    const found = gatherNeverBlock(input({ '/etc/resolv.conf': EACCES }));
    expect(Object.keys(reasons(found))).toEqual(['127.0.0.0', '::1', '10.0.0.5']);
    expect(found.problems).toEqual([
      'cannot read /etc/resolv.conf: Error: EACCES: permission denied',
    ]);
  });

  it('keeps what a file said while it can not be read, but not when it is gone', () => {
    const last = new Map<string, string>();
    const files = {
      '/etc/resolv.conf': 'nameserver 10.0.0.1\n',
      '/proc/9/environ': 'SSH_CONNECTION=192.0.2.7 50022 10.0.0.5 22',
    };
    const of = (told: Record<string, string | Error>) =>
      Object.keys(reasons(gatherNeverBlock(input(told, { last, pid: 9 }))));
    const before = of(files);
    expect(before).toEqual(expect.arrayContaining(['10.0.0.1', '192.0.2.7']));
    const emfile = Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
    expect(of({ '/etc/resolv.conf': emfile, '/proc/9/environ': emfile })).toEqual(before);
    expect(of({})).toEqual(['127.0.0.0', '::1', '10.0.0.5']);
  });

  describe('under sudo', () => {
    const family = {
      '/proc/30/environ': 'SUDO_USER=ann\0',
      '/proc/30/stat': '30 (node) S 20 30 30',
      '/proc/20/environ': '',
      '/proc/20/stat': '20 (sudo) S 10 20 20',
      '/proc/10/environ': 'SSH_CONNECTION=192.0.2.7 50022 10.0.0.5 22\0HOME=/home/ann\0',
    };

    it('asks the ancestors for the SSH connection', () => {
      expect(reasons(gatherNeverBlock(input(family, { pid: 30 })))['192.0.2.7']).toBe(
        'our SSH connection',
      );
    });

    it('prefers its own', () => {
      const env = { SSH_CONNECTION: '192.0.2.8 50022 10.0.0.5 22' };
      const found = reasons(gatherNeverBlock(input(family, { pid: 30, env })));
      expect(found).toHaveProperty(['192.0.2.8']);
      expect(found).not.toHaveProperty(['192.0.2.7']);
    });

    it.each([
      ['may not be read', { ...family, '/proc/20/environ': EACCES }],
      ['is gone', { ...family, '/proc/20/stat': ENOENT }],
      ['has a malformed stat', { ...family, '/proc/20/stat': 'sudo' }],
      ['is its own parent', { ...family, '/proc/20/stat': '20 (sudo) S 20 20 20' }],
    ])('goes on when an ancestor %s', (_, files) => {
      const found = gatherNeverBlock(input(files, { pid: 30 }));
      expect(found.prefixes).toHaveLength(3);
      expect(found.problems).toEqual([]);
    });
  });

  it('of this host has its own addresses', () => {
    expect(reasons(gatherNeverBlock())).toMatchObject({
      '127.0.0.1': 'own address on lo',
      '::1': expect.stringContaining('loopback') as string,
    });
  });
});

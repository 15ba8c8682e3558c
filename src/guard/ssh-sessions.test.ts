import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatAddress } from '../wire/address.ts';
import { SshSessions } from './ssh-sessions.ts';

const NETNS = 'net:[4026531840]';
const PEER = '020200C0'; // 192.0.2.2
const OTHER = '030200C0';
const PORT = '0016';

interface Process {
  readonly title: string;
  readonly uid?: number;
  readonly parent?: number;
  readonly exe?: string;
  readonly netns?: string;
  readonly sockets?: readonly number[];
  readonly start?: number;
}

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'packetwatch-proc-'));
  mkdirSync(join(root, 'self/ns'), { recursive: true });
  symlinkSync(NETNS, join(root, 'self/ns/net'));
  mkdirSync(join(root, 'net'));
  table([row(7, PORT, '00000000', '0A'), row(100, PORT, PEER, '01')]);
});
afterEach(() => rmSync(root, { recursive: true }));

function row(inode: number, port: string, peer: string, state: string): string {
  return `0: 0500000A:${port} ${peer}:C350 ${state} 00000000:00000000 00:00000000 00000000 0 0 ${inode} 1 0 20 4 30 10 -1`;
}

function table(rows: readonly string[]): void {
  writeFileSync(join(root, 'net/tcp'), `  sl  local_address\n${rows.join('\n')}\n`);
}

function put(pid: number, process: Process): void {
  const at = join(root, `${pid}`);
  mkdirSync(join(at, 'ns'), { recursive: true });
  mkdirSync(join(at, 'fd'));
  const uid = process.uid ?? 0;
  writeFileSync(join(at, 'cmdline'), `${process.title}\0\0\0`);
  writeFileSync(join(at, 'status'), `Name:\tsshd\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`);
  const rest = Array.from({ length: 17 }, () => '0').join(' ');
  writeFileSync(
    join(at, 'stat'),
    `${pid} (sshd) S ${process.parent ?? 1} ${rest} ${process.start ?? pid} 0`,
  );
  symlinkSync(process.exe ?? '/usr/sbin/sshd', join(at, 'exe'));
  symlinkSync(process.netns ?? NETNS, join(at, 'ns/net'));
  for (const [i, inode] of (process.sockets ?? [100]).entries())
    symlinkSync(`socket:[${inode}]`, join(at, `fd/${i + 3}`));
}

const found = (sessions = new SshSessions(root)): string[] => {
  const { prefixes, problems } = sessions.peers();
  expect(problems).toEqual([]);
  return prefixes.map(({ address }) => formatAddress(address));
};

describe('SshSessions', () => {
  it.each([
    'sshd: root@pts/0',
    'sshd: root@pts/0,pts/1',
    'sshd: root@notty',
    'sshd: root',
    'sshd-session: root@pts/0',
  ])('takes the peer of %j', (title) => {
    put(50, { title });
    expect(found()).toEqual(['192.0.2.2']);
  });

  it.each([
    'sshd: [accepted]',
    'sshd: [net]',
    'sshd: unknown [priv]',
    'sshd: root [priv]',
    'sshd: root [net]',
    'sshd-session: root [priv]',
    'sshd-auth: root [net]',
    'sshd: /usr/sbin/sshd -D [listener] 1 of 10-100 startups',
    '/usr/sbin/sshd\0-D\0-R',
    '',
  ])('takes none of %j', (title) => {
    put(50, { title });
    expect(found()).toEqual([]);
  });

  it('knows sshd by its binary, also one that an upgrade has replaced', () => {
    put(50, { title: 'sshd: root@pts/0', exe: '/home/eve/sshd-like' });
    expect(found()).toEqual([]);
    put(51, { title: 'sshd: root@pts/0', exe: '/usr/sbin/sshd (deleted)' });
    expect(found()).toEqual(['192.0.2.2']);
  });

  it("takes a user's session below root's monitor of the same user only", () => {
    put(50, { title: 'sshd: ann [priv]', sockets: [] });
    put(51, { title: 'sshd: eve@pts/0', uid: 1000, parent: 50 });
    put(52, { title: 'sshd: ann@pts/0', uid: 1000, parent: 1 });
    expect(found()).toEqual([]);
    put(53, { title: 'sshd: ann@pts/0', uid: 1000, parent: 50 });
    expect(found()).toEqual(['192.0.2.2']);
  });

  it('does not trust a monitor that is not root’s', () => {
    put(50, { title: 'sshd: ann [priv]', uid: 1000 });
    put(51, { title: 'sshd: ann@pts/0', uid: 1000, parent: 50 });
    expect(found()).toEqual([]);
  });

  it('leaves other network namespaces out', () => {
    put(50, { title: 'sshd: root@pts/0', netns: 'net:[1]' });
    expect(found()).toEqual([]);
  });

  it('leaves out who comes by a port that the session forwards, and whom it connects to', () => {
    table([
      row(7, PORT, '00000000', '0A'),
      row(100, PORT, PEER, '01'),
      row(101, '1F90', '00000000', '0A'), // the session listens
      row(102, '1F90', OTHER, '01'),
      row(103, 'C351', OTHER, '01'), // and connects
      row(104, PORT, OTHER, '01'), // another's connection
    ]);
    put(50, { title: 'sshd: root', sockets: [102, 100, 101, 103] });
    expect(found()).toEqual(['192.0.2.2']);
  });

  it('follows sessions as they come and go, and reads the tables only then', () => {
    const sessions = new SshSessions(root);
    expect(found(sessions)).toEqual([]);
    put(50, { title: 'sshd: root@pts/0' });
    expect(found(sessions)).toEqual(['192.0.2.2']);
    table([]);
    expect(found(sessions)).toEqual(['192.0.2.2']);
    rmSync(join(root, '50'), { recursive: true });
    expect(found(sessions)).toEqual([]);
  });

  it('sees that a process has become an sshd, and that a number was used again', () => {
    const sessions = new SshSessions(root);
    put(50, { title: 'sh', exe: '/bin/sh' });
    expect(found(sessions)).toEqual([]);
    rmSync(join(root, '50'), { recursive: true });
    put(50, { title: 'sshd: root@pts/0' });
    expect(found(sessions)).toEqual(['192.0.2.2']);
    rmSync(join(root, '50'), { recursive: true });
    table([row(7, PORT, '00000000', '0A'), row(100, PORT, OTHER, '01')]);
    put(50, { title: 'sshd: root@pts/0', start: 99 });
    expect(found(sessions)).toEqual(['192.0.2.3']);
  });

  it('says what it could not read', () => {
    rmSync(join(root, 'self'), { recursive: true });
    expect(new SshSessions(root).peers().problems).toHaveLength(1);
  });
});

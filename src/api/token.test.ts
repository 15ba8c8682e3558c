import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Token } from './token.ts';

describe('the token', () => {
  let base: string;
  let directory: string;
  let path: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'packetwatch-token-'));
    directory = join(base, 'state');
    path = join(directory, 'token');
  });
  afterEach(() => rmSync(base, { recursive: true }));

  it('is made once, for this user alone, and found again', () => {
    const first = Token.in(directory);
    expect(first.made).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(readFileSync(path, 'utf8')).toBe(`${first.made}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(readdirSync(directory)).toEqual(['token']);
    const second = Token.in(directory);
    expect(second).toMatchObject({ made: undefined, path });
    expect(second.is(first.made!)).toBe(true);
    rmSync(path);
    expect(Token.in(directory).made).not.toBe(first.made);
  });

  it.each(['', 'x', 'X', 'a longer one than this one is, by far, and of other characters'])(
    'is not %j',
    (other) => {
      expect(Token.in(directory).is(other)).toBe(false);
    },
  );

  it('is for one run where it can not be kept', () => {
    writeFileSync(directory, '');
    const token = Token.in(directory);
    expect(token.path).toBeUndefined();
    expect(token.unkept).toContain(directory);
    expect(token.is(token.made!)).toBe(true);
  });

  it.each([
    ['empty', () => writeFileSync(path, ''), /holds no token/],
    ['of nonsense', () => writeFileSync(path, 'a b\n'), /holds no token/],
    ['a directory', () => mkdirSync(path), /holds no token/],
    ['a link to another file', () => symlinkSync('/etc/hostname', path), /holds no token/],
    [
      'for others to read',
      () => {
        Token.in(directory);
        chmodSync(path, 0o644);
      },
      /others may read the token/,
    ],
  ])('is refused when it is %s, in one line with the mend', (_, make, message) => {
    mkdirSync(directory, { mode: 0o700 });
    make();
    expect(() => Token.in(directory)).toThrow(message);
  });
});

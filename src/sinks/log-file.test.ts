import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile } from './log-file.ts';
import { Output } from './output.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'packetwatch-log-'));
  path = join(folder, 'log');
});
afterEach(() => rmSync(folder, { recursive: true }));

function opened(): { log: LogFile; say: (text: string) => void } {
  const log = new LogFile(path);
  log.open();
  const output = new Output({ target: log });
  const say = (text: string): void => {
    const bytes = new TextEncoder().encode(`${text}\n`);
    output.reserve(bytes.length);
    output.bytes.set(bytes, output.pos);
    output.commit(output.pos + bytes.length);
    output.flush();
  };
  return { log, say };
}

const read = (file: string = path): string => readFileSync(file, 'utf8');

describe('LogFile', () => {
  it('appends to what is there, for its owner to write and its group to read', () => {
    const { say } = opened();
    say('one');
    appendFileSync(path, 'of another program\n');
    say('two');
    expect(read()).toBe('one\nof another program\ntwo\n');
    expect(statSync(path).mode & 0o777 & ~0o640).toBe(0);
  });

  it('goes on in a new file after it was renamed and opened again', () => {
    const { log, say } = opened();
    say('one');
    renameSync(path, `${path}.1`);
    say('two');
    log.open();
    say('three');
    expect(read(`${path}.1`)).toBe('one\ntwo\n');
    expect(read()).toBe('three\n');
  });

  it('goes on at the new end of a file that was truncated', () => {
    const { say } = opened();
    say('one');
    truncateSync(path, 0);
    say('two');
    expect(read()).toBe('two\n');
  });

  it('ends the line of a program that was killed within it, once', () => {
    writeFileSync(path, 'whole\nhal');
    const { say } = opened();
    expect(read()).toBe('whole\nhal');
    say('one');
    say('two');
    expect(read()).toBe('whole\nhal\none\ntwo\n');
  });

  it('stays with the file it has when the new one can not be opened', () => {
    const { log, say } = opened();
    renameSync(path, `${path}.1`);
    mkdirSync(path);
    expect(() => log.open()).toThrow(`cannot open ${path}: EISDIR`);
    say('one');
    expect(read(`${path}.1`)).toBe('one\n');
  });

  it('tells what it can not open', () => {
    path = join(folder, 'nowhere', 'log');
    expect(() => opened()).toThrow(`cannot open ${path}: ENOENT`);
    path = '/dev/null';
    expect(() => opened()).toThrow('/dev/null is no file');
  });
});

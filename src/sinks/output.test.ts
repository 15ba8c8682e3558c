import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OperatorError } from '../model/errors.ts';
import { descriptor, Output, type OutputTarget } from './output.ts';

/** A writer that takes `room` bytes and then fails with `code`. */
function limited(code: string, room: number, passes = false) {
  const state = { room, written: '' };
  const write: OutputTarget['write'] = (bytes, offset, length) => {
    if (state.room === 0) throw Object.assign(new Error(code), { code });
    const taken = Math.min(state.room, length, 7);
    state.written += new TextDecoder().decode(bytes.subarray(offset, offset + taken));
    state.room -= taken;
    return taken;
  };
  const passing = passes ? { passing: new Set([code]) } : {};
  return { state, target: { name: 'standard output', write, ...passing } };
}

function line(output: Output, text: string): boolean {
  const bytes = new TextEncoder().encode(`${text}\n`);
  if (!output.reserve(bytes.length)) return false;
  output.bytes.set(bytes, output.pos);
  output.commit(output.pos + bytes.length);
  return true;
}

describe('Output', () => {
  it('writes every line of a file once, over many buffers and short writes', () => {
    const path = join(tmpdir(), `packetwatch-output-${process.pid}`);
    const fd = openSync(path, 'w');
    const output = new Output({ target: descriptor(fd, path), capacity: 64 });
    const all = Array.from({ length: 500 }, (_, i) => `line ${i}`);
    for (const text of all) line(output, text);
    output.flush();
    closeSync(fd);
    const written = readFileSync(path, 'utf8');
    rmSync(path);
    expect(written).toBe(`${all.join('\n')}\n`);
    expect(output.counts()).toEqual({ lines: 500, bytes: written.length, lost: 0 });
  });

  it('keeps what a slow reader leaves, says so, and hands it on later', () => {
    const { state, target } = limited('EAGAIN', 10);
    const output = new Output({ target, capacity: 32, limit: 128 });
    for (let i = 0; i < 12; i++) expect(line(output, `line ${i}`)).toBe(true);
    output.flush();
    expect(output.backlogged).toBe(true);
    state.room = 1000;
    output.flush();
    expect(output.backlogged).toBe(false);
    expect(state.written.split('\n')).toHaveLength(13);
    expect(output.counts().lost).toBe(0);
  });

  it('loses whole lines, and counts them, when the reader never reads', () => {
    const { state, target } = limited('EAGAIN', 0);
    const output = new Output({ target, capacity: 32, limit: 64 });
    for (let i = 0; i < 20; i++) line(output, 'seven..');
    expect(output.counts()).toEqual({ lines: 8, bytes: 0, lost: 12 });
    state.room = 1000;
    output.flush();
    expect(state.written).toBe('seven..\n'.repeat(8));
  });

  for (const [code, words] of [
    ['EPIPE', 'its reader is gone'],
    ['ENOSPC', 'no space left'],
    ['EIO', 'the device failed'],
    ['ESTRANGE', 'ESTRANGE'],
  ] as const) {
    it(`tells ${code} once, as one line, and counts what was lost`, () => {
      const { target } = limited(code, 16);
      const output = new Output({ target, capacity: 32 });
      for (let i = 0; i < 10; i++) expect(() => line(output, 'seven..')).not.toThrow();
      let failure: unknown;
      try {
        output.flush();
      } catch (error) {
        failure = error;
      }
      expect(failure).toBeInstanceOf(OperatorError);
      const { message, hint } = failure as OperatorError;
      expect(message).toMatch(/^cannot write to standard output: [^\n]+$/);
      expect(message).toContain(words);
      expect(hint).not.toBe('');
      expect(() => output.flush()).not.toThrow();
      expect(output.counts()).toEqual({ lines: 2, bytes: 16, lost: 8 });
    });
  }

  it('waits for what passes, then loses whole lines and counts them, and holds nothing back', () => {
    const { state, target } = limited('ENOSPC', 16, true);
    const output = new Output({ target, capacity: 32, limit: 64 });
    for (let i = 0; i < 20; i++) line(output, 'seven..');
    expect(() => output.flush()).not.toThrow();
    expect(output.trouble).toContain('no space left');
    expect([output.backlogged, output.full, output.waiting]).toEqual([false, true, 8]);
    expect(output.counts()).toEqual({ lines: 10, bytes: 16, lost: 10 });
    state.room = 1000;
    output.flush();
    expect([output.trouble, output.full, output.waiting]).toEqual([undefined, false, 0]);
    expect(state.written).toBe('seven..\n'.repeat(10));
  });

  it('tells a full disk', () => {
    const fd = openSync('/dev/full', 'w');
    const output = new Output({ target: descriptor(fd, '/dev/full') });
    line(output, 'x');
    expect(() => output.flush()).toThrow(
      'cannot write to /dev/full: no space left on the device (ENOSPC)',
    );
    closeSync(fd);
  });
});

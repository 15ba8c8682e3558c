import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPlugin, findPlugins } from './folder.ts';

const MANIFEST = {
  name: 'mine',
  version: '1.0.0',
  description: 'A test.',
  object: 'mine.bpf.o',
  module: 'decoder.js',
  hooks: ['ingress'],
  events: { 'mine.seen': { help: 'x' } },
};

let base: string;
let folder: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'packetwatch-plugin-'));
  folder = join(base, 'mine');
  mkdirSync(folder, { mode: 0o755 });
  write('plugin.json', JSON.stringify(MANIFEST));
  write('mine.bpf.o', '');
  write('decoder.js', '');
});
afterEach(() => rmSync(base, { recursive: true }));

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text, { mode: 0o644 });
}

describe('a plugin by its folder', () => {
  it('is found', () => {
    expect(findPlugin(folder)).toMatchObject({ bundled: false, manifest: { name: 'mine' } });
  });

  it.each(['mine', 'mine/plugin.json', 'mine/mine.bpf.o', 'mine/decoder.js', '.'])(
    'is refused when others may write to %s',
    (what) => {
      chmodSync(join(base, what), 0o777);
      expect(() => findPlugin(folder)).toThrow(/^others may write to .*, and a plugin runs with/);
      chmodSync(join(base, what), 0o775); // its group is others, too
      expect(() => findPlugin(folder)).toThrow(/others may write/);
    },
  );

  it.skipIf(process.geteuid!() !== 0)('is refused when it is of another user', () => {
    chownSync(join(folder, 'decoder.js'), 65534, 65534);
    expect(() => findPlugin(folder)).toThrow(/decoder\.js is of user 65534/);
  });

  it('is taken from a folder in which nobody can rename it', () => {
    chmodSync(base, 0o1777);
    expect(findPlugin(folder).manifest.name).toBe('mine');
  });

  it('is refused when a file is a link to elsewhere', () => {
    rmSync(join(folder, 'decoder.js'));
    symlinkSync('/etc/hostname', join(folder, 'decoder.js'));
    expect(() => findPlugin(folder)).toThrow(/decoder\.js is no plain file/);
  });

  it.each(['plugin.json', 'mine.bpf.o', 'decoder.js'])('is refused without its %s', (name) => {
    rmSync(join(folder, name));
    expect(() => findPlugin(folder)).toThrow(`there is no ${name} in`);
  });

  it('names the first thing that is wrong with its manifest', () => {
    write('plugin.json', '{"name": "mine"}');
    expect(() => findPlugin(folder)).toThrow(/^plugin .*mine: `version` is to be/);
  });
});

describe('plugins', () => {
  it('that are not there are told', () => {
    expect(() => findPlugin('no-such')).toThrow('there is no plugin named no-such');
    expect(() => findPlugin('./no-such')).toThrow('there is no folder ./no-such');
  });

  it('that are the same are refused', () => {
    expect(() => findPlugins([folder, folder])).toThrow('two plugins have the name mine');
  });
});

import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { must, until } from '../../test/support/command.ts';
import { StoreProcess } from './process.ts';

function processOf(program: string): { store: StoreProcess; ends: string[] } {
  const ends: string[] = [];
  const store = new StoreProcess({ directory: '/nonexistent', program }, (news) => {
    if (news.kind === 'ended') ends.push(news.how);
  });
  return { store, ends };
}

test('one that finds no descriptor has ended, and can be started again', async () => {
  const [, soft] = /^Max open files +(\w+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))!;
  const limit = (count: string) => must(['prlimit', `--pid=${process.pid}`, `--nofile=${count}:`]);
  const taken: number[] = [];
  const free = async () => {
    for (const one of taken.splice(0)) closeSync(one);
    await limit(soft!);
  };
  onTestFinished(free);
  await limit(String(Math.max(...readdirSync('/proc/self/fd').map(Number)) + 32));
  expect(() => {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  }).toThrow('EMFILE');

  const { store, ends } = processOf('/nonexistent.js');
  store.start();
  await store.stop();
  await free();
  await until('its end', () => ends.length > 0);
  expect(ends).toEqual([expect.stringMatching(/^spawn .* EMFILE$/)]);
  store.start();
  expect(store.pid).toBeGreaterThan(0);
  await until('the next end', () => ends.length > 1);
  expect(ends[1]).toBe('exit code 1');
});

test('one that fork() refuses at once has ended', () => {
  const { store, ends } = processOf('\0');
  store.start();
  expect(ends).toHaveLength(1);
  expect(store.pid).toBeUndefined();
});

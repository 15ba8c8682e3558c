/** A second link between victim and scanner, for what becomes of interfaces: 10.72.0.2 (ex0) - 10.72.0.1 (ex1). */
import { readdirSync, statSync } from 'node:fs';
import { expect } from 'vitest';
import { must, until } from '../support/command.ts';
import type { Watch } from '../support/packetwatch.ts';
import type { Namespace, Rig } from '../support/rig.ts';

export const EXTRA = '10.72.0.2';
export const EXTRA_6 = 'fd72::2';

/** `ip -batch` in a namespace: all at once. */
export function ip(namespace: Namespace, ...lines: string[]): Promise<string> {
  return namespace.must(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
}

/** @param options of ex0: `index 77`, say */
export async function addLink({ victim, scanner }: Rig, options = ''): Promise<void> {
  await must([
    'sh',
    '-ec',
    `ip link add ex0 netns ${victim.name} ${options} type veth peer name ex1 netns ${scanner.name}`,
  ]);
  await ip(
    scanner,
    'addr add 10.72.0.1/24 dev ex1',
    'addr add fd72::1/64 dev ex1 nodad',
    'link set ex1 up',
  );
  await ip(victim, ...addresses('ex0'), 'link set ex0 up');
  await carrier(victim, 'ex0');
}

export const addresses = (iface: string): string[] => [
  `addr add ${EXTRA}/24 dev ${iface}`,
  `addr add ${EXTRA_6}/64 dev ${iface} nodad`,
];

export async function carrier(namespace: Namespace, iface: string): Promise<void> {
  const show = ['ip', '-n', namespace.name, '-o', 'link', 'show', iface];
  await until(`${iface} has its carrier`, async () => (await must(show)).includes('state UP'));
}

/** What happens to interfaces before the program looks again. */
export async function meanwhile(watch: Watch, step: () => Promise<unknown>): Promise<void> {
  watch.running.child.kill('SIGSTOP');
  try {
    await step();
  } finally {
    watch.running.child.kill('SIGCONT');
  }
}

/** The pinned links of interfaces, and which ones they are. */
export async function pinnedLinks(watch: Watch): Promise<Record<string, number>> {
  const { pins } = await watch.status();
  const names = readdirSync(pins).filter((name) => /^link-\d+-/.test(name));
  return Object.fromEntries(names.map((name) => [name, statSync(`${pins}/${name}`).ino]));
}

/** An attempt from outside is told as one that came in by this interface. */
export async function refusedAt(
  rig: Rig,
  watch: Watch,
  host: string,
  iface: string,
): Promise<void> {
  const from = await (await rig.scanner.peer()).connect({ host, port: 9 });
  expect(from.error).toBe('ECONNREFUSED');
  await watch.event({ event: 'connection.refused', src_port: from.port, dst_ip: host, iface });
}

/** Waits until a line was noted so many times. */
export async function noted(watch: Watch, line: string, times = 1): Promise<void> {
  const count = () => watch.notes.filter((note) => note === line).length;
  await watch.running.err.wait(`${line}, ${times} times`, () => count() >= times || undefined);
  expect(count()).toBe(times);
}

/** Waits until a step has led to a line, once more than it was there before. */
export async function noting(
  watch: Watch,
  line: string,
  step: () => Promise<unknown>,
): Promise<void> {
  const count = () => watch.notes.filter((note) => note === line).length;
  const before = count();
  await step();
  await noted(watch, line, before + 1);
}

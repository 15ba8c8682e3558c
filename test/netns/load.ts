/** test/support/load.py: many short connections, and what became of each. */
import { fileURLToPath } from 'node:url';
import type { Event, Watch } from '../support/packetwatch.ts';
import { PYTHON } from '../support/peer.ts';
import type { Namespace } from '../support/rig.ts';
import type { Running } from '../support/command.ts';

const LOAD = fileURLToPath(new URL('../support/load.py', import.meta.url));

type First = 'client' | 'server';

export interface Made {
  /** `local port, port`: unique within one load. */
  readonly key: string;
  /** Just before connect(2), wall time. */
  readonly startMs: number;
}

export interface LoadOptions {
  readonly host: string;
  readonly ports: readonly number[];
  /** Who closes first. */
  readonly first: First;
  readonly count: number;
  /** Connections per second; 0: as many as there can be. */
  readonly rate: number;
}

/** Starts the server of a load; it ends with the rig. */
export async function serve(where: Namespace, options: LoadOptions): Promise<Running> {
  const { host, ports, first } = options;
  const server = await where.start([PYTHON, LOAD, 'serve', host, ...ports.map(String), first]);
  await server.out.wait('the load server', (line) => (line === 'ready' ? line : undefined));
  return server;
}

/** Makes the connections, one after the other, and returns when the last is closed. */
export async function load(from: Namespace, options: LoadOptions): Promise<Made[]> {
  const { host, ports, first, count, rate } = options;
  const args = [host, ...ports, first, count, rate].map(String);
  const made = JSON.parse(await from.must([PYTHON, LOAD, 'connect', ...args], { seconds: 55 })) as [
    number,
    number,
    number,
  ][];
  return made.map(([local, port, startMs]) => ({ key: keyOf(local, port), startMs }));
}

/** The events of a load's connections, by their ports. */
export function byKey(watches: readonly Watch[], host: string): Map<string, Event[]> {
  const found = new Map<string, Event[]>();
  for (const event of watches.flatMap((watch) => watch.events({ dst_ip: host }))) {
    if (event.src_port === undefined) continue;
    const key = keyOf(event.src_port, event.dst_port!);
    const events = found.get(key) ?? [];
    events.push(event);
    found.set(key, events);
  }
  return found;
}

const keyOf = (local: number, port: number): string => `${local},${port}`;

/** test/support/load.py: many short connections, and what became of each. */
import { fileURLToPath } from 'node:url';
import type { Event, Watch } from '../support/packetwatch.ts';
import { PYTHON } from '../support/peer.ts';
import type { Namespace } from '../support/rig.ts';
import type { Running } from '../support/command.ts';

const LOAD = fileURLToPath(new URL('../support/load.py', import.meta.url));

type First = 'client' | 'server';

export interface Made {
  /** `local port,port` */
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
  const seconds = 55 + (rate === 0 ? 0 : count / rate);
  const made = JSON.parse(await from.must([PYTHON, LOAD, 'connect', ...args], { seconds })) as [
    number,
    number,
    number,
  ][];
  return made.map(([local, port, startMs]) => ({ key: keyOf(local, port), startMs }));
}

/**
 * The connections of a load as they were told, each with its events in their order, by their ports.
 * @param sinceMs without those that began before, wall time
 */
export function toldOf(
  watches: readonly Watch[],
  host: string,
  sinceMs = 0,
): Map<string, Event[][]> {
  const byId = new Map<string, Event[]>();
  const byKey = new Map<string, Event[][]>();
  for (const event of watches.flatMap((watch) => watch.events({ dst_ip: host }))) {
    if (event.id === undefined) continue;
    const known = byId.get(event.id);
    if (known) known.push(event);
    else if (Date.parse(event.ts) >= sinceMs) {
      const connection = [event];
      byId.set(event.id, connection);
      const key = keyOf(event.src_port!, event.dst_port!);
      byKey.set(key, [...(byKey.get(key) ?? []), connection]);
    }
  }
  return byKey;
}

/**
 * The connections that were not told as often as they were made (the kernel may take the same port twice), or whose
 * events are not right; with what was told.
 */
export function wrongOnes(
  made: readonly Made[],
  told: ReadonlyMap<string, Event[][]>,
  isRight: (events: readonly Event[]) => boolean,
): string[] {
  const times = new Map<string, number>();
  for (const { key } of made) times.set(key, (times.get(key) ?? 0) + 1);
  return [...times].flatMap(([key, count]) => {
    const connections = told.get(key) ?? [];
    const right = connections.length === count && connections.every(isRight);
    return right ? [] : [`${key}, made ${count} times: ${JSON.stringify(connections)}`];
  });
}

const keyOf = (local: number, port: number): string => `${local},${port}`;

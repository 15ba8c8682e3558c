import { type About, type Owner, readAbout } from './about.ts';
import * as bpf from './bpf.ts';
import { Generation } from './generation.ts';
import { closeFd } from './libc.ts';
import { interfaceName } from './libc-sockets.ts';
import type { Pins } from './pins.ts';

/** A pinned link. */
export interface PinnedLink {
  readonly name: string;
  /** Where it is: `tcx`, `native`, `generic`, `egress`, or `tracepoint`. */
  readonly hook: string;
  /** Number and name of its interface; the name is missing when the interface is gone. */
  readonly ifindex?: number;
  readonly iface?: string;
  /** The kernel's number of its program. */
  readonly program: number;
}

/** A generation of maps. */
export interface PinnedMaps {
  readonly generation: number;
  /** Undefined: nothing says what lies where in them. */
  readonly layout: string | undefined;
  readonly made: string | undefined;
  readonly made_by: string | undefined;
}

/** What is pinned for a network namespace, and by whom. */
export interface PinnedState {
  readonly directory: string;
  /** The newest first; more than one: a swap goes on, or was interrupted. */
  readonly maps: readonly PinnedMaps[];
  /** Absent: nothing says so. */
  readonly owner?: Owner;
  readonly links: readonly PinnedLink[];
}

/** Looks at what is pinned, whichever version has pinned it; changes nothing. */
export function pinnedState(pins: Pins): PinnedState {
  const abouts = new Map<number, About | undefined>();
  const maps = pins.generations().map((generation): PinnedMaps => {
    const about = readAbout(pins, generation);
    abouts.set(generation, about);
    const opened = Generation.open(pins, generation);
    opened?.stop();
    return {
      generation,
      layout: opened?.layout.id,
      made: about?.made,
      made_by: about?.made_by,
    };
  });
  const owner = [...abouts.values()].find((about) => about !== undefined)?.owner;
  const links = pins.links().flatMap((name) => withPin(pins, name, (fd) => linkOf(name, fd)) ?? []);
  return { directory: pins.directory, maps, ...(owner ? { owner } : {}), links };
}

/** Opens a pin for one use. */
function withPin<T>(pins: Pins, name: string, use: (fd: number) => T): T | undefined {
  const fd = pins.open(name);
  if (fd === undefined) return undefined;
  try {
    return use(fd);
  } finally {
    closeFd(fd);
  }
}

function linkOf(name: string, fd: number): PinnedLink {
  const { program, ifindex } = bpf.linkInfo(fd);
  const hook = /^link-\d+-(\w+)$/.exec(name)?.[1] ?? 'tracepoint';
  const iface = ifindex === undefined ? undefined : interfaceName(ifindex);
  return {
    name,
    hook,
    ...(ifindex === undefined ? {} : { ifindex }),
    ...(iface === undefined ? {} : { iface }),
    program,
  };
}

/** Were there guards on interfaces, and all of these interfaces are gone? */
export function isDead(pins: Pins): boolean {
  const guards = pins
    .links()
    .flatMap((name) => withPin(pins, name, (fd) => bpf.linkInfo(fd).ifindex) ?? []);
  return guards.length > 0 && guards.every((ifindex) => ifindex === 0);
}

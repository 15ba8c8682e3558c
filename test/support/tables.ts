/** What must always hold of the pinned tables, read as the kernel has them. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { lookupElement, MapType, nextKey, pinnedObject } from '../../src/kernel/bpf.ts';
import { closeFd, mapShared } from '../../src/kernel/libc.ts';
import { BpfObject, type MapDefinition } from '../../src/kernel/object.ts';

const GUARD = fileURLToPath(new URL('../../dist/bpf/guard.bpf.o', import.meta.url));
const WAYS = 4;
const MOST_BLOCKS = 2;
const BLOCKED = 3;
const MAX_PORTS = 15;
/** enum pw_block_reason. */
const REASONS = 3;
const PAGE = 4096;
const MASK = (1n << 64n) - 1n;
/** A packet that comes while we look may hold a lock: what is wrong stays wrong. */
const LOOKS = 25;
const LOOK_MS = 10;

let guard: BpfObject | undefined;

/** What the tables hold, and what of it can't be, a sentence each. */
export interface Tables {
  readonly blocks: number;
  readonly wrong: readonly string[];
}

/** The tables pinned in a directory; undefined when nothing is there. */
export async function tables(directory: string): Promise<Tables | undefined> {
  let found = look(directory);
  for (let looks = 1; found && found.wrong.length > 0 && looks < LOOKS; looks++) {
    await sleep(LOOK_MS);
    const again = look(directory);
    const before = new Set(found.wrong);
    found = again && { ...again, wrong: again.wrong.filter((what) => before.has(what)) };
  }
  return found;
}

function look(pinned: string): Tables | undefined {
  const all = pinsIn(pinned);
  if (all.length === 0) return undefined;
  const directory = `${pinned}/${newest(all)}`;
  const pins = pinsIn(directory);
  guard ??= new BpfObject(GUARD);
  const object = guard;
  const maps = object.maps();
  const own = maps.filter(({ type }) => type !== MapType.PROG_ARRAY).map(({ name }) => name);
  const missing = [...own, 'requests'].filter((name) => !pins.includes(name));
  if (missing.length > 0) {
    const links = all.filter((name) => /^link-\d/.test(name));
    const wrong = links.length === 0 ? [] : [`${links.join()} without ${missing.join()}`];
    return { blocks: 0, wrong };
  }
  const map = (name: string) => maps.find((definition) => definition.name === name)!;
  const wrong: string[] = [];
  const blocks = sets({ directory, object, map, wrong });
  sums(directory, map('pw_sums'), wrong);
  const shared = withMap(directory, 'pw_shared', (fd) => element(fd, map('pw_shared'), 0));
  const [counted, nets] = [shared.readUInt32LE(0), shared.readUInt32LE(4)];
  if (counted !== blocks) wrong.push(`${counted} blocks counted, ${blocks} in the table`);
  const prefixes = withMap(directory, 'pw_nets', (fd) => entries(fd));
  if (nets !== prefixes) wrong.push(`${nets} blocked prefixes counted, ${prefixes} in the trie`);
  return { blocks: blocks + prefixes, wrong };
}

interface Where {
  readonly directory: string;
  readonly object: BpfObject;
  readonly map: (name: string) => MapDefinition;
  readonly wrong: string[];
}

/** Looks at every set; returns how many ways are blocks. */
function sets({ directory, object, map, wrong }: Where): number {
  const offset = offsetsOf(object);
  const [seedAt, wayAt, slotAt] = [
    offset('pw_shared', 'seed'),
    offset('pw_set', 'way'),
    offset('pw_set', 'slot'),
  ];
  const reasonAt = offset('pw_more', 'reason');
  const slotBytes = object.btf.struct('pw_slot').sizeOrType;
  const { valueSize, maxEntries } = map('pw_sets');
  const seed = withMap(directory, 'pw_shared', (fd) =>
    element(fd, map('pw_shared'), 0).readBigUInt64LE(seedAt),
  );
  let blocks = 0;
  const lookAt = (memory: DataView, set: number, more: (place: number) => Buffer): void => {
    const base = set * valueSize;
    const is = (what: string) => wrong.push(`set ${set}: ${what}`);
    if (memory.getUint32(base, true) & 1) is('its lock is taken');
    const blocked = new Set<string>();
    for (let way = 0; way < WAYS; way++) {
      const word = memory.getBigUint64(base + wayAt + way * 8, true);
      if (word === 0n) continue;
      const state = Number(word >> 56n);
      const source = Buffer.from(memory.buffer, base + slotAt + way * slotBytes, 16);
      const hash = hashOf(source, seed);
      if (state === 0 || state > BLOCKED) is(`way ${way} has state ${state}`);
      if ((Number(word >> 48n) & 0xff) > MAX_PORTS) is(`way ${way} has too many ports`);
      if (Number(hash & BigInt(maxEntries - 1)) !== set) is(`way ${way} belongs elsewhere`);
      if ((word & 0xffffn) !== ((hash >> 48n) | 1n)) is(`way ${way} has another source's tag`);
      if (state !== BLOCKED) continue;
      blocks++;
      const reason = more(set * WAYS + way).readUInt32LE(reasonAt);
      if (reason < 1 || reason > REASONS) is(`way ${way} is blocked for reason ${reason}`);
      if (blocked.size === blocked.add(source.toString('hex')).size) is('one source twice');
    }
    if (blocked.size > MOST_BLOCKS) is(`${blocked.size} blocks`);
  };
  withMap(directory, 'pw_sets', (setsFd) => {
    const bytes = Math.ceil((valueSize * maxEntries) / PAGE) * PAGE;
    const mapping = mapShared(setsFd, bytes, 0, false);
    const memory = new DataView(mapping.buffer);
    withMap(directory, 'pw_mores', (moresFd) => {
      const more = (place: number) => element(moresFd, map('pw_mores'), place);
      for (let set = 0; set < maxEntries; set++) lookAt(memory, set, more);
    });
    mapping.unmap();
  });
  return blocks;
}

function sums(directory: string, map: MapDefinition, wrong: string[]): void {
  withMap(directory, map.name, (fd) => {
    const bytes = Math.ceil((map.valueSize * map.maxEntries) / PAGE) * PAGE;
    const mapping = mapShared(fd, bytes, 0, false);
    const locks = new Uint32Array(mapping.buffer);
    for (let sum = 0; sum < map.maxEntries; sum++)
      if (locks[(sum * map.valueSize) >> 2]! & 1) wrong.push(`sum ${sum}: its lock is taken`);
    mapping.unmap();
  });
}

/** pw_hash() of bpf/table.h. */
export function hashOf(source: Buffer, seed: bigint): bigint {
  let h = (source.readBigUInt64LE(0) * 0x9e3779b97f4a7c15n) & MASK;
  h ^= source.readBigUInt64LE(8) ^ seed;
  h = (h * ((seed >> 7n) | 1n)) & MASK;
  h = ((h ^ (h >> 32n)) * 0xbf58476d1ce4e5b9n) & MASK;
  return h ^ (h >> 31n);
}

function offsetsOf(object: BpfObject): (struct: string, member: string) => number {
  return (struct, member) => {
    const found = object.btf.members(object.btf.struct(struct)).find(({ name }) => name === member);
    if (!found) throw new Error(`struct ${struct} has no ${member}`);
    return found.offset;
  };
}

function withMap<T>(directory: string, name: string, use: (fd: number) => T): T {
  const fd = pinnedObject(`${directory}/${name}`);
  if (fd === undefined) throw new Error(`${name} is not pinned`);
  try {
    return use(fd);
  } finally {
    closeFd(fd);
  }
}

function element(fd: number, { valueSize }: MapDefinition, index: number): Buffer {
  const key = Buffer.alloc(128);
  key.writeUInt32LE(index);
  const value = Buffer.alloc(Math.max(128, valueSize));
  lookupElement(fd, key, value);
  return value;
}

function entries(fd: number): number {
  let count = 0;
  let key: Buffer | undefined;
  for (;;) {
    const next = Buffer.alloc(128);
    if (!nextKey(fd, key, next)) return count;
    key = next;
    count++;
  }
}

/** Folder of the newest generation of maps. */
function newest(names: readonly string[]): string {
  const numbers = names.flatMap((name) => /^maps-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return `maps-${Math.max(0, ...numbers)}`;
}

function pinsIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

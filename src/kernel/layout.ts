import { createHash } from 'node:crypto';
import type { Btf } from './btf.ts';
import { type BpfObject, isOwn } from './object.ts';

/**
 * Changes when a word of a pinned map gets another meaning without another name, size or place: the bits of PW_WAY,
 * the unit of a time. Everything else is told by names, sizes and offsets.
 */
const MEANING = 1;
/** What the rings hold, which have no types of their own, and what a pinned program is asked by. */
const RECORD = 'pw_record';
const REQUEST = 'pw_request';

/** A member of a struct: `count` elements of `bytes` each. */
export interface Place {
  readonly at: number;
  readonly bytes: number;
  readonly count: number;
  /** Name of the struct that each of them is. */
  readonly of?: string;
}

/** A map as it was made. */
export interface MapShape {
  readonly type: number;
  readonly key: number;
  readonly value: number;
  readonly entries: number;
  readonly flags: number;
  /** Names of the structs that key, value and records are. */
  readonly of: readonly string[];
}

interface Written {
  readonly meaning: number;
  readonly maps: Readonly<Record<string, MapShape>>;
  readonly structs: Readonly<
    Record<string, { readonly size: number; readonly members: Record<string, Place> }>
  >;
}

/**
 * What lies where in the maps. It is pinned beside them, so that another version finds by name what it needs: the
 * kernel's own copy of the types is only for CAP_SYS_ADMIN.
 */
export class Layout {
  readonly #written: Written;
  /** Eight digits that two layouts share only when they are the same. */
  readonly id: string;

  private constructor(written: Written) {
    this.#written = written;
    const hash = createHash('sha256').update(JSON.stringify(written));
    this.id = hash.digest('hex').slice(0, 8);
  }

  /** Of maps that these objects define. */
  static of(objects: readonly BpfObject[]): Layout {
    const maps: Record<string, MapShape> = {};
    const structs: Record<string, { size: number; members: Record<string, Place> }> = {};
    for (const { btf, definitions } of objects.map((o) => ({ btf: o.btf, definitions: o.maps() })))
      for (const map of definitions.filter((one) => !isOwn(one))) {
        const held = map.keySize === 0 ? [structOf(btf, RECORD)] : [map.keyType, map.valueType];
        maps[map.name] = {
          type: map.type,
          key: map.keySize,
          value: map.valueSize,
          entries: map.maxEntries,
          flags: map.flags,
          of: held.flatMap((id) => collect(btf, id, structs) ?? []),
        };
      }
    for (const { btf } of objects) collect(btf, structOf(btf, REQUEST), structs);
    return new Layout({ meaning: MEANING, maps: sorted(maps), structs: sorted(structs) });
  }

  /** As it was pinned; undefined: it is none. */
  static parse(text: string): Layout | undefined {
    try {
      const written = JSON.parse(text) as Written;
      return isWritten(written) ? new Layout(written) : undefined;
    } catch {
      return undefined;
    }
  }

  text(): string {
    return JSON.stringify(this.#written);
  }

  /** Does this version know what the words mean? */
  get understood(): boolean {
    return this.#written.meaning === MEANING;
  }

  /** Of all maps. */
  names(): string[] {
    return Object.keys(this.#written.maps);
  }

  map(name: string): MapShape | undefined {
    return this.#written.maps[name];
  }

  /** Bytes of a struct; 0: there is none. */
  size(struct: string): number {
    return this.#written.structs[struct]?.size ?? 0;
  }

  /** A member, where there is one. */
  find(struct: string, member: string): Place | undefined {
    return this.#written.structs[struct]?.members[member];
  }

  /** A member that must be there. */
  place(struct: string, member: string): Place {
    const found = this.find(struct, member);
    if (!found) throw new Error(`struct ${struct} has no ${member}`);
    return found;
  }

  /** Members of a struct in their order. */
  members(struct: string): readonly (readonly [string, Place])[] {
    return Object.entries(this.#written.structs[struct]?.members ?? {});
  }

  /** Is this map, or what programs are asked by, the same in another layout with everything in it? */
  shares(other: Layout, name: string): boolean {
    if (this.#written.meaning !== other.#written.meaning) return false;
    return this.#whole(name) === other.#whole(name);
  }

  /** All that a map or a struct is, as text. */
  #whole(name: string): string {
    const shape = this.map(name);
    const seen = new Set(shape?.of ?? [name]);
    for (const struct of seen)
      for (const [, { of }] of this.members(struct)) if (of !== undefined) seen.add(of);
    return JSON.stringify([shape, ...[...seen].map((struct) => this.#written.structs[struct])]);
  }
}

/** Takes up a type and the structs in it; returns its name when it is a struct. */
function collect(
  btf: Btf,
  id: number,
  structs: Record<string, { size: number; members: Record<string, Place> }>,
): string | undefined {
  const { type, count, bytes } = btf.elementsOf(id);
  if (!btf.isStruct(type) || type.name === '') return undefined;
  if (!structs[type.name] && count > 0) {
    const members: Record<string, Place> = {};
    structs[type.name] = { size: bytes, members };
    addMembers(btf, type.id, 0, members, structs);
  }
  return type.name;
}

/** Those of a struct or union without a name stand in the one around it. */
function addMembers(
  btf: Btf,
  id: number,
  from: number,
  to: Record<string, Place>,
  structs: Record<string, { size: number; members: Record<string, Place> }>,
): void {
  for (const member of btf.members(btf.type(id))) {
    const { type, count, bytes } = btf.elementsOf(member.type);
    const at = from + member.offset;
    if (member.name === '') addMembers(btf, type.id, at, to, structs);
    else {
      const of = collect(btf, member.type, structs);
      to[member.name] = { at, bytes, count, ...(of === undefined ? {} : { of }) };
    }
  }
}

/** Its id; 0: there is none. */
function structOf(btf: Btf, name: string): number {
  return btf.types.find((type) => type.name === name && btf.isStruct(type))?.id ?? 0;
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Others may have written it, so its form is looked at. */
function isWritten(value: Written): boolean {
  const maps = Object.values(value.maps);
  const members = Object.values(value.structs).flatMap(({ members: all }) => Object.values(all));
  return (
    typeof value.meaning === 'number' &&
    maps.every(({ value: size, entries, of }) => isSize(size) && isSize(entries) && isNames(of)) &&
    members.every(({ at, bytes, count }) => isSize(at) && isSize(bytes) && isSize(count))
  );
}

const isSize = (n: unknown): boolean => Number.isInteger(n) && (n as number) >= 0;
const isNames = (names: unknown): boolean =>
  Array.isArray(names) && names.every((name) => typeof name === 'string');

/**
 * The little of BTF that we need (Documentation/bpf/btf.rst): types by name, members' offsets, the definitions
 * of maps, and the sizes and offsets of variables, which the compiler leaves to the loader.
 */
const Kind = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  DECL_TAG: 17,
  ENUM64: 19,
} as const;

/** Kinds that refer to no other type for their size; 0 is void. */
const ENDS: ReadonlySet<number> = new Set([
  0,
  Kind.INT,
  Kind.PTR,
  Kind.STRUCT,
  Kind.UNION,
  Kind.ENUM,
  Kind.ENUM64,
]);

export interface Member {
  readonly name: string;
  readonly type: number;
  /** Bytes from the start of the struct. */
  readonly offset: number;
}

export interface BtfType {
  readonly id: number;
  readonly name: string;
  readonly kind: number;
  /** Size in bytes, or the type that this one refers to. */
  readonly sizeOrType: number;
  readonly count: number;
  /** Byte offset, in the section, of what follows the common part. */
  readonly at: number;
}

export class Btf {
  readonly types: BtfType[] = [{ id: 0, name: 'void', kind: 0, sizeOrType: 0, count: 0, at: 0 }];
  readonly data: Buffer;
  readonly #strings: number;

  /** @param section the .BTF section; it is not copied */
  constructor(section: Buffer) {
    this.data = section;
    const header = section.readUInt32LE(4);
    const typesAt = header + section.readUInt32LE(8);
    const typesEnd = typesAt + section.readUInt32LE(12);
    this.#strings = header + section.readUInt32LE(16);
    for (let at = typesAt; at < typesEnd; ) {
      const info = section.readUInt32LE(at + 4);
      const kind = (info >>> 24) & 0x1f;
      const count = info & 0xffff;
      this.types.push({
        id: this.types.length,
        name: this.string(section.readUInt32LE(at)),
        kind,
        sizeOrType: section.readUInt32LE(at + 8),
        count,
        at: at + 12,
      });
      at += 12 + followingBytes(kind, count);
    }
  }

  string(offset: number): string {
    const at = this.#strings + offset;
    return this.data.toString('latin1', at, this.data.indexOf(0, at));
  }

  type(id: number): BtfType {
    const found = this.types[id];
    if (!found) throw new Error(`BTF has no type ${id}`);
    return found;
  }

  struct(name: string): BtfType {
    const found = this.types.find((t) => t.kind === Kind.STRUCT && t.name === name);
    if (!found) throw new Error(`BTF has no struct ${name}`);
    return found;
  }

  members(type: BtfType): Member[] {
    return Array.from({ length: type.count }, (_, i) => {
      const at = type.at + i * 12;
      return {
        name: this.string(this.data.readUInt32LE(at)),
        type: this.data.readUInt32LE(at + 4),
        offset: (this.data.readUInt32LE(at + 8) & 0xffffff) / 8,
      };
    });
  }

  /** Names and values of an enum. */
  enumerators(name: string): [string, number][] {
    const found = this.types.find((t) => t.kind === Kind.ENUM && t.name === name);
    if (!found) throw new Error(`BTF has no enum ${name}`);
    return Array.from({ length: found.count }, (_, i) => [
      this.string(this.data.readUInt32LE(found.at + i * 8)),
      this.data.readInt32LE(found.at + i * 8 + 4),
    ]);
  }

  /** Bytes of a value of this type. */
  sizeOf(id: number): number {
    const type = this.type(id);
    switch (type.kind) {
      case Kind.INT:
      case Kind.STRUCT:
      case Kind.UNION:
      case Kind.ENUM:
        return type.sizeOrType;
      case Kind.PTR:
        return 8;
      case Kind.ARRAY:
        return this.sizeOf(this.data.readUInt32LE(type.at)) * this.elements(type);
      default:
        return this.sizeOf(type.sizeOrType); // typedef, const, volatile
    }
  }

  /** What a type is in the end: so many elements of a type, each of so many bytes; typedefs and qualifiers are gone. */
  elementsOf(id: number): { type: BtfType; count: number; bytes: number } {
    let type = this.type(id);
    let count = 1;
    while (!ENDS.has(type.kind)) {
      if (type.kind === Kind.ARRAY) count *= this.elements(type);
      type = this.type(
        type.kind === Kind.ARRAY ? this.data.readUInt32LE(type.at) : type.sizeOrType,
      );
    }
    return { type, count, bytes: type.kind === 0 ? 0 : this.sizeOf(type.id) };
  }

  /** Or a union. */
  isStruct(type: BtfType): boolean {
    return type.kind === Kind.STRUCT || type.kind === Kind.UNION;
  }

  elements(array: BtfType): number {
    return this.data.readUInt32LE(array.at + 8);
  }

  /** The number behind libbpf's `__uint(name, number)`: a pointer to an array of that many elements. */
  uint(member: Member): number {
    return this.elements(this.type(this.type(member.type).sizeOrType));
  }

  /** The type behind libbpf's `__type(name, type)`: a pointer to it. */
  pointee(member: Member): number {
    return this.type(member.type).sizeOrType;
  }

  /** Variables of a section: name and type. */
  variables(section: string): { name: string; type: number }[] {
    const found = this.types.find((t) => t.kind === Kind.DATASEC && t.name === section);
    if (!found) return [];
    return Array.from({ length: found.count }, (_, i) => {
      const variable = this.type(this.data.readUInt32LE(found.at + i * 12));
      return { name: variable.name, type: variable.sizeOrType };
    });
  }

  /** Fills in, in place, what the kernel wants to know of each data section (as libbpf's btf_fixup_datasec). */
  placeVariables(sectionSize: (name: string) => number, symbolAt: (name: string) => number): void {
    for (const type of this.types) {
      if (type.kind !== Kind.DATASEC) continue;
      this.data.writeUInt32LE(sectionSize(type.name), type.at - 4);
      for (let i = 0; i < type.count; i++) {
        const at = type.at + i * 12;
        const variable = this.type(this.data.readUInt32LE(at));
        this.data.writeUInt32LE(symbolAt(variable.name), at + 4);
      }
      sortByOffset(this.data, type.at, type.count);
    }
  }
}

function followingBytes(kind: number, count: number): number {
  switch (kind) {
    case Kind.INT:
    case Kind.VAR:
    case Kind.DECL_TAG:
      return 4;
    case Kind.ARRAY:
      return 12;
    case Kind.STRUCT:
    case Kind.UNION:
    case Kind.DATASEC:
    case Kind.ENUM64:
      return count * 12;
    case Kind.ENUM:
    case Kind.FUNC_PROTO:
      return count * 8;
    default:
      return 0;
  }
}

function sortByOffset(data: Buffer, at: number, count: number): void {
  const entries = Array.from({ length: count }, (_, i) =>
    Buffer.from(data.subarray(at + i * 12, at + i * 12 + 12)),
  );
  entries.sort((a, b) => a.readUInt32LE(4) - b.readUInt32LE(4));
  entries.forEach((entry, i) => {
    entry.copy(data, at + i * 12);
  });
}

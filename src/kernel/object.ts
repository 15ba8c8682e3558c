import { readFileSync } from 'node:fs';
import * as bpf from './bpf.ts';
import { Btf, type Member } from './btf.ts';
import { Elf } from './elf.ts';

/** A map as an object's `.maps` section defines it; `btf` types are ids in that object. */
export interface MapDefinition {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly keyType: number;
  readonly valueType: number;
}

/** Of each process alone, never pinned: the kernel empties an array of programs when its last descriptor is closed. */
export function isOwn({ type }: MapDefinition): boolean {
  return type === bpf.MapType.PROG_ARRAY;
}

/** Where a program section goes: its program type, attach type, and the kernel function it hooks. */
interface Hook {
  readonly type: number;
  readonly attachType?: number;
  /** Name and BTF kind of what it attaches to. */
  readonly target?: { readonly name: string; readonly kind: number };
  readonly sleepable?: boolean;
}

const BTF_KIND_TYPEDEF = 8;
const BTF_KIND_FUNC = 12;
const BPF_F_SLEEPABLE = 16;

/** The section names we use; libbpf gives them the same meaning. */
function hookOf(section: string): Hook {
  const [first, rest] = section.split('/') as [string, string | undefined];
  switch (first) {
    case 'tcx':
      return {
        type: bpf.ProgramType.SCHED_CLS,
        attachType: rest === 'egress' ? bpf.AttachType.TCX_EGRESS : bpf.AttachType.TCX_INGRESS,
      };
    case 'xdp':
      return { type: bpf.ProgramType.XDP, attachType: bpf.AttachType.XDP };
    case 'syscall':
      return { type: bpf.ProgramType.SYSCALL, sleepable: true };
    case 'tp_btf':
      return {
        type: bpf.ProgramType.TRACING,
        attachType: bpf.AttachType.TRACE_RAW_TP,
        target: { name: `btf_trace_${rest}`, kind: BTF_KIND_TYPEDEF },
      };
    case 'iter':
      return {
        type: bpf.ProgramType.TRACING,
        attachType: bpf.AttachType.TRACE_ITER,
        target: { name: `bpf_iter_${rest}`, kind: BTF_KIND_FUNC },
      };
    default:
      throw new Error(`no hook is known for section ${section}`);
  }
}

interface CoreRecords {
  readonly functions: Buffer;
  readonly relocations: Buffer;
}

/**
 * One compiled BPF object: its map definitions, and its programs, loaded with the maps they are given.
 * Relocations are patched as libbpf does: a map becomes its descriptor, a `.rodata` variable the frozen map of
 * options plus the variable's offset.
 */
export class BpfObject {
  readonly path: string;
  readonly btf: Btf;
  readonly #elf: Elf;
  #btfFd: number | undefined;

  constructor(path: string) {
    this.path = path;
    this.#elf = new Elf(readFileSync(path));
    const btf = this.#elf.section('.BTF');
    if (!btf) throw new Error(`${path} has no BTF`);
    this.btf = new Btf(btf);
    this.btf.placeVariables(
      (name) => this.#elf.sectionSize(name),
      (name) => this.#elf.symbolAt(name),
    );
  }

  /** Descriptor of this object's type information, loaded at first use. */
  btfFd(): number {
    this.#btfFd ??= bpf.loadBtf(this.btf.data);
    return this.#btfFd;
  }

  maps(): MapDefinition[] {
    return this.btf.variables('.maps').map(({ name, type }) => {
      const members = new Map<string, Member>(
        this.btf.members(this.btf.type(type)).map((m) => [m.name, m]),
      );
      const uint = (key: string) => {
        const member = members.get(key);
        return member ? this.btf.uint(member) : 0;
      };
      const pointee = (key: string) => {
        const member = members.get(key);
        return member ? this.btf.pointee(member) : 0;
      };
      const [keyType, valueType] = [pointee('key'), pointee('value')];
      return {
        name,
        type: uint('type'),
        keySize: keyType ? this.btf.sizeOf(keyType) : 0,
        valueSize: valueType ? this.btf.sizeOf(valueType) : 0,
        maxEntries: uint('max_entries'),
        flags: uint('map_flags'),
        keyType,
        valueType,
      };
    });
  }

  /** Initial content of `.rodata`, to be filled with options. */
  options(): Buffer {
    return this.#elf.section('.rodata') ?? Buffer.alloc(0);
  }

  /** Sections that hold programs. */
  programs(): string[] {
    return this.#elf.codeSections();
  }

  /** Initial content of a section; undefined when there is none. */
  data(section: string): Buffer | undefined {
    return this.#elf.section(section);
  }

  /** Offset of an option's member in `.rodata`: `variable` is a struct there. */
  optionOffsets(variable: string): Map<string, number> {
    const found = this.btf.variables('.rodata').find((v) => v.name === variable);
    if (!found) throw new Error(`${this.path} has no option ${variable}`);
    let type = this.btf.type(found.type);
    while (type.name === '' && type.count === 0) type = this.btf.type(type.sizeOrType); // const, volatile
    const base = this.#elf.symbolAt(variable);
    return new Map(this.btf.members(type).map((m) => [m.name, base + m.offset]));
  }

  /**
   * Loads the program of one section.
   * @param mapFd descriptor of a map by its name; `.rodata` is the map of options
   * @param findBtf id of a kernel type, for programs that attach to one
   * @param edit makes of the instructions those that are loaded
   * @returns the program's descriptor
   */
  load(
    section: string,
    mapFd: (name: string) => number,
    findBtf: (name: string, kind: number) => number,
    edit: (instructions: Buffer) => Buffer = (same) => same,
  ): number {
    const instructions = this.#elf.section(section);
    const name = this.#elf.symbolsIn(section).find((s) => s.value === 0)?.name;
    if (!instructions || !name) throw new Error(`${this.path} has no section ${section}`);
    this.#relocate(section, instructions, mapFd);
    const hook = hookOf(section);
    const core = hook.type === bpf.ProgramType.TRACING ? this.#coreRecords(section) : undefined;
    return bpf.loadProgram({
      name,
      type: hook.type,
      instructions: edit(instructions),
      license: this.#elf.text('license'),
      ...(hook.attachType === undefined ? {} : { expectedAttachType: hook.attachType }),
      ...(hook.target ? { attachBtfId: findBtf(hook.target.name, hook.target.kind) } : {}),
      ...(hook.sleepable ? { flags: BPF_F_SLEEPABLE } : {}),
      ...(core ? { core: { btfFd: this.btfFd(), ...core } } : {}),
    });
  }

  #relocate(section: string, instructions: Buffer, mapFd: (name: string) => number): void {
    for (const { offset, symbol } of this.#elf.relocations(section)) {
      const isMap = symbol.section === '.maps';
      const registers = instructions.readUInt8(offset + 1);
      const source = isMap ? 1 : 2; // BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE
      instructions.writeUInt8((registers & 0x0f) | (source << 4), offset + 1);
      const old = instructions.readInt32LE(offset + 4);
      instructions.writeInt32LE(mapFd(isMap ? symbol.name : symbol.section), offset + 4);
      instructions.writeInt32LE(isMap ? 0 : old + symbol.value, offset + 12);
    }
  }

  /** This section's part of .BTF.ext (Documentation/bpf/btf.rst 4.2), as PROG_LOAD wants it. */
  #coreRecords(section: string): CoreRecords {
    const ext = this.#elf.section('.BTF.ext');
    if (!ext) throw new Error(`${this.path} has no .BTF.ext`);
    const header = ext.readUInt32LE(4);
    const part = (at: number): Buffer => {
      const start = header + ext.readUInt32LE(at);
      const end = start + ext.readUInt32LE(at + 4);
      const size = ext.readUInt32LE(start);
      for (let i = start + 4; i < end; ) {
        const count = ext.readUInt32LE(i + 4);
        if (this.btf.string(ext.readUInt32LE(i)) === section)
          return Buffer.concat([
            ext.subarray(i + 8, i + 8 + count * size),
            Buffer.alloc(128),
          ]).subarray(0, count * size);
        i += 8 + count * size;
      }
      return Buffer.alloc(128).subarray(0, 0);
    };
    const functions = part(8);
    for (let i = 0; i < functions.length; i += 8)
      functions.writeUInt32LE(functions.readUInt32LE(i) / 8, i); // bytes to instructions
    return { functions, relocations: part(24) };
  }
}

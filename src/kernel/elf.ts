/** A relocation of one 16-byte load: which symbol's address it wants. */
export interface Relocation {
  /** Byte offset of the instruction in its section. */
  readonly offset: number;
  readonly symbol: Symbol;
}

interface Symbol {
  readonly name: string;
  readonly value: number;
  readonly section: string;
}

/** SHT_NOBITS, SHF_EXECINSTR */
const NOBITS = 8;
const EXECUTABLE = 4;

/** The sections, symbols and relocations of a BPF object: 64-bit, little-endian ELF (System V ABI, chapter 4). */
export class Elf {
  readonly #data: Buffer;
  readonly #sections = new Map<
    string,
    { at: number; size: number; type: number; flags: number; index: number }
  >();
  readonly #names: string[] = [];
  readonly #symbols: Symbol[];

  constructor(data: Buffer) {
    if (data.length < 64 || data.readUInt32BE(0) !== 0x7f454c46)
      throw new Error('not an ELF object');
    this.#data = data;
    const table = Number(data.readBigUInt64LE(40));
    const entry = data.readUInt16LE(58);
    const count = data.readUInt16LE(60);
    const namesAt = Number(data.readBigUInt64LE(table + data.readUInt16LE(62) * entry + 24));
    for (let i = 0; i < count; i++) {
      const at = table + i * entry;
      const name = this.#string(namesAt + data.readUInt32LE(at));
      this.#names.push(name);
      this.#sections.set(name, {
        at: Number(data.readBigUInt64LE(at + 24)),
        size: Number(data.readBigUInt64LE(at + 32)),
        type: data.readUInt32LE(at + 4),
        flags: data.readUInt32LE(at + 8),
        index: i,
      });
    }
    this.#symbols = this.#readSymbols(table, entry);
  }

  /** A copy of a section's bytes; undefined when there is none. */
  section(name: string): Buffer | undefined {
    const found = this.#sections.get(name);
    if (found?.type === NOBITS) return Buffer.alloc(found.size);
    return found && Buffer.from(this.#data.subarray(found.at, found.at + found.size));
  }

  /** A section that holds a string; empty when there is none. */
  text(name: string): string {
    const found = this.#sections.get(name);
    return found ? this.#string(found.at) : '';
  }

  /** Names of the sections that hold instructions. */
  codeSections(): string[] {
    return [...this.#sections]
      .filter(([, { flags, size }]) => (flags & EXECUTABLE) !== 0 && size > 0)
      .map(([name]) => name);
  }

  /** Size of a section, 0 when there is none. */
  sectionSize(name: string): number {
    return this.#sections.get(name)?.size ?? 0;
  }

  /** Offset of a symbol in its section. */
  symbolAt(name: string): number {
    return this.#symbols.find((s) => s.name === name)?.value ?? 0;
  }

  /** Functions of a section: name and byte offset. */
  symbolsIn(section: string): Symbol[] {
    return this.#symbols.filter((s) => s.section === section && s.name !== '');
  }

  /** Relocations of a section. */
  relocations(section: string): Relocation[] {
    const data = this.section(`.rel${section}`);
    if (!data) return [];
    return Array.from({ length: data.length / 16 }, (_, i) => {
      const symbol = this.#symbols[data.readUInt32LE(i * 16 + 12)];
      if (!symbol) throw new Error(`relocation ${i} of ${section} names no symbol`);
      return { offset: Number(data.readBigUInt64LE(i * 16)), symbol };
    });
  }

  #readSymbols(table: number, entry: number): Symbol[] {
    const symtab = this.#sections.get('.symtab');
    if (!symtab) return [];
    const link = this.#data.readUInt32LE(table + symtab.index * entry + 40);
    const strings = Number(this.#data.readBigUInt64LE(table + link * entry + 24));
    return Array.from({ length: symtab.size / 24 }, (_, i) => {
      const at = symtab.at + i * 24;
      return {
        name: this.#string(strings + this.#data.readUInt32LE(at)),
        value: Number(this.#data.readBigUInt64LE(at + 8)),
        section: this.#names[this.#data.readUInt16LE(at + 6)] ?? '',
      };
    });
  }

  #string(at: number): string {
    return this.#data.toString('latin1', at, this.#data.indexOf(0, at));
  }
}

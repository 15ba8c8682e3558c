import { errorText, OperatorError } from '../model/errors.ts';
import * as bpf from './bpf.ts';
import { VerifierError } from './bpf.ts';
import { possibleCpus } from './cpus.ts';
import { closeFd, SystemError } from './libc.ts';
import { BpfObject, type MapDefinition } from './object.ts';
import { checkCalls, type ObserverEnd, observer } from './observer.ts';
import { isPerCpu, PluginMap } from './plugin-map.ts';
import { Ring } from './ring.ts';

/** All maps of one plugin together, bytes: that of a mistake, not of a table. */
const MEMORY_LIMIT = 64 * 1024 * 1024;
/** Records that one look at the ring finds. */
const WINDOW = 256;
const RING = 'pw_ring';
const COUNTS = 'pw_counts';
/** Bytes of struct pw_counts, and offset of `lost` in it. */
const COUNT = { size: 16, lost: 8 } as const;

/** What a plugin's programs are told of the host, and what they need of it. */
export interface PluginHostFacts {
  readonly netns: bigint;
  /** Id of a type in the kernel's BTF. */
  readonly findBtf: (name: string, kind: number) => number;
}

/** One plugin's part in the kernel: its maps and programs. Nothing is pinned: all of it ends with the process. */
export class KernelPlugin {
  readonly ring: Ring | undefined;
  readonly #object: BpfObject;
  readonly #facts: PluginHostFacts;
  readonly #maps = new Map<string, PluginMap>();
  readonly #data = new Map<string, number>();
  readonly #programs = new Map<string, number>();

  /** Makes the maps. Throws OperatorError when the object is none, or asks for too much. */
  constructor(path: string, facts: PluginHostFacts) {
    this.#facts = facts;
    try {
      this.#object = new BpfObject(path);
    } catch (cause) {
      const why = errorText(cause);
      throw new OperatorError(
        `its BPF object can't be read: ${why}`,
        'compile it as docs/plugins.md does',
        { cause },
      );
    }
    try {
      if (this.sections().includes('.text'))
        throw new OperatorError(
          'it has a function that its programs call',
          'make it static __always_inline',
        );
      const definitions = this.#object.maps();
      checkSize(definitions);
      for (const definition of definitions) this.#create(definition);
      const ring = this.#maps.get(RING)?.definition;
      if (ring?.type === bpf.MapType.RINGBUF)
        this.ring = new Ring(this.#maps.get(RING)!.fd, ring.maxEntries, WINDOW);
    } catch (error) {
      this.stop();
      throw explainedOf('its maps', error);
    }
  }

  /** Sections with a program. */
  sections(): string[] {
    return this.#object.programs();
  }

  map(name: string): PluginMap | undefined {
    return this.#maps.get(name);
  }

  /**
   * Descriptor of a section's program, loaded at first use. Throws OperatorError when the verifier refuses it.
   * @param end of a program on packets
   */
  program(section: string, end?: ObserverEnd, layer3 = false): number {
    const key = `${section} ${layer3}`;
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    try {
      const fd = this.#object.load(
        section,
        (name) => this.#maps.get(name)?.fd ?? this.#dataOf(name, layer3),
        this.#facts.findBtf,
        (instructions) => {
          if (end) return observer(instructions, end);
          checkCalls(instructions);
          return instructions;
        },
      );
      this.#programs.set(key, fd);
      return fd;
    } catch (error) {
      throw explainedOf(`its program ${section}`, error);
    }
  }

  /** Runs an iterator, and hands on what it wrote, a read of at most `size` bytes at a time, until told to stop. */
  iterate(section: string, size: number, take: (chunk: Buffer) => boolean): void {
    bpf.iterate(this.program(section), size, take);
  }

  /** Records that found the ring full, and those that did not; both only grow. */
  counts(): { readonly sent: number; readonly lost: number } {
    const total = { sent: 0, lost: 0 };
    const values = this.#maps.get(COUNTS)?.get(Buffer.alloc(4));
    for (let at = 0; values && at < values.length; at += COUNT.size) {
      total.sent += Number(values.readBigUInt64LE(at));
      total.lost += Number(values.readBigUInt64LE(at + COUNT.lost));
    }
    return total;
  }

  stop(): void {
    this.ring?.stop();
    for (const fd of [...this.#programs.values(), ...this.#data.values()]) closeFd(fd);
    for (const map of this.#maps.values()) closeFd(map.fd);
    this.#programs.clear();
    this.#data.clear();
    this.#maps.clear();
  }

  #create(definition: MapDefinition): void {
    const { keyType: key, valueType: value } = definition;
    const typed = STORAGE.has(definition.type) || undefined;
    const btf = typed && { btf: { fd: this.#object.btfFd(), key, value } };
    const fd = bpf.createMap({ ...definition, ...btf });
    this.#maps.set(definition.name, new PluginMap(fd, definition));
  }

  /** The map behind a data section; constants are frozen, so that the verifier knows them. */
  #dataOf(section: string, layer3: boolean): number {
    const constant = section.startsWith('.rodata');
    const key = `${section} ${constant && layer3}`;
    const known = this.#data.get(key);
    if (known !== undefined) return known;
    const content = this.#object.data(section);
    if (!content) throw new OperatorError(`it has no map ${section}`, 'define it in its source');
    if (section === '.rodata') this.#tell(content, layer3);
    const fd = bpf.createMap({
      name: section.slice(1),
      type: bpf.MapType.ARRAY,
      keySize: 4,
      valueSize: content.length,
      maxEntries: 1,
      flags: constant ? bpf.MapFlag.RDONLY_PROG : 0,
    });
    bpf.updateElement(
      fd,
      Buffer.alloc(128),
      Buffer.concat([content, Buffer.alloc(Math.max(0, 128 - content.length))]),
    );
    if (constant) bpf.freezeMap(fd);
    this.#data.set(key, fd);
    return fd;
  }

  /** Fills struct pw_host in, where the plugin asks for it. */
  #tell(content: Buffer, layer3: boolean): void {
    if (!this.#object.btf.variables('.rodata').some(({ name }) => name === 'pw_host')) return;
    const at = this.#object.optionOffsets('pw_host');
    content.writeBigUInt64LE(this.#facts.netns, at.get('netns'));
    content.writeUInt8(layer3 ? 1 : 0, at.get('layer3'));
  }
}

/** Maps that the kernel wants the types of: storage of sockets and tasks. */
const STORAGE: ReadonlySet<number> = new Set([bpf.MapType.SK_STORAGE, bpf.MapType.TASK_STORAGE]);

function checkSize(definitions: readonly MapDefinition[]): void {
  let bytes = 0;
  for (const definition of definitions) {
    const { type, keySize, valueSize, maxEntries } = definition;
    const each = keySize + valueSize * (isPerCpu(definition) ? possibleCpus() : 1);
    bytes += type === bpf.MapType.RINGBUF ? maxEntries : maxEntries * each;
  }
  if (bytes > MEMORY_LIMIT)
    throw new OperatorError(
      `its maps want ${Math.ceil(bytes / 1048576)} MiB`,
      `${MEMORY_LIMIT / 1048576} MiB is the most: give them fewer entries`,
    );
}

/** One line, whoever refused. */
function explainedOf(what: string, error: unknown): unknown {
  if (error instanceof OperatorError) return error;
  if (error instanceof VerifierError && error.said !== '')
    return new OperatorError(
      `this kernel's verifier refused ${what}: ${error.said}`,
      'the output of --debug has more of it',
      { cause: new Error(error.log, { cause: error }) },
    );
  const why = error instanceof SystemError ? error.message : String(error);
  return new OperatorError(
    `${what} can't be loaded: ${why}`,
    'docs/plugins.md says what is possible',
    {
      cause: error,
    },
  );
}

import * as bpf from './bpf.ts';
import { closeFd } from './libc.ts';
import { netnsCookie } from './libc-sockets.ts';
import type { Maps } from './maps.ts';
import type { BpfObject } from './object.ts';
import { type KernelOptions, writeOptions } from './options.ts';

/** Loads programs of our objects with one set of options; each object has its own frozen map of them. */
export class Programs {
  readonly #maps: Maps;
  readonly #options: KernelOptions;
  readonly #rodata = new Map<string, number>();
  readonly #loaded = new Map<string, number>();
  #finder: number | undefined;

  constructor(maps: Maps, options: KernelOptions) {
    this.#maps = maps;
    this.#options = options;
  }

  /**
   * Descriptor of a section's program, loaded at first use.
   * @param layer3 for devices without an Ethernet header
   */
  program(object: BpfObject, section: string, layer3 = false): number {
    const key = `${object.path} ${section} ${layer3}`;
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const rodata = this.#rodataOf(object, layer3);
    const fd = object.load(
      section,
      (name) => (name === '.rodata' ? rodata : this.#maps.fd(name)),
      (name, kind) => this.findBtf(object, name, kind),
    );
    this.#loaded.set(key, fd);
    return fd;
  }

  stop(): void {
    for (const fd of [...this.#loaded.values(), ...this.#rodata.values()]) closeFd(fd);
    this.#loaded.clear();
    this.#rodata.clear();
  }

  #rodataOf(object: BpfObject, layer3: boolean): number {
    const key = `${object.path} ${layer3}`;
    const known = this.#rodata.get(key);
    if (known !== undefined) return known;
    const content = object.options();
    writeOptions(content, object.optionOffsets('pw_opt'), this.#options, {
      seed: this.#maps.seed,
      netns: netnsCookie(),
      layer3,
    });
    const value = Buffer.alloc(Math.max(128, content.length));
    content.copy(value);
    const fd = bpf.createMap({
      name: 'pw_options',
      type: bpf.MapType.ARRAY,
      keySize: 4,
      valueSize: content.length,
      maxEntries: 1,
      flags: bpf.MapFlag.RDONLY_PROG,
    });
    bpf.updateElement(fd, Buffer.alloc(128), value);
    bpf.freezeMap(fd);
    this.#rodata.set(key, fd);
    return fd;
  }

  /** Id of a type in the kernel's own BTF, found by a small program in the kernel, which `object` has; throws ENOENT. */
  findBtf(object: BpfObject, name: string, kind: number): number {
    this.#finder ??= this.program(object, 'syscall');
    const query = Buffer.alloc(72);
    query.write(name.slice(0, 63), 'latin1');
    query.writeUInt32LE(kind, 64);
    bpf.runRequest(this.#finder, query);
    const id = query.readInt32LE(68);
    if (id < 0) throw new Error(`this kernel has no ${name}`);
    return id;
  }
}

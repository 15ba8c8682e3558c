import { readlinkSync } from 'node:fs';
import * as bpf from './bpf.ts';
import { Layout, type MapShape } from './layout.ts';
import { closeFd, type Mapping, mapShared } from './libc.ts';
import type { Pins } from './pins.ts';

const PAGE = 4096;
/** Pin of the text that says what lies where. */
const LAYOUT_PIN = 'layout';
/** No layout is as long: what is longer is none of ours. */
const MAX_TEXT = 1 << 20;

/** Maps of one layout, by name: those of this program, or what another version has pinned. */
export class Generation {
  /** Of its folder. */
  readonly number: number;
  readonly layout: Layout;
  readonly #fds: Map<string, number>;
  /** Descriptor of the pinned text. */
  #text: number | undefined;

  /** @param text descriptor of its pinned layout; both are this one's from here on */
  constructor(number: number, layout: Layout, fds: Map<string, number>, text?: number) {
    this.number = number;
    this.layout = layout;
    this.#fds = fds;
    this.#text = text;
  }

  /** One that is pinned, with those of its maps that are there. Undefined: what is there says nothing of itself. */
  static open(pins: Pins, number: number): Generation | undefined {
    const layout = pinnedLayout(pins, number);
    if (!layout) return undefined;
    const fds = new Map<string, number>();
    for (const name of layout.names()) {
      const fd = pins.open(`maps-${number}/${name}`);
      if (fd === undefined) continue;
      if (isMade(fd, layout.map(name)!)) fds.set(name, fd);
      else closeFd(fd);
    }
    return new Generation(number, layout, fds, pins.open(`maps-${number}/${LAYOUT_PIN}`));
  }

  has(name: string): boolean {
    return this.#fds.has(name);
  }

  fd(name: string): number {
    const fd = this.#fds.get(name);
    if (fd === undefined) throw new Error(`no map ${name}`);
    return fd;
  }

  shape(name: string): MapShape {
    const shape = this.layout.map(name);
    if (!shape) throw new Error(`no map ${name}`);
    return shape;
  }

  /** A mappable array, seen from here. */
  map(name: string, writable = false): Mapping {
    const { value, entries } = this.shape(name);
    const bytes = Math.ceil((((value + 7) & ~7) * entries) / PAGE) * PAGE;
    return mapShared(this.fd(name), bytes, 0, writable);
  }

  /** Its first element, of a map that has one. */
  first(name: string): Buffer {
    const value = Buffer.alloc(Math.max(128, this.shape(name).value));
    bpf.lookupElement(this.fd(name), Buffer.alloc(128), value);
    return value;
  }

  /** Pins its maps, what says what lies where in them, and others. */
  pin(pins: Pins, others: ReadonlyMap<string, number>): void {
    this.#text ??= textMap(LAYOUT_PIN, this.layout.text());
    pins.pinGeneration(this.number, new Map([...this.#fds, ...others, [LAYOUT_PIN, this.#text]]));
  }

  /** Takes over that it is pinned, with others in the place of those that are. */
  keep(pins: Pins, others: ReadonlyMap<string, number>): void {
    for (const [name, fd] of this.#fds) pins.keep(fd, `maps-${this.number}/${name}`);
    if (this.#text !== undefined) pins.keep(this.#text, `maps-${this.number}/${LAYOUT_PIN}`);
    for (const [name, fd] of others) pins.pin(fd, `maps-${this.number}/${name}`);
  }

  /** Is it this one that is pinned? */
  isPinned(pins: Pins): boolean {
    const fd = pins.open(`maps-${this.number}/pw_shared`);
    if (fd === undefined) return false;
    const same = bpf.mapId(fd) === bpf.mapId(this.fd('pw_shared'));
    closeFd(fd);
    return same;
  }

  stop(): void {
    for (const fd of this.#fds.values()) closeFd(fd);
    this.#fds.clear();
    if (this.#text !== undefined) closeFd(this.#text);
    this.#text = undefined;
  }
}

/** A map that holds a text, for other programs of ours: bpffs has no files. */
export function textMap(name: string, text: string): number {
  const bytes = Buffer.from(text);
  const fd = bpf.createMap({
    name: `pw_${name}`,
    type: bpf.MapType.ARRAY,
    keySize: 4,
    valueSize: bytes.length,
    maxEntries: 1,
    flags: 0,
  });
  const value = Buffer.alloc(Math.max(128, bytes.length));
  bytes.copy(value);
  bpf.updateElement(fd, Buffer.alloc(128), value);
  return fd;
}

/** What a pinned text says; undefined: there is none. */
export function pinnedText(pins: Pins, name: string): string | undefined {
  const fd = pins.open(name);
  if (fd === undefined) return undefined;
  try {
    const info = isMap(fd) ? bpf.objectInfo(fd) : undefined;
    const size = info?.readUInt32LE(12) ?? 0;
    if (info?.readUInt32LE(0) !== bpf.MapType.ARRAY || size > MAX_TEXT) return undefined;
    const value = Buffer.alloc(Math.max(128, size));
    if (!bpf.lookupElement(fd, Buffer.alloc(128), value)) return undefined;
    return value.toString('utf8', 0, size);
  } finally {
    closeFd(fd);
  }
}

function pinnedLayout(pins: Pins, number: number): Layout | undefined {
  const text = pinnedText(pins, `maps-${number}/${LAYOUT_PIN}`);
  return text === undefined ? undefined : Layout.parse(text);
}

/** Does struct bpf_map_info say what the layout does? */
export function isMade(fd: number, shape: MapShape): boolean {
  if (!isMap(fd)) return false;
  const info = bpf.objectInfo(fd);
  return [shape.type, shape.key, shape.value, shape.entries, shape.flags].every(
    (value, i) => info.readUInt32LE(INFO[i]) === value,
  );
}

/** Offsets of type, key_size, value_size, max_entries and map_flags in struct bpf_map_info. */
const INFO = [0, 8, 12, 16, 20] as const;

/** A pin may be of a program or a link as well. */
function isMap(fd: number): boolean {
  return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:bpf-map';
}

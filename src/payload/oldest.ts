/**
 * The keys of a map, the one that was put there first as the first, for an owner who deletes each that it takes. One
 * iterator serves for all: a new one would pass all that were deleted before, each time.
 */
export class Oldest<K> {
  readonly #map: ReadonlyMap<K, unknown>;
  #keys: Iterator<K, undefined>;

  constructor(map: ReadonlyMap<K, unknown>) {
    this.#map = map;
    this.#keys = map.keys();
  }

  /** Undefined: the map is empty. */
  next(): K | undefined {
    const { done, value } = this.#keys.next();
    if (done !== true) return value;
    this.#keys = this.#map.keys();
    return this.#keys.next().value;
  }
}

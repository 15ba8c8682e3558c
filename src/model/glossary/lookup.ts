import { type Entry, slugOf } from './entry.ts';
import { GLOSSARY } from './glossary.ts';

/** The longest term has 48 letters and digits; what is longer is not compared any further. */
const LONGEST = 64;
/** So many suggestions help; more are a list. */
const SUGGESTIONS = 4;

/** All entries that a term, an alias or a slug names, in any case and with any separators; terms first. */
export function lookup(text: string): Entry[] {
  const wanted = keyOf(text);
  if (wanted === '') return [];
  const all = [BY_SLUG, BY_TERM, BY_ALIAS].flatMap((index) => index.get(wanted) ?? []);
  return [...new Set(all)];
}

/** The entries of a term of several words, or of each of them where all are known; empty: unknown. */
export function lookupWords(words: readonly string[]): Entry[] {
  const whole = lookup(words.join(' '));
  if (whole.length > 0) return whole;
  const each = words.map(lookup);
  return each.every((found) => found.length > 0) ? [...new Set(each.flat())] : [];
}

/** The entry with this slug. */
export function entryOf(slug: string): Entry | undefined {
  return GLOSSARY.find((entry) => entry.slug === slug);
}

/** Terms and aliases that are spelled nearly so, the nearest first. */
export function nearest(text: string): string[] {
  const wanted = keyOf(text).slice(0, LONGEST);
  if (wanted === '') return [];
  const bound = Math.max(1, Math.floor(wanted.length / 3));
  const found = new Map<string, { name: string; distance: number }>();
  for (const { term, aliases } of GLOSSARY)
    for (const name of [term, ...aliases]) {
      const key = keyOf(name);
      const distance = distanceOf(wanted, key, bound);
      if (distance <= bound && !found.has(key)) found.set(key, { name, distance });
    }
  return [...found.values()]
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS)
    .map(({ name }) => name);
}

const BY_SLUG = indexed(({ slug }) => [slug]);
const BY_TERM = indexed(({ term }) => [term]);
const BY_ALIAS = indexed(({ aliases }) => aliases);

/** Entries by what is compared of their names. */
function indexed(names: (entry: Entry) => readonly string[]): Map<string, Entry[]> {
  const index = new Map<string, Entry[]>();
  for (const entry of GLOSSARY)
    for (const name of names(entry))
      index.set(keyOf(name), [...(index.get(keyOf(name)) ?? []), entry]);
  return index;
}

/** What is compared: `TIME-WAIT`, `time_wait` and `Time Wait` are the same. */
function keyOf(text: string): string {
  return slugOf(text.slice(0, 4 * LONGEST)).replaceAll('-', '');
}

/** Levenshtein's distance, if it is not above `most`; 1 when one begins with the other, so that half a word is enough. */
function distanceOf(a: string, b: string, most: number): number {
  if (a === b) return 0;
  if (a.length > 2 && b.startsWith(a)) return 1;
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change));
    }
    row = next;
  }
  return row[b.length]!;
}

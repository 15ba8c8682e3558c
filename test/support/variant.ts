/** Another version of the program: its own compiled objects, and so another layout of its maps. */
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from './command.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OBJECTS = ['guard', 'sockets'] as const;

/** What is other in a version: in a file, or one of a folder, one text in the place of another, which must be there. */
export type Changes = Readonly<Record<string, readonly (readonly [string, string])[]>>;

/** More of everything between, in another order: no offset and no size is as it was, nor the number of sets. */
export const MOVED: Changes = {
  'bpf/table.h': [
    ['#define PW_SLOT_PORTS 3', '#define PW_SLOT_PORTS 2'],
    ['struct pw_slot {', 'struct pw_slot {\n\t__u64 room[2];'],
    ['struct pw_more {', 'struct pw_more {\n\t__u64 room;'],
    ['struct pw_score {', 'struct pw_score {\n\t__u32 room;'],
    ['struct pw_set {', 'struct pw_set {\n\t__u64 room;'],
  ],
  'bpf/state.h': [
    ['#define PW_SETS 16384', '#define PW_SETS 8192'],
    ['#define PW_NEVER 8192', '#define PW_NEVER 16384'],
    ['struct pw_net {', 'struct pw_net {\n\t__u64 room;'],
    ['struct pw_shared {', 'struct pw_shared {\n\t__u64 room;'],
  ],
};

/** Records that this version can't read. */
export const OTHER_RECORDS: Changes = {
  'bpf/events.h': [['__s32 score;      /* 1/256 nat */', '__s32 score;\n\t__u64 room;']],
};

/** Words that mean something else, which nobody can tell from their names. */
export const FOREIGN: Changes = { 'dist/cli/': [['MEANING = 1', 'MEANING = 2']] };

export interface Variant {
  /** Its main file. */
  readonly main: string;
  readonly remove: () => void;
}

/** Makes a version with these changes beside this one. */
export async function variant(changes: Changes): Promise<Variant> {
  const folder = mkdtempSync(join(tmpdir(), 'pw-variant-'));
  cpSync(join(ROOT, 'dist/cli'), join(folder, 'dist/cli'), { recursive: true });
  cpSync(join(ROOT, 'dist/bpf'), join(folder, 'dist/bpf'), { recursive: true });
  cpSync(join(ROOT, 'bpf'), join(folder, 'bpf'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as object;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, version: '0.2.0' }));
  for (const [place, replacements] of Object.entries(changes))
    for (const change of replacements) replace(join(folder, place), change);
  if (Object.keys(changes).some((file) => file.startsWith('bpf/')))
    await must(['make', '-C', folder, '-f', join(ROOT, 'Makefile'), ...OBJECTS.map(target)]);
  return {
    main: join(folder, 'dist/cli/main.js'),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function replace(place: string, [from, to]: readonly [string, string]): void {
  const names = place.endsWith('/') ? readdirSync(place).filter(isProgram) : [''];
  for (const file of names.map((name) => join(place, name))) {
    const text = readFileSync(file, 'utf8');
    if (!text.includes(from)) continue;
    writeFileSync(
      file,
      text.replace(from, () => to),
    );
    return;
  }
  throw new Error(`${place} has no ${from}`);
}

const isProgram = (name: string): boolean => name.endsWith('.js');

const target = (name: string): string => `dist/bpf/${name}.bpf.o`;

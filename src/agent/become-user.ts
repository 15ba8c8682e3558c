import {
  closeSync,
  constants,
  existsSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
} from 'node:fs';
import { keepOnly } from '../kernel/capabilities.ts';
import { isBpffs, mountBpffs } from '../kernel/libc.ts';
import { OWN_BPFFS } from '../kernel/bpffs.ts';
import { Pins } from '../kernel/pins.ts';
import { Exit, OperatorError } from '../model/errors.ts';
import type { SourceName, WatchConfig } from './config.ts';
import { DIRECTORY } from './instance.ts';
import { STATE } from './state-directory.ts';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

const PACKETS = ['CAP_NET_RAW'];
const KERNEL = ['CAP_BPF', 'CAP_PERFMON', 'CAP_NET_ADMIN', ...PACKETS];
/** What each source takes (docs/privileges.md). */
const KEPT: Readonly<Record<SourceName, readonly string[]>> = {
  auto: KERNEL,
  ebpf: KERNEL,
  pcap: PACKETS,
  proc: [],
};
/** What nft takes. */
const NFT = ['CAP_NET_ADMIN'];

/**
 * Root becomes this user for good: makes the directories that the user can't make, and gives up all else. The C
 * library changes the user of all threads, and with it the kernel takes their capabilities; only this thread, which
 * runs our code, keeps some. So it takes no second start of the program.
 * Throws OperatorError; it must be called before anything is opened.
 */
export function becomeUser({ uid, gid }: User, { source, block, listen }: WatchConfig): void {
  if (process.geteuid!() !== 0)
    throw new OperatorError('only root can go on as another user', 'leave --user out, or use sudo');
  if (Pins.ofHost().exists() || Pins.ofHost().hasAllowed())
    throw new OperatorError(
      'root has left a guard or allowed addresses here',
      '`packetwatch release` removes them',
    );
  prepareDirectories(uid, gid);
  if (listen) prepareState(uid, gid);
  keepOnly(KEPT[source], block === 'nft' ? NFT : [], () => {
    process.setgroups!([]);
    process.setgid!(gid);
    process.setuid!(uid);
  });
}

/** The value of --user: a name in /etc/passwd, or a number, which is the group's as well. Throws OperatorError. */
export function userOf(text: string): User {
  const fields = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === text);
  const number = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  const uid = fields ? Number(fields[2]) : number;
  const gid = fields ? Number(fields[3]) : number;
  if (uid !== undefined && gid !== undefined && uid > 0) return { uid, gid };
  throw new OperatorError(
    uid === 0 ? '--user root gives nothing up' : `there is no user ${text} in /etc/passwd`,
    'name another one, as in --user packetwatch, or a number',
    { exitCode: Exit.usage },
  );
}

/** By descriptors throughout: the user may have been at work here already, and its links must not lead root astray. */
function prepareDirectories(uid: number, gid: number): void {
  if (!existsSync(DIRECTORY)) mkdirSync(DIRECTORY, { mode: 0o700 });
  const run = openDirectory(DIRECTORY);
  try {
    if (fstatSync(run).uid === 0 && readdirSync(DIRECTORY).length > 0)
      throw new OperatorError(
        `${DIRECTORY} is root's, and not empty`,
        'remove it when nothing of packetwatch runs',
      );
    const bpf = `/proc/self/fd/${run}/${OWN_BPFFS.slice(DIRECTORY.length + 1)}`;
    if (!existsSync(bpf)) mkdirSync(bpf, { mode: 0o700 });
    if (!isBpffs(OWN_BPFFS)) {
      const place = openDirectory(bpf);
      giveTo(uid, gid, place); // so that the user isn't shut out where somebody unmounts it
      mountBpffs(`/proc/self/fd/${place}`);
      closeSync(place);
    }
    const mounted = openDirectory(bpf);
    giveTo(uid, gid, mounted);
    closeSync(mounted);
    giveTo(uid, gid, run);
  } finally {
    closeSync(run);
  }
}

/** Where the token is kept. One that is there already stays whose it is. */
function prepareState(uid: number, gid: number): void {
  if (existsSync(STATE)) return;
  mkdirSync(STATE, { mode: 0o700 });
  const state = openDirectory(STATE);
  giveTo(uid, gid, state);
  closeSync(state);
}

function openDirectory(path: string): number {
  const { O_DIRECTORY, O_NOFOLLOW } = constants;
  return openSync(path, O_DIRECTORY | O_NOFOLLOW);
}

/** What is root's; what is another's stays so, and is refused where it is used. */
function giveTo(uid: number, gid: number, fd: number): void {
  if (fstatSync(fd).uid === 0) fchownSync(fd, uid, gid);
}

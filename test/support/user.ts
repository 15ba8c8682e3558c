/** A user with capabilities, in mounts that only the test sees. */
import { must } from './command.ts';
import type { Namespace } from './rig.ts';

export const USER = 65532;
export const FOUR: readonly string[] = ['bpf', 'perfmon', 'net_admin', 'net_raw'];

/** What root prepares for the user (docs/privileges.md); others may look into the first, as systemd makes it. */
const PREPARE = `
  install -d -o ${USER} -g ${USER} -m 0755 /run/packetwatch
  install -d -o ${USER} -g ${USER} -m 0700 /run/packetwatch/bpf
  mount -t bpf -o mode=0700 bpf /run/packetwatch/bpf
  chown ${USER}:${USER} /run/packetwatch/bpf`;

/** A mount namespace with nothing of packetwatch: /run and the BPF file system are new there. */
export class Mounts {
  /** Put before a command of root's. */
  readonly root: readonly string[];

  private constructor(pid: number) {
    this.root = ['nsenter', `--mount=/proc/${pid}/ns/mnt`];
  }

  /** They go with the namespace. */
  static async make(namespace: Namespace): Promise<Mounts> {
    const script = `
      mount -t tmpfs -o mode=0755 tmpfs /run
      mount -t bpf -o mode=0700 bpf /sys/fs/bpf
      echo ready
      exec sleep infinity`;
    const holder = await namespace.start(['unshare', '-m', 'sh', '-ec', script]);
    await holder.out.wait('the mounts', (line) => line === 'ready' || undefined);
    return new Mounts(holder.pid);
  }

  /** With what root prepares for the user. */
  static async prepared(namespace: Namespace): Promise<Mounts> {
    const mounts = await Mounts.make(namespace);
    await must([...mounts.root, 'sh', '-ec', PREPARE]);
    return mounts;
  }

  /** Put before a command of the user's: as a unit with User= and AmbientCapabilities= runs it. */
  user(capabilities: readonly string[] = FOUR, uid: number = USER): string[] {
    const set = ['-all', ...capabilities.map((name) => `+${name}`)].join();
    const ids = `--reuid ${uid} --regid ${uid} --clear-groups`;
    const caps = `--inh-caps ${set} --ambient-caps ${set} --bounding-set ${set}`;
    return [...this.root, 'setpriv', ...`${ids} ${caps}`.split(' ')];
  }
}

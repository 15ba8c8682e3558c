/** A victim with our program at work, and a generator of SYNs from many sources before it. */
import { fileURLToPath } from 'node:url';
import { bpfHelper } from '../guard.ts';
import { startBlocking, status, type Status } from '../packetwatch.ts';
import { ATTACKER_IF, Rig, VICTIM, VICTIM_IF, workFolder } from '../rig.ts';

/** CPUs that send. */
const SENDERS = 2;
const SYNS = fileURLToPath(new URL('syns.ts', import.meta.url));

export interface Syns {
  readonly base: string;
  /** In turns; 0: at random. */
  readonly sources: number;
  readonly port: number;
  /** A source always goes for the same one of these. */
  readonly ports: number;
  /** Per second, as far as the machine can. */
  readonly rate: number;
  readonly seconds: number;
}

export class Victim {
  readonly rig: Rig;
  readonly folder: string;
  readonly output: string;
  readonly pid: number;
  readonly #mac: string;
  readonly #object: string;

  private constructor(rig: Rig, folder: string, pid: number, mac: string, object: string) {
    this.rig = rig;
    this.folder = folder;
    this.output = `${folder}/packetwatch.out`;
    this.pid = pid;
    this.#mac = mac;
    this.#object = object;
  }

  /** Works with one that has a program running with these options; all is gone after. */
  static async with<T>(
    args: readonly string[],
    before: (rig: Rig) => Promise<unknown>,
    work: (victim: Victim) => Promise<T>,
  ): Promise<T> {
    const object = await bpfHelper('syns');
    const folder = workFolder('detection');
    const rig = await new Rig().up();
    try {
      await rig.routeBack();
      // a veth takes frames that XDP sends only where its peer has NAPI on; a queue for each CPU that sends
      await rig.must('victim', ['ethtool', '-K', VICTIM_IF, 'gro', 'on']);
      await rig.must('victim', ['ethtool', '-L', VICTIM_IF, 'rx', `${SENDERS}`]);
      const links = await rig.must('victim', ['ip', '-j', 'link', 'show', 'dev', VICTIM_IF]);
      const { address } = (JSON.parse(links) as { address: string }[])[0]!;
      await before(rig);
      const watch = await startBlocking(rig, folder, args, `${folder}/packetwatch.out`);
      try {
        return await work(new Victim(rig, folder, watch.pid, address, object));
      } finally {
        await watch.stop();
      }
    } finally {
      await rig.down();
    }
  }

  /** Sends SYNs until the time is over, the same number from each of some CPUs. */
  async syns({ base, sources, port, ports, rate, seconds }: Syns): Promise<void> {
    const [first, share] = [ipNumber(base), sources / SENDERS];
    const send = (_: unknown, cpu: number): Promise<string> =>
      this.rig.must('attacker', [
        'taskset',
        '-c',
        `${cpu}`,
        process.execPath,
        ...process.execArgv, // tsx
        SYNS,
        this.#object,
        ATTACKER_IF,
        this.#mac,
        VICTIM[4],
        ...[first + cpu * share, share, port, ports, rate / SENDERS, seconds].map(String),
      ]);
    await Promise.all(Array.from({ length: SENDERS }, send));
  }

  status(): Promise<Status> {
    return status(this.rig);
  }
}

function ipNumber(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

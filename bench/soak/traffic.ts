/** What goes on during a soak: short connections, scans, interfaces that come and go. */
import { helper, type Rig, VICTIM, ATTACKER, ATTACKER_IF, CLIENTS } from '../rig.ts';
import { FIRST_PORT, PORTS } from '../rig.ts';

/** First of the addresses that scans come from, one after another. */
const SCANNER = '10.77.2.';
const SCANNERS = 250;
/** Closed ports from here on. */
const CLOSED = 20;
/** The weighted rule wants five; a load generator that has to wait for the processor may not get so far in its time. */
const IS_SCAN = 6;
/** Of the connections one in so many is over IPv6. */
const SIXTH = 10;

export interface Made {
  opened: number;
  failed: number;
  scans: number;
  interfaces: number;
}

export class Traffic {
  readonly made: Made = { opened: 0, failed: 0, scans: 0, interfaces: 0 };
  readonly #rig: Rig;
  readonly #folder: string;
  #loadgen = '';
  #scanners = 0;

  constructor(rig: Rig, folder: string) {
    this.#rig = rig;
    this.#folder = folder;
  }

  async prepare(): Promise<void> {
    this.#loadgen = await helper('loadgen');
    const addresses = Array.from(
      { length: SCANNERS },
      (_, i) => `addr add ${SCANNER}${i + 1}/16 dev ${ATTACKER_IF}`,
    );
    await this.#rig.must('attacker', ['ip', '-batch', '-'], { input: `${addresses.join('\n')}\n` });
  }

  /** Is a line one of a connection that is made here? */
  static isIts(line: string): boolean {
    return line.includes('"src_ip":"10.77.1.') || line.includes('"src_ip":"fd77:0:0:1::1"');
  }

  /** Short connections, of which each client closes its own; returns when all are closed. */
  async connect(perSecond: number, seconds: number): Promise<void> {
    const six = Math.round(perSecond / SIXTH);
    await Promise.all([
      this.#load('10.77.1.1', CLIENTS, VICTIM[4], perSecond - six, seconds),
      this.#load(ATTACKER[6], 1, VICTIM[6], six, seconds),
    ]);
  }

  /** Twenty closed ports, by the next scanner; the guard shuts it out after the fourth. */
  async scan(): Promise<void> {
    const from = `${SCANNER}${(this.#scanners % SCANNERS) + 1}`;
    const totals = await this.#run(
      [from, '1', VICTIM[4], String(CLOSED), '20', '200', '0.1'],
      'scan',
    );
    if (Number(/started=(\d+)/.exec(totals)?.[1]) >= IS_SCAN) this.made.scans++;
    this.#scanners++;
  }

  /** An interface with an address comes, and goes. */
  async churn(): Promise<void> {
    const n = ++this.made.interfaces;
    const name = `soak${n}`;
    const lines = [
      `link add ${name} type veth peer name ${name}p`,
      `addr add 10.78.${n % 256}.1/24 dev ${name}`,
      `addr add fd78:${(n % 65_536).toString(16)}::1/64 dev ${name} nodad`,
      `link set ${name} up`,
    ];
    await this.#rig.must('victim', ['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
    await this.#rig.must('victim', ['ip', 'link', 'del', name]);
  }

  async #load(src: string, n: number, dst: string, rate: number, seconds: number): Promise<void> {
    const ports = [String(FIRST_PORT), String(PORTS)];
    const args = [src, String(n), dst, ...ports, String(rate), String(seconds)];
    const totals = await this.#run(args, `load${src.includes(':') ? 6 : 4}`);
    const number = (name: string): number =>
      Number(new RegExp(`${name}=(\\d+)`).exec(totals)?.[1] ?? Number.NaN);
    this.made.opened += number('ok');
    this.made.failed += number('failed') + number('unfinished') + number('no_start');
  }

  async #run(args: readonly string[], log: string): Promise<string> {
    const argv = [this.#loadgen, ...args, '2000', 'client', `${this.#folder}/${log}.log`];
    return this.#rig.must('attacker', argv, { timeoutS: 300 });
  }
}

import { errorText, shortage } from '../model/errors.ts';
import * as bpf from './bpf.ts';
import type { BpfObject } from './object.ts';
import { explained } from './objects.ts';
import type { Pins } from './pins.ts';
import type { Programs } from './programs.ts';

/** Without an optional one something is not known, and that is said. */
const TRACEPOINTS = [
  { section: 'tp_btf/inet_sock_set_state', name: 'state', without: '' },
  { section: 'tp_btf/inet_sock_set_state/again', name: 'state-again', without: '' },
  {
    section: 'tp_btf/tcp_destroy_sock',
    name: 'destroy',
    without: 'a close that the first tracepoint missed stays unknown',
  },
  {
    section: 'tp_btf/sock_send_length',
    name: 'send',
    without: 'the worker that accepts is known only at close',
  },
  {
    section: 'tp_btf/sock_recv_length',
    name: 'receive',
    without: 'the worker that accepts is known only at close',
  },
] as const;

export type TracepointName = (typeof TRACEPOINTS)[number]['name'];

/** Those that are attached. */
export type Skips = Readonly<Partial<Record<TracepointName, number>>>;

const pinOf = (name: TracepointName): string => `link-${name}`;

/** The programs on sockets; every link is pinned. */
export class Tracepoints {
  readonly #object: BpfObject;
  readonly #programs: Programs;
  readonly #pins: Pins;
  readonly #attached = new Map<TracepointName, number>();

  constructor(object: BpfObject, programs: Programs, pins: Pins) {
    this.#object = object;
    this.#programs = programs;
    this.#pins = pins;
  }

  /** Loads them, so that attaching takes no time. */
  prepare(): void {
    for (const { section } of TRACEPOINTS)
      try {
        this.#programs.program(this.#object, section);
      } catch {
        // `attach` says it
      }
  }

  /** Attaches them; links of an earlier run go only after the new ones are there. @returns what this kernel can't tell */
  attach(): string[] {
    const limits: string[] = [];
    for (const { section, name, without } of TRACEPOINTS) {
      try {
        const program = this.#programs.program(this.#object, section);
        const link = bpf.linkToTracepoint(program);
        this.#pins.pin(link, pinOf(name));
        this.#attached.set(name, program);
      } catch (error) {
        if (without === '' || shortage(error)) throw explained(error);
        limits.push(`${without} (${errorText(error)})`);
      }
    }
    return limits;
  }

  /**
   * How often the kernel skipped each of them, since it ran on that CPU already and was interrupted. Nothing is lost
   * by it but what both programs on one tracepoint were skipped at, at most as much as the lesser of the two.
   */
  skips(): Skips {
    const skips: Partial<Record<TracepointName, number>> = {};
    for (const [name, program] of this.#attached) skips[name] = bpf.timesSkipped(program);
    return skips;
  }

  detach(): void {
    for (const { name } of TRACEPOINTS) this.#pins.unpin(pinOf(name));
  }
}

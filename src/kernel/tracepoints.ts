import { errorText, shortage } from '../model/errors.ts';
import * as bpf from './bpf.ts';
import type { BpfObject } from './object.ts';
import { explained } from './objects.ts';
import type { Pins } from './pins.ts';
import type { Programs } from './programs.ts';

/** By pin; without an optional one something is not known, and that is said. */
const TRACEPOINTS = [
  { section: 'tp_btf/inet_sock_set_state', pin: 'link-state', copy: 0, without: '' },
  { section: 'tp_btf/inet_sock_set_state', pin: 'link-state-again', copy: 1, without: '' },
  {
    section: 'tp_btf/tcp_destroy_sock',
    pin: 'link-destroy',
    copy: 0,
    without: 'a close that the first tracepoint missed stays unknown',
  },
  {
    section: 'tp_btf/sock_send_length',
    pin: 'link-send',
    copy: 0,
    without: 'the worker that accepts is known only at close',
  },
  {
    section: 'tp_btf/sock_recv_length',
    pin: 'link-receive',
    copy: 0,
    without: 'the worker that accepts is known only at close',
  },
] as const;

/** The programs on sockets; every link is pinned. */
export class Tracepoints {
  readonly #object: BpfObject;
  readonly #programs: Programs;
  readonly #pins: Pins;

  constructor(object: BpfObject, programs: Programs, pins: Pins) {
    this.#object = object;
    this.#programs = programs;
    this.#pins = pins;
  }

  /** Loads them, so that attaching takes no time. */
  prepare(): void {
    for (const { section, copy } of TRACEPOINTS)
      try {
        this.#programs.program(this.#object, section, false, copy);
      } catch {
        // `attach` says it
      }
  }

  /** Attaches them; links of an earlier run go only after the new ones are there. @returns what this kernel can't tell */
  attach(): string[] {
    const limits: string[] = [];
    for (const { section, pin, copy, without } of TRACEPOINTS) {
      try {
        const program = this.#programs.program(this.#object, section, false, copy);
        const link = bpf.linkToTracepoint(program);
        this.#pins.pin(link, pin);
      } catch (error) {
        if (without === '' || shortage(error)) throw explained(error);
        limits.push(`${without} (${errorText(error)})`);
      }
    }
    return limits;
  }

  detach(): void {
    for (const { pin } of TRACEPOINTS) this.#pins.unpin(pin);
  }
}

import { attr, Command, call, name16, pointer } from './bpf-call.ts';
import { objectInfo } from './bpf-link.ts';
import { bpfCall, SystemError } from './libc.ts';

export const ProgramType = { SCHED_CLS: 3, XDP: 6, TRACING: 26, SYSCALL: 31 } as const;
/** The verifier gives up with EAGAIN when a signal comes (kernel/bpf/verifier.c, do_check); libbpf tries again as well. */
const EAGAIN = 11;
const LOAD_TRIES = 20;

export interface ProgramSpec {
  readonly name: string;
  readonly type: number;
  readonly instructions: Uint8Array;
  readonly expectedAttachType?: number;
  readonly attachBtfId?: number;
  readonly flags?: number;
  readonly license: string;
  /** CO-RE by the kernel itself (5.17): the object's BTF, its function records and relocations. */
  readonly core?: {
    readonly btfFd: number;
    readonly functions: Uint8Array;
    readonly relocations: Uint8Array;
  };
}

const STATISTICS = /^(processed|verification time|stack depth)/;

/** What the verifier said of a program that it refused. */
export class VerifierError extends SystemError {
  readonly log: string;

  constructor(program: string, errno: number, log: string) {
    super(`bpf PROG_LOAD ${program}`, errno);
    this.log = log;
  }

  /** Its last words, without what it counted; '' when it said nothing, as with too little memory. */
  get said(): string {
    const lines = this.log.trim().split('\n');
    return lines.findLast((line) => !STATISTICS.test(line)) ?? '';
  }
}

/** Loads a program and returns its descriptor. The verifier's log is fetched only when it refuses. */
export function loadProgram(spec: ProgramSpec): number {
  const license = Buffer.alloc(128);
  license.write(spec.license.slice(0, 127));
  const fill = (log: Buffer | undefined) => {
    attr.fill(0);
    attr.writeUInt32LE(spec.type, 0);
    attr.writeUInt32LE(spec.instructions.length / 8, 4);
    pointer(8, spec.instructions);
    pointer(16, license);
    if (log) {
      attr.writeUInt32LE(1, 24);
      attr.writeUInt32LE(log.length, 28);
      pointer(32, log);
    }
    attr.writeUInt32LE(spec.flags ?? 0, 44);
    name16(48, spec.name);
    attr.writeUInt32LE(spec.expectedAttachType ?? 0, 68);
    if (spec.core) {
      attr.writeUInt32LE(spec.core.btfFd, 72);
      attr.writeUInt32LE(8, 76);
      pointer(80, spec.core.functions);
      attr.writeUInt32LE(spec.core.functions.length / 8, 88);
      attr.writeUInt32LE(spec.core.relocations.length / 16, 116);
      pointer(128, spec.core.relocations);
      attr.writeUInt32LE(16, 136);
    }
    attr.writeUInt32LE(spec.attachBtfId ?? 0, 108);
  };
  fill(undefined);
  let result = bpfCall(Command.PROG_LOAD, attr, 144);
  for (let tries = 0; result === -EAGAIN && tries < LOAD_TRIES; tries++)
    result = bpfCall(Command.PROG_LOAD, attr, 144);
  if (result >= 0) return result;
  const log = Buffer.alloc(1 << 20);
  fill(log);
  const again = bpfCall(Command.PROG_LOAD, attr, 144);
  if (again >= 0) return again;
  throw new VerifierError(spec.name, -result, log.toString('latin1', 0, log.indexOf(0)));
}

/** Offset of recursion_misses in struct bpf_prog_info (linux/bpf.h). */
const RECURSION_MISSES = 208;

/** How often the kernel skipped a program since it was loaded, because it was running on that CPU already. */
export function timesSkipped(program: number): number {
  return Number(objectInfo(program).readBigUInt64LE(RECURSION_MISSES));
}

/** Runs a SYSCALL program on a request, which it may change. */
export function runRequest(program: number, request: Uint8Array): void {
  attr.fill(0);
  attr.writeUInt32LE(program, 0);
  attr.writeUInt32LE(request.length, 40);
  pointer(48, request);
  call('PROG_TEST_RUN', 80);
}

export interface TestRun {
  readonly retval: number;
  /** Mean of one run, nanoseconds. */
  readonly durationNs: number;
}

/** Runs a packet program `repeat` times on one frame (BPF_PROG_TEST_RUN); nothing is sent. */
export function testRun(
  program: number,
  frame: Uint8Array,
  repeat = 1,
  context?: Uint8Array,
): TestRun {
  const data = Buffer.alloc(Math.max(128, frame.length));
  data.set(frame);
  attr.fill(0);
  attr.writeUInt32LE(program, 0);
  attr.writeUInt32LE(frame.length, 8);
  pointer(16, data);
  attr.writeUInt32LE(repeat, 32);
  if (context) {
    attr.writeUInt32LE(context.length, 40);
    pointer(48, context);
  }
  call('PROG_TEST_RUN', 80);
  return { retval: attr.readInt32LE(4), durationNs: attr.readUInt32LE(36) };
}

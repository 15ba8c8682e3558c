import { OperatorError, shortage } from '../model/errors.ts';
import * as bpf from './bpf.ts';
import { type AttachMode, type Hook, HOOKS, plan, reason, sectionOf } from './hook-plan.ts';
import { hasEthernet } from './hardware.ts';
import { SystemError } from './libc.ts';
import { isInPlace, type LinkPlace } from './link-place.ts';
import type { BpfObject } from './object.ts';
import type { Pins } from './pins.ts';
import type { Programs } from './programs.ts';

/** An interface, as rtnetlink tells of it. */
export interface Device {
  readonly index: number;
  readonly name: string;
  /** ARPHRD_* (linux/if_arp.h). */
  readonly type: number;
  /** Ids of the programs in its XDP slots; undefined where it can't be known. */
  readonly xdp: readonly number[] | undefined;
}

export interface Attachment {
  /** Its name now. */
  readonly iface: string;
  readonly ifindex: number;
  readonly hook: Hook;
  /** It has no Ethernet header. */
  readonly layer3: boolean;
  /** Replies and our own SYNs are seen (TCX egress, kernel 6.6). */
  readonly egress: boolean;
  /** Why this hook, and what was tried before. */
  readonly why: string;
}

/** Who goes where the guard goes, and decides nothing. */
export interface Follower {
  /** @param guard pins of its links there */
  attached(attachment: Attachment, guard: { ingress: string; egress: string }): void;
  detached(ifindex: number): void;
}

/** Attaches the guard and the egress program to interfaces; every link is pinned. */
export class Hooks {
  readonly #object: BpfObject;
  readonly #programs: Programs;
  readonly #pins: Pins;
  /** By the interface's index. */
  readonly attachments: Map<number, Attachment> = new Map();
  follower: Follower | undefined;

  #firstMs: number | undefined;
  #lastMs = 0;

  constructor(object: BpfObject, programs: Programs, pins: Pins) {
    this.#object = object;
    this.#programs = programs;
    this.#pins = pins;
  }

  /** Loads what `attach` would put there first, so that attaching takes no time. */
  prepare({ name, type }: Device, mode: AttachMode, blocking: boolean): void {
    const layer3 = !hasEthernet(type);
    const hook = plan(name, mode, blocking, layer3).order[0]!;
    for (const section of [sectionOf(hook), 'tcx/egress'])
      try {
        this.#programs.program(this.#object, section, layer3);
      } catch (error) {
        if (!(error instanceof SystemError)) throw error; // `attach` says it
      }
  }

  /**
   * Attaches to one interface. Throws OperatorError when the hook that was asked for can't be had; `auto` falls back.
   * @param blocking whether the guard is to block: only then is native XDP worth its cost
   */
  attach(device: Device, mode: AttachMode, blocking: boolean): Attachment {
    const { index: ifindex, name: iface, type } = device;
    const layer3 = !hasEthernet(type);
    const { order, why } = plan(iface, mode, blocking, layer3);
    const refused: string[] = [];
    let gone = false;
    for (const hook of order) {
      try {
        this.#ingress(device, hook, layer3);
        const egress = this.#egress(device, layer3);
        const attachment = {
          iface,
          ifindex,
          hook,
          layer3,
          egress,
          why: [why, ...refused].join('; '),
        };
        this.attachments.set(ifindex, attachment);
        this.follower?.attached(attachment, {
          ingress: `link-${ifindex}-${hook}`,
          egress: `link-${ifindex}-egress`,
        });
        return attachment;
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        const lacking = shortage(error);
        if (lacking) throw lacking; // at another hook as well
        refused.push(`${hook} was refused: ${reason(error)}`);
        gone ||= error.code === 'ENODEV';
        if (hook !== order.at(-1)) continue;
        // It went while it was being attached: what is there of its links leads nowhere.
        if (gone) this.#unpin(ifindex);
        throw new OperatorError(
          `can't attach to ${iface}: ${refused.join('; ')}`,
          mode === 'auto' ? 'use --source proc' : 'use --attach auto',
          { cause: error },
        );
      }
    }
    throw new Error('no hook to try');
  }

  /** Takes over an interface's links from an earlier run when they are there, without a packet between. */
  #ingress({ index: ifindex, xdp }: Device, hook: Hook, layer3: boolean): void {
    const program = this.#programs.program(this.#object, sectionOf(hook), layer3);
    const name = `link-${ifindex}-${hook}`;
    const attachType = hook === 'tcx' ? bpf.AttachType.TCX_INGRESS : bpf.AttachType.XDP;
    if (!this.#updated(name, program, { ifindex, attachType, xdp }))
      this.#pins.pin(this.#link(program, ifindex, hook, layer3), name);
    // Only now: a hook that is refused must not cost the guard of an earlier run.
    for (const other of HOOKS) if (other !== hook) this.#pins.unpin(`link-${ifindex}-${other}`);
  }

  #link(program: number, ifindex: number, hook: Hook, layer3: boolean): number {
    if (hook === 'tcx') return bpf.linkToInterface(program, ifindex, bpf.AttachType.TCX_INGRESS);
    const mode = hook === 'native' ? bpf.XdpMode.NATIVE : bpf.XdpMode.GENERIC;
    const attach = () => bpf.linkToInterface(program, ifindex, bpf.AttachType.XDP, mode);
    const own = `link-${ifindex}-${hook === 'native' ? 'generic' : 'native'}`;
    if (!this.#pins.has(own)) return attach();
    // Both forms of XDP share one slot, and our own other form has it: a guard at TCX stands in meanwhile.
    this.#standIn(ifindex, layer3);
    try {
      this.#pins.unpin(own);
      return attach();
    } catch (error) {
      const before = hook === 'native' ? bpf.XdpMode.GENERIC : bpf.XdpMode.NATIVE;
      this.#pins.pin(bpf.linkToInterface(program, ifindex, bpf.AttachType.XDP, before), own);
      this.#pins.unpin(`link-${ifindex}-tcx`);
      throw error;
    }
  }

  #standIn(ifindex: number, layer3: boolean): void {
    const program = this.#programs.program(this.#object, 'tcx/ingress', layer3);
    try {
      const link = bpf.linkToInterface(program, ifindex, bpf.AttachType.TCX_INGRESS);
      this.#pins.pin(link, `link-${ifindex}-tcx`);
    } catch (error) {
      if (!(error instanceof SystemError && error.code === 'EINVAL')) throw error; // before 6.6
    }
  }

  #egress({ index: ifindex, xdp }: Device, layer3: boolean): boolean {
    const program = this.#programs.program(this.#object, 'tcx/egress', layer3);
    const name = `link-${ifindex}-egress`;
    const attachType = bpf.AttachType.TCX_EGRESS;
    if (this.#updated(name, program, { ifindex, attachType, xdp })) return true;
    try {
      this.#pins.pin(bpf.linkToInterface(program, ifindex, attachType), name);
      return true;
    } catch (error) {
      if (error instanceof SystemError && error.code === 'EINVAL') return false; // before 6.6
      throw error;
    }
  }

  /** Puts the program in a pinned link's place; false when there is no such link, or its interface is gone. */
  #updated(name: string, program: number, place?: LinkPlace): boolean {
    const link = this.#pins.link(name);
    if (link === undefined) return false;
    try {
      if (!place || isInPlace(link, place)) {
        this.#firstMs ??= performance.now();
        bpf.updateLink(link, program);
        this.#lastMs = performance.now();
        return true;
      }
    } catch {
      // The interface is gone.
    }
    this.#pins.unpin(name);
    return false;
  }

  /** Puts the guard of other options in the place of each attached one; no packet passes between them. */
  replaceGuard(programs: Programs): void {
    for (const { ifindex, hook, layer3 } of this.attachments.values()) {
      const program = programs.program(this.#object, sectionOf(hook), layer3);
      this.#updated(`link-${ifindex}-${hook}`, program);
    }
  }

  /** From the first guard that was replaced to the last; undefined: there was none. */
  get replacedMs(): number | undefined {
    return this.#firstMs === undefined ? undefined : this.#lastMs - this.#firstMs;
  }

  /** An interface got another name: its links stay. */
  rename(ifindex: number, iface: string): void {
    const attachment = this.attachments.get(ifindex);
    if (attachment) this.attachments.set(ifindex, { ...attachment, iface });
  }

  #unpin(ifindex: number): void {
    for (const hook of [...HOOKS, 'egress']) this.#pins.unpin(`link-${ifindex}-${hook}`);
  }

  detach(ifindex: number): void {
    const attachment = this.attachments.get(ifindex);
    if (!attachment) return;
    this.follower?.detached(ifindex);
    this.#pins.unpin(`link-${ifindex}-${attachment.hook}`);
    this.#pins.unpin(`link-${ifindex}-egress`);
    this.attachments.delete(ifindex);
  }

  /** Unpins links of interfaces that an earlier run watched and this one does not. @returns their indexes */
  detachOthers(): number[] {
    const others = new Set<number>();
    for (const name of this.#pins.links()) {
      const ifindex = Number(/^link-(\d+)-/.exec(name)?.[1]);
      if (Number.isNaN(ifindex) || this.attachments.has(ifindex)) continue;
      this.#pins.unpin(name);
      others.add(ifindex);
    }
    return [...others];
  }
}

import { constants } from 'node:os';
import * as bpf from './bpf.ts';
import type { Attachment, Follower } from './hooks.ts';
import { closeFd, SystemError } from './libc.ts';
import type { ObserverEnd } from './observer.ts';
import type { Pins } from './pins.ts';
import type { KernelPlugin } from './plugin.ts';
import { errorText } from '../model/errors.ts';

/** What passes a packet on to whoever comes next: TCX_NEXT, XDP_PASS. */
const TCX_PASS: ObserverEnd = { pass: -1 };
const XDP_PASS = 2;
const INGRESS = 'tcx/ingress';
const EGRESS = 'tcx/egress';
const XDP = 'xdp';

/** Plugins at most: places of pw_chain, and half of the tail calls that the kernel follows. */
export const MAX_PLUGINS = 16;

/** A plugin that is attached: its links by interface, those on tracepoints, and where it is in the chain. */
interface Member {
  readonly plugin: KernelPlugin;
  readonly sections: readonly string[];
  readonly links: Map<number, { ingress?: number; egress?: number }>;
  readonly tracepoints: number[];
}

/**
 * The plugins, in their order, wherever the guard is: at TCX as links right behind its own, at XDP in the chain that
 * it ends with. No link is pinned and the chain isn't, so that they are gone when the process is, however it ended.
 */
export class PluginSet implements Follower {
  readonly #pins: Pins;
  readonly #chain: number;
  readonly #note: (line: string) => void;
  #members: Member[] = [];
  /** Place in the chain of the next plugin at XDP: behind all that there were, whose programs jump to the next one. */
  #next = 0;
  readonly #places = new Map<Member, number>();

  /** @param chain descriptor of pw_chain @param note told what could not be attached later on */
  constructor(pins: Pins, chain: number, note: (line: string) => void) {
    this.#pins = pins;
    this.#chain = chain;
    this.#note = note;
  }

  /** Loads all of a plugin's programs and attaches those on tracepoints. Throws OperatorError when one is refused. */
  add(plugin: KernelPlugin): void {
    const sections = plugin.sections();
    const member: Member = { plugin, sections, links: new Map(), tracepoints: [] };
    this.#members.push(member);
    try {
      this.#load(member);
    } catch (error) {
      this.remove(plugin);
      throw error;
    }
  }

  #load(member: Member): void {
    const { plugin } = member;
    for (const section of member.sections) {
      if (section === INGRESS || section === EGRESS) plugin.program(section, TCX_PASS);
      else if (section === XDP) this.#chainUp(member);
      else if (section.startsWith('iter/')) plugin.program(section);
      else member.tracepoints.push(bpf.linkToTracepoint(plugin.program(section)));
    }
  }

  attached(attachment: Attachment, guard: { ingress: string; egress: string }): void {
    const { iface, ifindex, hook, layer3, egress } = attachment;
    this.detached(ifindex); // it may be another hook than before
    for (const member of this.#members) {
      if (!egress && member.sections.includes(EGRESS))
        this.#note(`no plugin sees what leaves by ${iface} (TCX needs Linux 6.6)`);
      const links: { ingress?: number; egress?: number } = {};
      member.links.set(ifindex, links);
      try {
        if (hook === 'tcx' && member.sections.includes(INGRESS))
          links.ingress = this.#behind(member, 'ingress', guard.ingress, ifindex, layer3);
        if (egress && member.sections.includes(EGRESS))
          links.egress = this.#behind(member, 'egress', guard.egress, ifindex, layer3);
      } catch (error) {
        const why = errorText(error);
        this.#note(`a plugin can't see ${iface}: ${why}`);
      }
    }
  }

  detached(ifindex: number): void {
    for (const { links } of this.#members) {
      close(links.get(ifindex));
      links.delete(ifindex);
    }
  }

  /** Takes a plugin out; the others go on. */
  remove(plugin: KernelPlugin): void {
    const member = this.#members.find((m) => m.plugin === plugin);
    if (!member) return;
    this.#members = this.#members.filter((m) => m !== member);
    for (const links of member.links.values()) close(links);
    for (const link of member.tracepoints) closeFd(link);
    if (this.#places.delete(member)) this.#fillChain();
    plugin.stop();
  }

  stop(): void {
    for (const { plugin } of this.#members) this.remove(plugin);
  }

  #chainUp(member: Member): void {
    if (this.#places.size === 0) this.#next = 0;
    const place = this.#next++;
    member.plugin.program(XDP, { pass: XDP_PASS, next: { chain: this.#chain, at: place + 1 } });
    this.#places.set(member, place);
    this.#fillChain();
  }

  /** Each program jumps to the place behind its own: in the place of one that went is whoever comes after it. */
  #fillChain(): void {
    const key = Buffer.alloc(128);
    const value = Buffer.alloc(128);
    for (let at = 0; at < this.#next; at++) {
      key.writeUInt32LE(at, 0);
      const after = [...this.#places].find(([, place]) => place >= at)?.[0];
      if (after) {
        value.writeInt32LE(after.plugin.program(XDP), 0);
        bpf.updateElement(this.#chain, key, value);
      } else {
        bpf.deleteElement(this.#chain, key);
      }
    }
  }

  /** A TCX link behind the one of the plugin before, or the guard's. */
  #behind(
    member: Member,
    way: 'ingress' | 'egress',
    guard: string,
    ifindex: number,
    layer3: boolean,
  ): number {
    const program = member.plugin.program(way === 'ingress' ? INGRESS : EGRESS, TCX_PASS, layer3);
    const type = way === 'ingress' ? bpf.AttachType.TCX_INGRESS : bpf.AttachType.TCX_EGRESS;
    const before = this.#members.slice(0, this.#members.indexOf(member));
    const links = before.map((other) => other.links.get(ifindex)?.[way]);
    const last = links.findLast((link) => link !== undefined) ?? this.#pins.link(guard);
    if (last === undefined) throw new SystemError(`open ${guard}`, constants.errno.ENOENT);
    return bpf.linkBehind(last, program, ifindex, type);
  }
}

function close(links: { ingress?: number; egress?: number } | undefined): void {
  for (const fd of [links?.ingress, links?.egress]) if (fd !== undefined) closeFd(fd);
}

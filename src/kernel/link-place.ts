import * as bpf from './bpf.ts';

/** Where a pinned link should be. */
export interface LinkPlace {
  readonly ifindex: number;
  /** BPF_TCX_INGRESS, BPF_TCX_EGRESS or BPF_XDP. */
  readonly attachType: number;
  /** Programs in the interface's XDP slots; undefined: it isn't known. */
  readonly xdp: readonly number[] | undefined;
}

/**
 * Is this link on the interface that has the index in our namespace? One that moved into another namespace took its
 * links along, with the index, and the next one here may have that index.
 */
export function isInPlace(link: number, { ifindex, attachType, xdp }: LinkPlace): boolean {
  const { id, program } = bpf.linkInfo(link);
  if (attachType === bpf.AttachType.XDP) return xdp === undefined || xdp.includes(program);
  return bpf.linksOf(ifindex, attachType).includes(id);
}

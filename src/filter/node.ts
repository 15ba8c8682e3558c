/** Bits of what an event has, and of what a test needs: a test that needs what the event hasn't is false. */
export const Has = { src: 1, dst: 2, srcPort: 4, dstPort: 8, tcp: 16, udp: 32 } as const;

/** The ends that a test looks at: one, either, or both. */
export type Ends = 'src' | 'dst' | 'either' | 'both';

/** A filter as it was read. */
export type Node =
  | { readonly kind: 'and' | 'or'; readonly left: Node; readonly right: Node }
  | { readonly kind: 'not'; readonly node: Node }
  | { readonly kind: 'protocol'; readonly bit: typeof Has.tcp | typeof Has.udp }
  | { readonly kind: 'family'; readonly family: 4 | 6 }
  | { readonly kind: 'ports'; readonly ends: Ends; readonly low: number; readonly high: number }
  | { readonly kind: 'net'; readonly ends: Ends; readonly net: Net };

/** Addresses that agree with `address` in the bits of `mask`; 16 bytes each, the others of `address` are zero. */
export interface Net {
  readonly family: 4 | 6;
  readonly address: Uint8Array;
  readonly mask: Uint8Array;
}

import { parseRaw } from './ip.ts';
import { type Layers, Parsed } from './layers.ts';

/** Labels that are looked through: more than networks use. */
const MPLS_LABELS = 16;
const MPLS_LABEL = 4;

/** A stack of MPLS labels (RFC 3032). It doesn't say what follows; the first four bits of IP do. */
export function parseMpls(layers: Layers, at: number): Parsed {
  const { bytes, end } = layers;
  let next = at;
  for (let labels = 0; ; labels++) {
    if (labels === MPLS_LABELS) return Parsed.other;
    next += MPLS_LABEL;
    if (next > end) return layers.missing(next);
    if ((bytes[next - 2]! & 1) !== 0) break; // the bottom of the stack
  }
  return parseRaw(layers, next);
}

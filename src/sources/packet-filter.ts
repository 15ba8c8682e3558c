import { Facts, type Filter } from '../filter/filter.ts';
import type { Decoder } from '../packet/decoder.ts';
import { Protocol } from '../packet/ip.ts';
import { Parsed, u16 } from '../packet/layers.ts';
import { PacketHead, type Ports } from '../packet/packet-head.ts';

const NO_PORTS: Ports = { srcPort: 0, dstPort: 0 };

/**
 * A filter asked of packets one by one, as tcpdump does: `src` is who sent the packet. One in a tunnel is asked as what
 * it carries; one that isn't IP, or can't be read, has nothing that a filter asks for.
 */
export class PacketFilter {
  readonly #filter: Filter;
  readonly #head: PacketHead = new PacketHead();
  readonly #ports = { srcPort: 0, dstPort: 0 };

  constructor(filter: Filter) {
    this.#filter = filter;
  }

  /** Does the packet pass that the decoder has at hand? */
  passes(decoder: Decoder): boolean {
    return this.#filter.matches(this.#head.words, 0, this.#facts(decoder));
  }

  /** What the packet has, and the head that has it. */
  #facts({ layers, parsed }: Decoder): number {
    if (parsed !== Parsed.ok && parsed !== Parsed.fragment) return Facts.nothing;
    const isTcp = layers.protocol === Protocol.tcp;
    if (!isTcp && layers.protocol !== Protocol.udp) {
      this.#head.ends(layers, NO_PORTS, false);
      return Facts.icmpConversation;
    }
    const { bytes, transport, end } = layers;
    const hasPorts = parsed === Parsed.ok && transport + 4 <= end;
    const ports = this.#ports;
    ports.srcPort = hasPorts ? u16(bytes, transport) : 0;
    ports.dstPort = hasPorts ? u16(bytes, transport + 2) : 0;
    this.#head.ends(layers, ports, false);
    if (!hasPorts) return isTcp ? Facts.tcpPart : Facts.udpPart;
    return isTcp ? Facts.connection : Facts.udpConversation;
  }
}

import { parseGre } from './gre.ts';
import { ANY_LENGTH, parseIp4, parseIp6, Protocol } from './ip.ts';
import { Layers, Parsed } from './layers.ts';
import { Tunnel } from '../wire/layout.gen.ts';
import { parseUdpTunnel, udpTunnel } from './udp-tunnel.ts';

/** Tunnels within tunnels that are looked into: networks use three. */
export const MOST_TUNNELS = 8;

/** Goes from a packet into the one that it carries. */
export class Tunnels {
  /** Packets in more tunnels than MOST_TUNNELS: they count as what the last one is. */
  tooDeep = 0;
  /** The packet that carries the one which was entered last. */
  readonly outer: Layers = new Layers();

  /**
   * From a packet's transport header into the tunnel that begins there: afterwards `layers` tells of the packet inside.
   * `other`: there is none, and `layers` is as before.
   */
  enter(layers: Layers): Parsed {
    const kind = tunnelAt(layers);
    if (kind === Tunnel.NONE) return Parsed.other;
    if (layers.tunnels === MOST_TUNNELS) {
      this.tooDeep++;
      return Parsed.other;
    }
    const { outer } = this;
    outer.copy(layers);
    // of a first fragment the rest is elsewhere: not there, but not missing either
    if (layers.fragmented) layers.wireEnd = ANY_LENGTH;
    else layers.narrow(layers.transport + layers.transportLength);
    const parsed = parseInner(layers, kind);
    if (parsed === Parsed.other || (kind >= Tunnel.VXLAN && !fits(layers, parsed))) {
      layers.copy(outer);
      return Parsed.other;
    }
    layers.vlan = outer.vlan;
    layers.tunnels = outer.tunnels + 1;
    layers.tunnel = kind;
    return parsed;
  }
}

function tunnelAt(layers: Layers): number {
  switch (layers.protocol) {
    case Protocol.udp:
      return udpTunnel(layers);
    case Protocol.ipv4:
    case Protocol.ipv6:
      return Tunnel.IP;
    case Protocol.gre:
      return Tunnel.GRE;
    default:
      return Tunnel.NONE;
  }
}

function parseInner(layers: Layers, kind: number): Parsed {
  switch (kind) {
    case Tunnel.IP:
      return layers.protocol === Protocol.ipv4
        ? parseIp4(layers, layers.transport)
        : parseIp6(layers, layers.transport);
    case Tunnel.GRE:
      return parseGre(layers);
    default:
      return parseUdpTunnel(layers, kind);
  }
}

/** Behind a port that anybody may use: is there a whole IP packet, as far as was captured? */
function fits({ ip, ipLength, wireEnd }: Layers, parsed: Parsed): boolean {
  if (parsed === Parsed.malformed) return false;
  return parsed === Parsed.cut || ip + ipLength <= wireEnd;
}

import { networkInterfaces } from 'node:os';
import type { CreateDecoder, Decoder, PluginHost, PutMetric } from '../../src/plugins/decoder.ts';
import { type Claim, readClaim } from './claim.ts';
import { Floods } from './floods.ts';
import { ownAddresses } from './own.ts';
import { Quiet } from './quiet.ts';
import { type Finding, Stations } from './stations.ts';

const MAX_STATIONS = 16_384;
const MAX_ROUTERS = 256;
const MINUTE_NS = 60e9;
/** The kinds of enum aw_kind that are counted by kind, in their order. */
const KINDS = [
  'arp_request',
  'arp_reply',
  'solicitation',
  'advertisement',
  'router',
  'malformed',
] as const;
const UNSOLICITED = 6;
const KNOWN = 7;

/** Makes stations of claims. */
class ArpWatch implements Decoder {
  readonly #host: PluginHost;
  readonly #stations = new Stations(MAX_STATIONS);
  readonly #floods = new Floods();
  readonly #routers = new Map<string, number>();
  /** New stations are many at the start, and in a scan of the link. */
  readonly #quiet = {
    new: new Quiet(100, 0),
    moved: new Quiet(20, 10e9),
    duplicate: new Quiet(20, MINUTE_NS),
    router: new Quiet(20, MINUTE_NS),
  };
  #own = ownAddresses(networkInterfaces());

  constructor(host: PluginHost) {
    this.#host = host;
  }

  record(record: Buffer): void {
    const claim = readClaim(record);
    if (claim.router) this.#router(claim);
    const finding = this.#stations.claim(claim, this.#own.get(claim.ip));
    if (finding && this.#quiet[finding.what].allows(`${claim.ifindex} ${claim.ip}`, claim.tsNs))
      this.#tell(claim, finding);
  }

  tick(): void {
    this.#own = ownAddresses(networkInterfaces());
    for (const [key, value] of this.#host.map('aw_unsolicited').entries()) {
      const ifindex = key.readUInt32LE(0);
      const change = this.#floods.look(ifindex, Number(value.readBigUInt64LE(0)));
      if (!change) continue;
      const iface = this.#host.iface(ifindex);
      const text =
        change.state === 'start'
          ? `Flood of unsolicited neighbour claims at ${iface}: ${change.count} in a second`
          : `Flood of unsolicited neighbour claims at ${iface} ended: ${change.count} in all`;
      this.#host.event('neighbor.flood', text, { iface, ...change });
    }
  }

  metrics(put: PutMetric): void {
    const counts = this.#counts();
    KINDS.forEach((kind, i) => {
      put('packetwatch_plugin_arp_watch_packets_total', counts[i]!, { kind });
    });
    put('packetwatch_plugin_arp_watch_unsolicited_total', counts[UNSOLICITED]!);
    put('packetwatch_plugin_arp_watch_known_total', counts[KNOWN]!);
    put('packetwatch_plugin_arp_watch_stations', this.#stations.size);
    put('packetwatch_plugin_arp_watch_forgotten_total', this.#stations.forgotten);
    for (const [event, { untold }] of Object.entries(this.#quiet))
      put('packetwatch_plugin_arp_watch_untold_total', untold, { event });
  }

  #tell({ ip, mac, frame, ifindex, tsNs }: Claim, finding: Finding): void {
    const iface = this.#host.iface(ifindex);
    const sent = frame === mac ? {} : { frame_mac: frame };
    const fields = { ip, mac, iface, ...sent };
    if (finding.what === 'new') {
      this.#host.event('neighbor.new', `New neighbour: ${ip} is ${mac} at ${iface}`, fields, tsNs);
    } else if (finding.what === 'moved') {
      const { from, back, quietNs } = finding;
      this.#host.event(
        'neighbor.moved',
        `Neighbour moved${back ? ' back' : ''}: ${ip} was ${from} and is ${mac} at ${iface}`,
        { ...fields, old_mac: from, back, old_seen_s: Math.round(quietNs / 1e6) / 1e3 },
        tsNs,
      );
    } else {
      const { other, own } = finding;
      const whose = own ? `ours (${other}) and claimed` : `claimed by ${other} and`;
      this.#host.event(
        'neighbor.duplicate',
        `Duplicate address: ${ip} is ${whose} by ${mac} at ${iface}`,
        { ...fields, other_mac: other, own },
        tsNs,
      );
    }
  }

  /** RFC 4861, 6.2.3: a lifetime of 0 says that it is no router any more. */
  #router({ ip, mac, ifindex, lifetime, tsNs }: Claim): void {
    const key = `${ifindex} ${ip} ${mac}`;
    const known = this.#routers.delete(key);
    if (lifetime === 0) return;
    this.#routers.set(key, tsNs);
    if (this.#routers.size > MAX_ROUTERS) this.#routers.delete([...this.#routers.keys()][0]!);
    if (known || !this.#quiet.router.allows(key, tsNs)) return;
    const iface = this.#host.iface(ifindex);
    const text = `New IPv6 router: ${ip} is ${mac} at ${iface}, for ${lifetime}s`;
    this.#host.event('router.new', text, { ip, mac, iface, lifetime_s: lifetime }, tsNs);
  }

  /** Summed over the CPUs. */
  #counts(): number[] {
    const values = this.#host.map('aw_counts').get(Buffer.alloc(4))!;
    const counts = Array.from({ length: KNOWN + 1 }, () => 0);
    for (let at = 0; at < values.length; at += 8)
      counts[(at / 8) % counts.length]! += Number(values.readBigUInt64LE(at));
    return counts;
  }
}

const create: CreateDecoder = (host) => new ArpWatch(host);
export default create;

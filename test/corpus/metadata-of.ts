/**
 * What the Inspector says of each connection of a capture file, found by the simplest tracker there is: addresses and
 * ports are a connection, and whoever sent its first packet is the originator.
 */
import type { Metadata } from '../../src/model/metadata.ts';
import { Layers, Parsed } from '../../src/packet/layers.ts';
import { linkParser } from '../../src/packet/link.ts';
import { Segment, TcpFlag } from '../../src/packet/tcp.ts';
import { Datagram } from '../../src/packet/udp.ts';
import { Inspector } from '../../src/payload/inspector.ts';
import type { PassiveNames } from '../../src/payload/passive-names.ts';
import { CaptureInput } from '../../src/sources/capture-input.ts';
import { formatAddress } from '../../src/wire/address.ts';
import { IpProto } from '../../src/wire/ip-proto.ts';
import { sha256hex } from '../payload/inspect.ts';

export interface Described {
  /** `tcp 192.0.2.1:1000 192.0.2.2:443`, the originator first. */
  readonly ends: string;
  readonly metadata: Metadata;
}

const CHUNK = 1 << 20;

/** @param names gets those that answers give */
export async function metadataOf(path: string, names?: PassiveNames): Promise<Described[]> {
  const described: Described[] = [];
  const inspector = new Inspector({ sha256hex, ...(names && { names }) });
  const slots = new Map<string, Slot>();
  let next = 0;
  const end = (slot: Slot): void => {
    const metadata = inspector.take(slot.number);
    if (metadata !== undefined) described.push({ ends: slot.ends, metadata });
  };
  const slotOf = (protocol: string, from: string, to: string, isNew: boolean): Slot => {
    const known = slots.get(`${protocol} ${from} ${to}`);
    if (known !== undefined && !isNew) return known;
    if (known !== undefined) end(known);
    const slot = { number: next++, ends: `${protocol} ${from} ${to}`, from, first: [-1, -1] };
    slots.set(`${protocol} ${from} ${to}`, slot).set(`${protocol} ${to} ${from}`, slot);
    return slot;
  };
  const input = new CaptureInput(path, CHUNK);
  const layers = new Layers();
  const segment = new Segment();
  const datagram = new Datagram();
  for (let isMore = await input.start(); isMore; isMore = input.next() || (await input.more())) {
    const { at, captured, length, linkType } = input.packet;
    layers.begin(input.window.bytes, at, captured, length);
    if (linkParser(linkType)?.(layers, at) !== Parsed.ok) continue;
    const { bytes } = layers;
    const [src, dst] = addresses(layers);
    if (layers.protocol === IpProto.udp && datagram.read(layers) === Parsed.ok) {
      const slot = slotOf('udp', `${src}:${datagram.srcPort}`, `${dst}:${datagram.dstPort}`, false);
      inspector.datagram(slot.number, bytes, datagram.data, datagram.data + datagram.captured);
    }
    if (layers.protocol !== IpProto.tcp || segment.read(layers) !== Parsed.ok) continue;
    const isSyn = (segment.flags & TcpFlag.syn) !== 0;
    const isFirst = isSyn && (segment.flags & TcpFlag.ack) === 0;
    const from = `${src}:${segment.srcPort}`;
    const known = slots.get(`tcp ${from} ${dst}:${segment.dstPort}`);
    const isNew = isFirst && known?.first[0] !== (segment.seq + 1) >>> 0 && known?.from === from;
    const slot = slotOf('tcp', from, `${dst}:${segment.dstPort}`, isNew);
    const way = slot.from === from ? 0 : 1;
    const start = isSyn ? (segment.seq + 1) >>> 0 : segment.seq;
    if (slot.first[way] === -1 || isSyn) slot.first[way] = start;
    const offset = (start - slot.first[way]!) | 0;
    if (inspector.wants(slot.number, way === 0))
      inspector.segment(
        slot.number,
        way === 0,
        offset,
        bytes,
        segment.data,
        segment.data + segment.captured,
      );
  }
  await input.close();
  for (const slot of new Set(slots.values())) end(slot);
  return described;
}

interface Slot {
  readonly number: number;
  readonly ends: string;
  readonly from: string;
  /** Sequence number of the first byte of each direction. */
  readonly first: number[];
}

function addresses({ bytes, ip, family }: Layers): [string, string] {
  if (family === 6) return [formatAddress(bytes, ip + 8), formatAddress(bytes, ip + 24)];
  return [bytes.subarray(ip + 12, ip + 16).join('.'), bytes.subarray(ip + 16, ip + 20).join('.')];
}

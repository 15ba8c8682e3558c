/** Frames of ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861). */
import { fileURLToPath } from 'node:url';
import { addressBytes, ethernet, icmp6, ipv6, type Tag } from './frames.ts';
import { PYTHON } from './peer.ts';
import type { Namespace } from './rig.ts';

const SENDER = fileURLToPath(new URL('./frames.py', import.meta.url));
const ETHERTYPE_ARP = 0x0806;
const ANYBODY = 'ff:ff:ff:ff:ff:ff';
const ALL_NODES = 'ff02::1';

export interface ArpSpec {
  readonly mac: string;
  readonly ip: string;
  /** Whose MAC is asked for, or who gets the answer. */
  readonly target: string;
  readonly reply?: boolean;
  /** Of the frame, when it is another one. */
  readonly frame?: string;
  readonly tags?: readonly Tag[];
}

export function arp(spec: ArpSpec): Buffer {
  const body = Buffer.alloc(28);
  body.writeUInt16BE(1, 0);
  body.writeUInt16BE(0x0800, 2);
  body.set([6, 4, 0, spec.reply ? 2 : 1], 4);
  macBytes(spec.mac).copy(body, 8);
  addressBytes(spec.ip, 4).copy(body, 14);
  addressBytes(spec.target, 4).copy(body, 24);
  return sentBy(spec.frame ?? spec.mac, ethernet(body, spec.tags ?? [], ETHERTYPE_ARP));
}

export interface NdSpec {
  readonly kind: 'solicitation' | 'advertisement' | 'router';
  readonly src: string;
  /** Of a solicitation and an advertisement. */
  readonly target?: string;
  /** In the message's option; without it there is no option. */
  readonly mac?: string;
  readonly frame: string;
  readonly solicited?: boolean;
  /** Of a router, seconds. */
  readonly lifetime?: number;
  readonly hopLimit?: number;
}

export function nd(spec: NdSpec): Buffer {
  const router = spec.kind === 'router';
  const body = Buffer.alloc(router ? 12 : 20);
  if (router) body.writeUInt16BE(spec.lifetime ?? 1800, 2);
  else addressBytes(spec.target!, 16).copy(body, 4);
  if (spec.kind === 'advertisement') body[0] = spec.solicited ? 0x60 : 0x20;
  const option = spec.kind === 'advertisement' ? 2 : 1;
  const mac = spec.mac === undefined ? Buffer.alloc(0) : macBytes(spec.mac);
  const options = mac.length === 0 ? mac : Buffer.concat([Buffer.from([option, 1]), mac]);
  const type = { router: 134, solicitation: 135, advertisement: 136 }[spec.kind];
  const message = icmp6(type, 0, Buffer.concat([body, options]));
  const packet = ipv6({ src: spec.src, dst: ALL_NODES }, message);
  packet[7] = spec.hopLimit ?? 255;
  return sentBy(spec.frame, ethernet(packet));
}

/** Sends frames from an interface, in their order. */
export async function send(
  from: Namespace,
  iface: string,
  frames: readonly Buffer[],
): Promise<void> {
  const input = frames.map((frame) => `${frame.toString('hex')}\n`).join('');
  await from.must([PYTHON, SENDER, iface], { input });
}

function sentBy(mac: string, frame: Buffer): Buffer {
  macBytes(ANYBODY).copy(frame, 0);
  macBytes(mac).copy(frame, 6);
  return frame;
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

/** The frames of a case on the path that captured packets take. */
import { CapturePath } from '../../src/agent/capture-path.ts';
import type { Rule } from '../../src/agent/config.ts';
import type { Scan } from '../../src/flow/listener.ts';
import { EventCode, SCAN_KINDS, type ScanKindName } from '../../src/model/events.ts';
import { CapturedPacket } from '../../src/packet/captured-packet.ts';
import { LinkType } from '../../src/packet/link-type.ts';
import { formatAddress } from '../../src/wire/address.ts';
import type { Case } from './case.ts';

/** A scan as it was told first. */
export interface FileScan {
  readonly kind: ScanKindName;
  readonly technique: string | undefined;
  readonly src: string;
  readonly dst: string;
  readonly ports: readonly number[];
  /** It keeps completing handshakes: a guard would spare it. */
  readonly trusted: boolean;
  /** Packet time. */
  readonly atMs: number;
}

export const RULES: Readonly<Record<Rule['name'], Rule>> = {
  reference: { name: 'reference', ports: 3, windowSeconds: 60 },
  weighted: { name: 'weighted', ports: 3, windowSeconds: 600 },
};

/** The scans that are found in a capture of a case. */
export function scansOf(one: Case, rule: Rule): FileScan[] {
  const found: FileScan[] = [];
  const nothing = (): void => {};
  const scan = (told: Scan): void => {
    if (told.state !== 'start') return;
    const { technique, trusted } = told;
    found.push({
      kind: SCAN_KINDS[told.kind],
      technique,
      src: formatAddress(told.bytes, told.at),
      dst: formatAddress(told.bytes, told.at + 16),
      ports: [...told.ports],
      trusted,
      atMs: told.tsNs / 1e6 - START_S * 1000,
    });
  };
  const path = new CapturePath({
    events: 1 << EventCode.scan,
    rule,
    verifyChecksums: false,
    listener: { connection: nothing, summed: nothing, scan, block: nothing, unblock: nothing },
  });
  const packet = new CapturedPacket();
  packet.linkType = LinkType.ethernet;
  for (const step of one.steps()) {
    if (step.kind === 'opened') continue;
    const ns = Math.round(step.atMs * 1e6);
    const { length } = step.frame;
    packet.seconds = START_S + Math.floor(ns / 1e9);
    packet.nanoseconds = ns % 1e9;
    packet.captured = length;
    packet.length = length;
    path.take(step.frame, packet);
  }
  while (path.endSome());
  return found;
}

const START_S = 1_700_000_000;

/** Of IPv6 the /64: one that walks it is told by the address that crossed the threshold. */
export function prefixOf(address: string): string {
  return address.replace(/::\w+$/, '::');
}

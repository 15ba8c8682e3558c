/** IP protocol numbers, as in Row.proto and PacketsPart.proto. */
export const IpProto = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

/** Has the protocol types of messages where others have ports? */
export function isIcmp(proto: number): boolean {
  return proto === IpProto.icmp || proto === IpProto.icmp6;
}

import { type Entry, entries } from './entry.ts';

/** Fields of the link, of IPv4 and of IPv6. */
export const NETWORK_HEADERS: readonly Entry[] = entries('header field', [
  {
    term: 'MAC address',
    aliases: ['MAC', 'hardware address', 'link-layer address'],
    definition:
      'The address of a station on one link, 48 bits; it reaches no further than the next router.',
    meaning: 'Packets from beyond a router all have the MAC of that router.',
    see: ['arp', 'event-neighbor-moved', 'ethernet'],
    source: 'IEEE 802',
  },
  {
    term: 'EtherType',
    aliases: ['ethertype'],
    definition:
      'What an Ethernet frame carries: 0x0800 IPv4, 0x86dd IPv6, 0x0806 ARP, 0x8100 a VLAN tag; under 1,536 it is a length.',
    see: ['ethernet', 'vlan'],
    source: 'IEEE 802.3, 3.2.6',
  },
  {
    term: 'VLAN id',
    aliases: ['VID', 'VLAN tag', '802.1Q tag'],
    definition: 'The number of the virtual LAN, 12 bits of the tag.',
    see: ['vlan'],
    source: 'IEEE 802.1Q, 9.6',
  },
  {
    term: 'IP version',
    definition: 'The first four bits of an IP header: 4 or 6.',
    see: ['ipv4', 'ipv6'],
    source: 'RFC 791, 3.1; RFC 8200, 3',
  },
  {
    term: 'IHL',
    aliases: ['internet header length', 'IP header length'],
    definition:
      'The length of the IPv4 header in words of 4 bytes, 5 to 15; beyond 5 it has options.',
    see: ['header-ip-options'],
    source: 'RFC 791, 3.1',
  },
  {
    term: 'DSCP',
    aliases: ['TOS', 'type of service', 'traffic class', 'differentiated services'],
    definition:
      'Which treatment a packet asks routers for, six bits of the old type of service or of the traffic class.',
    see: ['header-ecn'],
    source: 'RFC 2474',
  },
  {
    term: 'ECN',
    aliases: ['explicit congestion notification', 'CE'],
    definition:
      'Two bits by which routers mark a packet in a queue that fills up, instead of dropping it.',
    see: ['flag-ece', 'flag-cwr'],
    source: 'RFC 3168',
  },
  {
    term: 'total length',
    aliases: ['IP length'],
    definition:
      'Header and payload of an IPv4 packet in bytes; what follows it in the frame is padding.',
    see: ['zeek-orig-ip-bytes'],
    source: 'RFC 791, 3.1',
  },
  {
    term: 'identification',
    aliases: ['IP ID', 'ipid'],
    definition: 'Which fragments belong together: all fragments of one packet have the same.',
    see: ['fragmentation'],
    source: 'RFC 791, 3.2; RFC 6864',
  },
  {
    term: 'DF',
    aliases: ["don't fragment"],
    definition: "Don't fragment: a router that would have to answers by ICMP instead.",
    meaning: 'So a sender finds the MTU of a path, if that ICMP gets back to it.',
    see: ['mtu', 'icmp-destination-unreachable'],
    source: 'RFC 791, 3.1; RFC 1191',
  },
  {
    term: 'MF',
    aliases: ['more fragments'],
    definition: 'More fragments follow: this one is not the last of its packet.',
    see: ['header-fragment-offset', 'fragmentation'],
    source: 'RFC 791, 3.1',
  },
  {
    term: 'fragment offset',
    aliases: ['frag offset'],
    definition: 'Where in the payload of the whole packet a fragment belongs, in units of 8 bytes.',
    meaning: '1 with TCP would overwrite the flags of a header: it is an attack.',
    see: ['technique-fragments', 'fragmentation'],
    source: 'RFC 791, 3.1; RFC 1858',
  },
  {
    term: 'TTL',
    aliases: ['time to live', 'hop limit'],
    definition:
      'How many routers a packet may still pass; each takes one off, and the one that comes to 0 drops it. IPv6 calls it hop limit.',
    meaning:
      'Senders begin with 64, 128 or 255, so it tells how far a packet came, and whether all of a connection came the same way.',
    see: ['traceroute', 'icmp-time-exceeded'],
    source: 'RFC 791, 3.2; RFC 8200, 3',
  },
  {
    term: 'IP protocol',
    aliases: ['protocol', 'next header', 'protocol number'],
    definition:
      'What follows the IP header: 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6; in IPv6 it may be an extension header.',
    see: ['extension-headers', 'field-proto'],
    source: 'RFC 791, 3.1; RFC 8200, 3',
  },
  {
    term: 'header checksum',
    aliases: ['IP checksum'],
    definition: 'The sum of the IPv4 header alone; each router computes it anew. IPv6 has none.',
    see: ['header-checksum'],
    source: 'RFC 791, 3.1',
  },
  {
    term: 'IP options',
    aliases: ['IPv4 options', 'source route', 'record route'],
    definition:
      'Up to 40 bytes behind the IPv4 header; nobody needs them, and many routers drop packets that have some.',
    meaning: 'A source route tries to choose its way around filters.',
    see: ['header-ihl', 'ipv4'],
    source: 'RFC 791, 3.1; RFC 7126',
  },
  {
    term: 'flow label',
    definition: 'Twenty bits by which routers may keep the packets of one IPv6 flow on one path.',
    see: ['ipv6'],
    source: 'RFC 6437',
  },
  {
    term: 'payload length',
    definition:
      'What follows the 40 bytes of the IPv6 header, in bytes, extension headers included.',
    see: ['ipv6', 'extension-headers'],
    source: 'RFC 8200, 3',
  },
]);

import { type Entry, entries } from './entry.ts';

/** What lines tell; the first ten of the program itself, the rest of plugins that come with it. */
export const EVENTS: readonly Entry[] = entries('event', [
  {
    term: 'connection.attempt',
    aliases: ['attempt', 'new connection'],
    definition:
      'A well-formed SYN without ACK: somebody tries to connect, whether anybody answers or not.',
    meaning:
      'One line for each connection, at once. With `count` it stands for so many of a flood.',
    see: ['flag-syn', 'field-count', 'event-connection-open', 'outcome-dropped'],
    source: 'RFC 9293, 3.5',
  },
  {
    term: 'connection.open',
    aliases: ['open', 'connection opened'],
    definition: 'The three-way handshake ended well: the connection is established.',
    see: ['three-way-handshake', 'state-established'],
    source: 'RFC 9293, 3.5',
  },
  {
    term: 'connection.refused',
    aliases: ['refused', 'connection refused', 'rejected connections'],
    definition: 'The attempt was answered by RST, or by ICMP unreachable.',
    meaning: 'Nothing listens on that port, or a filter refuses it.',
    action:
      'Of a service that should be there: is it running, and bound to that address (`ss -ltn`)? Of one source on many ports: see event `scan`.',
    see: ['conn-state-rej', 'error-econnrefused', 'outcome-refused'],
  },
  {
    term: 'connection.timeout',
    aliases: ['timeout', 'connection timeout'],
    definition:
      'The attempt or the handshake got no answer in time, or an open connection went silent until the kernel gave it up.',
    meaning:
      'Packets are lost or filtered, or the other end is gone. An inbound one with outcome `dropped` is ours: this host did not answer.',
    action:
      'See where they get lost: `tcpdump` at both ends, `traceroute -T -p PORT`, firewall rules, and the SYN queue of the listener.',
    see: ['outcome-timeout', 'outcome-dropped', 'conn-state-s0', 'retransmission'],
  },
  {
    term: 'connection.reset',
    aliases: ['reset', 'connection reset', 'target connection errors'],
    definition: 'The connection was cut by RST, or half-open and then reset.',
    action:
      'conn_state says who cut it: RSTO the originator, RSTR the responder; then look into the log of the process there.',
    see: ['flag-rst', 'conn-state-rsto', 'conn-state-rstr', 'error-econnreset'],
  },
  {
    term: 'connection.close',
    aliases: ['close', 'connection closed'],
    definition: 'The connection is over, in order: each end has sent FIN.',
    see: ['four-way-close', 'conn-state-sf', 'outcome-ok'],
    source: 'RFC 9293, 3.6',
  },
  {
    term: 'scan',
    aliases: ['port scan', 'port scan detected'],
    definition:
      'A source tries ports or addresses of this host that it has no business with, by the rule in force.',
    meaning:
      'Somebody looks for services. A start is followed by one end; updates come when it has doubled, or was blocked.',
    action:
      '`packetwatch block why ADDRESS` shows the evidence. One of your own scanners or monitors: `packetwatch allow add ADDRESS`. Else see that nothing listens which should not, and use `--block --rule weighted`.',
    see: [
      'scan-vertical',
      'scan-horizontal',
      'scan-stealth',
      'scan-udp',
      'scan-slow',
      'rule-weighted',
      'rule-reference',
    ],
  },
  {
    term: 'block',
    aliases: ['blocked'],
    definition: 'A source was shut out: by a verdict, or by command.',
    meaning:
      'Its SYNs and whatever belongs to no connection are dropped until the block ends; open connections go on.',
    action:
      'If it is a partner: `packetwatch block rm ADDRESS`, then `packetwatch allow add ADDRESS`; `packetwatch block why ADDRESS` says why it was blocked.',
    see: [
      'field-until-ts',
      'reason-port-scan',
      'reason-command',
      'event-unblock',
      'never-block-list',
    ],
  },
  {
    term: 'unblock',
    aliases: ['unblocked'],
    definition:
      'A block ended early: by command, because the source came onto the never-block list, or because the firewall refused it.',
    meaning: 'A block that ends in its time tells nothing.',
    see: ['event-block', 'never-block-list'],
  },
  {
    term: 'loss',
    aliases: ['lost'],
    definition: 'Events are missing: how many, and where they were lost.',
    meaning:
      'The lines around it are incomplete, and a scan may be missing; blocks hold all the same.',
    action:
      '`packetwatch explain loss-PLACE` says what to do about each place; `packetwatch status` has the totals.',
    see: [
      'loss-attempts',
      'loss-answers',
      'loss-sockets',
      'loss-packets',
      'loss-output',
      'field-where',
      'packetwatch-lost-total',
    ],
  },
  {
    term: 'neighbor.new',
    definition:
      'A station was seen on the link for the first time since the start (plugin arp-watch).',
    meaning: 'Normal at the start and for new hosts; unexpected on a closed server network.',
    action: 'Look its MAC up in your inventory, or at the switch.',
    see: ['arp', 'header-mac-address'],
  },
  {
    term: 'neighbor.moved',
    definition: 'An address is claimed by another MAC than before (plugin arp-watch).',
    meaning:
      'A failover (VRRP, keepalived), a replaced card, or somebody who takes over the address (ARP spoofing).',
    action:
      'If no failover was due: find the new MAC at the switch, and compare `ip neigh` with what the owner has.',
    see: ['arp', 'event-neighbor-duplicate'],
    source: 'RFC 826; RFC 5227',
  },
  {
    term: 'neighbor.duplicate',
    definition: 'Two MACs claim one address in turn, or one that is ours (plugin arp-watch).',
    meaning: 'Two hosts with the same address, or an attack; connections to it break at random.',
    action: 'Find both MACs at the switch and take the address from one of them.',
    see: ['arp', 'event-neighbor-moved'],
    source: 'RFC 5227',
  },
  {
    term: 'neighbor.flood',
    definition:
      'More than 50 claims that nobody asked for in a second at one interface (plugin arp-watch).',
    meaning:
      'A loop in the network, a broken station, or an attack on the tables of switches and hosts.',
    action: 'Look for a loop (spanning tree), and for the port of the switch that they come from.',
    see: ['arp', 'packetwatch-plugin-arp-watch-unsolicited-total'],
  },
  {
    term: 'router.new',
    definition: 'An IPv6 router that was not known announces itself (plugin arp-watch).',
    meaning: 'Hosts take it for their gateway at once; a rogue one reads or loses their traffic.',
    action: 'If it is not yours: find its MAC, and enable RA guard on the switch.',
    see: ['icmp-router-advertisement'],
    source: 'RFC 4861, 6; RFC 6104',
  },
  {
    term: 'listen.pressure',
    definition:
      "A listener's accept or SYN queue is at least three quarters full, or it drops (plugin listen-queues).",
    meaning: 'The process accepts too slowly for what comes: clients wait, then time out.',
    action:
      'See what the process does (CPU, locks, a slow backend); raise the backlog of listen(2) and net.core.somaxconn; add workers.',
    see: ['accept-queue', 'syn-queue', 'listen-overflow'],
  },
]);

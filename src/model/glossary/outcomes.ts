import { type Entry, entries } from './entry.ts';

/** How connections end, the errors that sockets end with, and why records of flows end. */
export const OUTCOMES_EXPLAINED: readonly Entry[] = [
  ...entries('outcome', [
    {
      term: 'ok',
      definition: 'The connection was closed in order by both ends.',
      meaning:
        'Of a file it may also have been open still when the capture ended: `end_reason` says so.',
      see: ['event-connection-close', 'conn-state-sf'],
    },
    {
      term: 'refused',
      definition: 'The attempt was answered by RST or ICMP unreachable.',
      action: 'See whether the service runs and listens on that address.',
      see: ['event-connection-refused', 'conn-state-rej'],
    },
    {
      term: 'timeout',
      definition: 'No answer came, the handshake had no end, or an open connection went silent.',
      action: 'See where packets get lost: filter, route, dead host.',
      see: ['event-connection-timeout', 'conn-state-s0'],
    },
    {
      term: 'reset',
      definition: 'An RST cut the connection.',
      action: 'conn_state says which end sent it.',
      see: ['event-connection-reset', 'flag-rst'],
    },
    {
      term: 'dropped',
      definition: 'An attempt that came to this host, and that it left unanswered for 3 s.',
      meaning: 'A firewall here drops in silence, a queue was full, or the source is blocked.',
      action:
        'See `nft list ruleset`, `packetwatch block list`, and event listen.pressure for the port.',
      see: ['event-connection-timeout', 'listen-overflow'],
    },
  ]),
  ...entries('error', [
    {
      term: 'ECONNREFUSED',
      aliases: ['errno 111', 'connection refused'],
      definition: 'The peer answered the SYN by RST, or a router by ICMP port unreachable.',
      action: 'Start the service, or mend its address and port.',
      see: ['event-connection-refused'],
      source: 'connect(2)',
    },
    {
      term: 'ECONNRESET',
      aliases: ['errno 104', 'connection reset by peer'],
      definition: 'The peer sent RST into an open connection.',
      action: "Look into the peer's log: it crashed, has a limit, or closed with data unread.",
      see: ['event-connection-reset', 'flag-rst'],
      source: 'recv(2)',
    },
    {
      term: 'EPIPE',
      aliases: ['errno 32', 'broken pipe'],
      definition:
        'Data was written into a connection that the peer has reset or this end has shut down.',
      see: ['error-econnreset'],
      source: 'send(2)',
    },
    {
      term: 'ETIMEDOUT',
      aliases: ['errno 110', 'connection timed out'],
      definition:
        'Nothing was acknowledged until the kernel gave up: some 2 minutes after a SYN, some 15 minutes after data.',
      action:
        'See whether the peer lives, and whether a firewall forgot the connection while it was idle; keepalives help there.',
      see: ['event-connection-timeout', 'retransmission', 'keepalive'],
      source: 'tcp(7)',
    },
    {
      term: 'EHOSTUNREACH',
      aliases: ['errno 113', 'no route to host'],
      definition:
        'A router, or this host for want of an answer to ARP, says that the host cannot be reached.',
      action: 'Is the host up, its address right, and the last router able to see it?',
      see: ['icmp-destination-unreachable', 'arp'],
      source: 'connect(2)',
    },
    {
      term: 'ENETUNREACH',
      aliases: ['errno 101', 'network is unreachable'],
      definition: 'There is no route to the network, here or at a router on the way.',
      action: '`ip route get ADDRESS` shows which route would be taken.',
      see: ['icmp-destination-unreachable'],
      source: 'connect(2)',
    },
    {
      term: 'ECONNABORTED',
      aliases: ['errno 103'],
      definition:
        'The connection was aborted on this host before the program had accepted it, or by it.',
      see: ['accept-queue'],
      source: 'accept(2)',
    },
    {
      term: 'EADDRNOTAVAIL',
      aliases: ['errno 99', 'cannot assign requested address'],
      definition: 'No local address or port is left for the connection.',
      action:
        'Too many connections to one server, most in TIME-WAIT: reuse them, or widen net.ipv4.ip_local_port_range.',
      see: ['state-time-wait', 'ephemeral-port'],
      source: 'connect(2)',
    },
    {
      term: 'EPERM',
      aliases: ['errno 1', 'operation not permitted'],
      definition: "A rule of this host's own firewall or of a BPF program forbade what was sent.",
      action: 'See `nft list ruleset`, output chains.',
      source: 'connect(2)',
    },
  ]),
  ...entries('end reason', [
    {
      term: 'idle timeout',
      definition: 'Nothing came for as long as the flow, or the scan, is waited for.',
      meaning:
        'Of a scan: it is over, or its source is blocked, since then its packets are counted in the block.',
      see: ['field-end-reason'],
      source: 'IPFIX, flowEndReason 1',
    },
    {
      term: 'active timeout',
      definition: 'The flow goes on, and is told because it has lasted so long.',
      see: ['field-end-reason'],
      source: 'IPFIX, flowEndReason 2',
    },
    {
      term: 'end of flow',
      aliases: ['end of flow detected'],
      definition: 'Packets said that it is over: FIN, RST, or a refusal.',
      see: ['field-end-reason', 'event-connection-close'],
      source: 'IPFIX, flowEndReason 3',
    },
    {
      term: 'forced end',
      definition: 'The program stopped, or the capture ended; the flow or scan may go on.',
      see: ['field-end-reason'],
      source: 'IPFIX, flowEndReason 4',
    },
    {
      term: 'lack of resources',
      definition: 'More went on at once than are followed; this one was let go of and may go on.',
      action:
        'Of scans (1,024 at once) it is a distributed scan or spoofed sources; of flows (262,144) see loss place `flow`.',
      see: ['field-end-reason', 'packetwatch-lost-total'],
      source: 'IPFIX, flowEndReason 5',
    },
  ]),
];

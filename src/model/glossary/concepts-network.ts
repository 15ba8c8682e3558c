import { type Entry, entries } from './entry.ts';

/** The layers below and above TCP. */
export const NETWORK_CONCEPTS: readonly Entry[] = entries('concept', [
  {
    term: 'Ethernet',
    definition: 'Frames between stations of one link: two MAC addresses, an EtherType, payload.',
    see: ['header-mac-address', 'header-ethertype', 'vlan'],
    source: 'IEEE 802.3',
  },
  {
    term: 'VLAN',
    aliases: ['802.1Q', '802.1ad', 'QinQ'],
    definition: 'Several LANs over one link: a tag of 4 bytes says which; QinQ has two.',
    see: ['header-vlan-id'],
    source: 'IEEE 802.1Q',
  },
  {
    term: 'MTU',
    aliases: ['maximum transmission unit', 'path MTU', 'PMTU'],
    definition: 'The largest packet that a link takes: 1,500 bytes on Ethernet, less in tunnels.',
    action:
      'Hangs at the first large packet: `ping -M do -s 1472 HOST`; see that ICMP is not filtered, or clamp the MSS.',
    see: ['header-mss', 'header-df', 'icmp-destination-unreachable'],
    source: 'RFC 1191; RFC 8201',
  },
  {
    term: 'ARP',
    aliases: ['address resolution protocol', 'gratuitous ARP'],
    definition:
      'Who has this IPv4 address? The station answers with its MAC; IPv6 does so by neighbour discovery.',
    meaning: 'Nobody is asked for a proof, so anybody on the link can claim an address.',
    see: ['event-neighbor-moved', 'event-neighbor-duplicate', 'icmp-router-solicitation'],
    source: 'RFC 826',
  },
  {
    term: 'IPv4',
    aliases: ['IP'],
    definition: 'Packets with addresses of 32 bits, from 20 bytes of header on.',
    see: ['header-ttl', 'header-ip-options', 'fragmentation'],
    source: 'RFC 791',
  },
  {
    term: 'IPv6',
    definition: 'Packets with addresses of 128 bits, 40 bytes of header, and extension headers.',
    see: ['extension-headers', 'header-flow-label'],
    source: 'RFC 8200',
  },
  {
    term: 'extension headers',
    aliases: ['hop-by-hop options', 'destination options', 'routing header', 'fragment header'],
    definition:
      'Headers between that of IPv6 and that of TCP: hop-by-hop, routing, fragment, destination options, authentication.',
    meaning: 'Long chains of them are made to pass filters.',
    see: ['ipv6', 'header-ip-protocol'],
    source: 'RFC 8200, 4',
  },
  {
    term: 'fragmentation',
    aliases: ['fragment', 'reassembly'],
    definition:
      'A packet larger than the MTU goes in parts, which the receiver puts together; only the first has the ports.',
    meaning: 'TCP has no need of it: fragmented TCP is an odd path, or an attack.',
    see: ['header-fragment-offset', 'technique-fragments', 'mtu'],
    source: 'RFC 791, 3.2; RFC 8200, 4.5',
  },
  {
    term: 'ICMP',
    aliases: ['internet control message protocol', 'ICMPv6'],
    definition:
      'Messages of the IP layer itself: errors, which quote the packet that they are about, and echo.',
    meaning: 'Do not filter all of it: path MTU and refusals come by it.',
    see: ['icmp-destination-unreachable', 'icmp-time-exceeded', 'icmp-echo'],
    source: 'RFC 792; RFC 4443',
  },
  {
    term: 'ICMP echo',
    aliases: ['ping', 'echo request', 'echo reply'],
    definition: 'Echo request and reply, as ping sends them.',
    see: ['icmp'],
    source: 'RFC 792',
  },
  {
    term: 'ICMP redirect',
    aliases: ['redirect'],
    definition: 'A router says that another one on the same link is nearer.',
    meaning: 'Nobody proves it: hosts that heed it can be led astray.',
    action: 'net.ipv4.conf.all.accept_redirects=0 on servers.',
    see: ['icmp'],
    source: 'RFC 792; RFC 4861, 8',
  },
  {
    term: 'ICMP destination unreachable',
    aliases: [
      'destination unreachable',
      'port unreachable',
      'host unreachable',
      'fragmentation needed',
    ],
    definition: 'A packet cannot be delivered: net, host, port, filter, or too large with DF set.',
    meaning:
      'In answer to a SYN it is a refusal; port unreachable for many UDP ports is how a UDP scan is seen.',
    see: ['event-connection-refused', 'scan-udp', 'header-icmp-code'],
    source: 'RFC 792; RFC 4443, 3.1',
  },
  {
    term: 'ICMP time exceeded',
    aliases: ['time exceeded', 'TTL exceeded'],
    definition:
      'A packet came to the end of its TTL at a router, or a fragment was missing for too long.',
    meaning: 'Of many packets: a routing loop. Of some: traceroute.',
    see: ['header-ttl', 'traceroute'],
    source: 'RFC 792; RFC 4443, 3.3',
  },
  {
    term: 'ICMP router advertisement',
    aliases: ['router advertisement', 'RA'],
    definition: 'An IPv6 router says that it is there, with prefixes, for so long.',
    see: ['event-router-new', 'icmp-router-solicitation'],
    source: 'RFC 4861, 4.2',
  },
  {
    term: 'ICMP router solicitation',
    aliases: ['router solicitation', 'RS', 'neighbour discovery', 'NDP'],
    definition: 'A host asks IPv6 routers to announce themselves at once.',
    see: ['icmp-router-advertisement', 'arp'],
    source: 'RFC 4861, 4.1',
  },
  {
    term: 'UDP',
    aliases: ['user datagram protocol'],
    definition: 'Datagrams between ports, without connection, order or answer.',
    meaning:
      'What is told as a connection is a conversation: packets of one 5-tuple until a pause.',
    see: ['scan-udp', 'header-udp-length'],
    source: 'RFC 768',
  },
  {
    term: 'tunnel',
    aliases: ['encapsulation', 'overlay'],
    definition: 'Packets in packets: IP in IP, GRE, VXLAN, Geneve, Teredo, GTP, AYIYA.',
    meaning: 'The inner connection is told, with the tunnel named.',
    see: ['value-vxlan', 'value-gre', 'mtu', 'zeek-tunnel-parents'],
  },
  {
    term: 'traceroute',
    aliases: ['mtr', 'tracepath'],
    definition:
      'Packets with TTL 1, 2, 3 ...: each router where one ends names itself by ICMP time exceeded.',
    action: '`traceroute -T -p PORT` goes by SYNs, as the connection does.',
    see: ['header-ttl', 'icmp-time-exceeded'],
  },
  {
    term: 'TLS',
    aliases: ['SSL', 'TLS handshake', 'client hello', 'server hello'],
    definition:
      'Transport Layer Security: the client says hello with what it can, the server chooses and shows its certificate; from then on all is encrypted.',
    meaning: 'Both hello messages are in the clear, up to the certificate of TLS 1.2.',
    see: ['sni', 'alpn', 'ja4'],
    source: 'RFC 8446, 4.1',
  },
  {
    term: 'SNI',
    aliases: ['server name indication', 'server name'],
    definition: 'The name of the server that the client hello asks for, in the clear.',
    see: ['tls'],
    source: 'RFC 6066, 3',
  },
  {
    term: 'ALPN',
    aliases: ['application-layer protocol negotiation'],
    definition:
      'Which protocols the client offers inside of TLS, such as h2 or http/1.1, and which one the server takes.',
    see: ['tls'],
    source: 'RFC 7301',
  },
  {
    term: 'JA4',
    aliases: ['TLS fingerprint'],
    definition: 'A fingerprint of the client hello: versions, cipher suites, extensions, ALPN.',
    meaning:
      'The same program has the same on every host; a browser name with the fingerprint of a script is not a browser.',
    see: ['tls'],
    source: 'JA4 (FoxIO), TLS client',
  },
  {
    term: 'HTTP',
    aliases: ['HTTP/1.1', 'request line'],
    definition:
      'A request line with method and target, headers such as Host, and a status line in answer.',
    see: ['http-status', 'x-forwarded-for'],
    source: 'RFC 9110; RFC 9112',
  },
  {
    term: 'HTTP status',
    aliases: ['status code', '4xx'],
    definition:
      'The outcome of a request: 2xx done, 3xx elsewhere, 4xx a fault of the client, 5xx one of the server.',
    see: ['alarm-5xx', 'http'],
    source: 'RFC 9110, 15',
  },
  {
    term: 'X-Forwarded-For',
    aliases: ['XFF', 'Forwarded', 'PROXY protocol'],
    definition: 'The addresses that a request came from before it came to a proxy, in order.',
    meaning: 'Anybody can write it: only what the own proxies added counts.',
    see: ['reverse-proxy', 'layer-7-load-balancing'],
    source: 'RFC 7239',
  },
  {
    term: 'DNS',
    aliases: ['domain name system', 'NXDOMAIN'],
    definition:
      'Names to addresses and more: questions and answers of a few hundred bytes, by UDP and TCP port 53.',
    meaning: 'Slow or failing names look like slow services everywhere at once.',
    action: '`resolvectl query NAME`, or `dig @RESOLVER NAME` for each resolver of this host.',
    see: ['resolver-settings'],
    source: 'RFC 1035',
  },
  {
    term: 'resolver settings',
    aliases: ['resolv.conf', 'ndots', 'search domain'],
    definition:
      'Which servers this host asks for names, in which order, and which domains it appends (/etc/resolv.conf).',
    meaning: 'A dead first server costs 5 s at each question.',
    see: ['dns', 'reason-resolver'],
    source: 'resolv.conf(5)',
  },
  {
    term: 'snapshot length',
    aliases: ['snaplen', 'cut packets'],
    definition: 'How much of each packet a capture holds; what is cut off is not there.',
    action: '`tcpdump -s 0`, the default, holds all.',
    see: ['source-file', 'field-missed-bytes'],
  },
]);

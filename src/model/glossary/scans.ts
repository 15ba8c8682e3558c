import { type Entry, entries } from './entry.ts';

/** What scans are, how they go about it, and the parts of a verdict. */
export const SCANS: readonly Entry[] = [
  ...entries('scan kind', [
    {
      term: 'vertical',
      aliases: ['vertical scan', 'port sweep of a host'],
      definition: 'One source tries many ports of one address.',
      meaning: 'Somebody asks which services run here.',
      action:
        'See that the ports in the list which are open should be; allow your own scanners (`packetwatch allow add`), and let `--block --rule weighted` shut out the others.',
      see: ['event-scan', 'rule-reference', 'rule-weighted'],
    },
    {
      term: 'horizontal',
      aliases: ['horizontal scan', 'sweep'],
      definition: 'One source tries the same port of several of our addresses.',
      meaning: 'Somebody looks for one service, mostly because of a known hole in it.',
      action: 'See whether that service runs anywhere here, and is up to date.',
      see: ['event-scan', 'field-hosts'],
    },
    {
      term: 'stealth',
      aliases: ['stealth scan'],
      definition:
        'A scan by segments that are no attempts, so that logs of connections do not show it.',
      meaning: 'No honest program does so. `technique` says with which segments.',
      action:
        'Block the source: nothing of worth comes with such packets, though their address may be forged.',
      see: [
        'field-technique',
        'technique-null',
        'technique-fin',
        'technique-xmas',
        'technique-odd-flags',
        'technique-fragments',
        'technique-ack',
      ],
    },
    {
      term: 'udp',
      aliases: ['UDP scan'],
      definition: 'One source got our ICMP port unreachable for many UDP ports.',
      meaning: 'Somebody asks which UDP services run here; open ports mostly stay silent to it.',
      action:
        'As of a vertical scan; see that UDP services which amplify (DNS, NTP, memcached) answer only whom they should.',
      see: ['udp', 'icmp-destination-unreachable', 'event-scan'],
    },
    {
      term: 'slow',
      aliases: ['slow scan'],
      definition:
        'A source failed on 12 distinct ports within a day, over 10 minutes at least, and completed fewer handshakes than that.',
      meaning:
        'A scanner that stays under the windows of rules; it is told and never blocked, since over a day an honest source may look like one.',
      action:
        'Look at what else the source did; `packetwatch block add ADDRESS` if it is nobody of yours.',
      see: ['event-scan', 'rule-weighted'],
    },
  ]),
  ...entries('scan technique', [
    {
      term: 'null',
      aliases: ['NULL scan'],
      definition: 'Segments without any flag.',
      meaning: 'Closed ports answer by RST, open ones not at all.',
      see: ['scan-stealth'],
      source: 'RFC 9293, 3.10.7.1',
    },
    {
      term: 'fin',
      aliases: ['FIN scan'],
      definition: 'Segments with FIN alone, to ports without a connection.',
      see: ['scan-stealth', 'flag-fin'],
      source: 'RFC 9293, 3.10.7.1',
    },
    {
      term: 'xmas',
      aliases: ['Xmas scan', 'christmas tree'],
      definition: 'Segments with FIN, PSH and URG, lit up like a tree.',
      see: ['scan-stealth'],
    },
    {
      term: 'odd flags',
      aliases: ['SYN+FIN', 'odd'],
      definition:
        'Segments with other flags that no RFC 9293 peer sends, SYN with FIN or RST among them.',
      see: ['scan-stealth', 'history-q'],
    },
    {
      term: 'fragments',
      aliases: ['fragment scan', 'tiny fragments'],
      definition:
        'First fragments that have the ports but not the flags of the TCP header, so that filters cannot see them.',
      see: ['scan-stealth', 'fragmentation'],
      source: 'RFC 1858, 3',
    },
    {
      term: 'ack',
      aliases: ['ACK scan', 'window scan', 'Maimon scan'],
      definition: 'Segments with ACK that belong to no connection, which this host answers by RST.',
      meaning:
        'Somebody maps a firewall: where an RST comes back, no filter stands. Window and Maimon scans look the same.',
      see: ['scan-stealth', 'flag-ack', 'backscatter'],
    },
  ]),
  ...entries('verdict part', [
    {
      term: 'evidence',
      definition: 'What a verdict rests on: counts, times, and what came of it.',
      see: ['event-scan', 'verdict-score', 'verdict-syns'],
    },
    {
      term: 'syns',
      definition:
        'Packets of the source to this host that counted or might have, as far as they were seen.',
      meaning: 'A blocked source goes on in `dropped` of `packetwatch block list`.',
      see: ['event-scan'],
    },
    {
      term: 'port_count',
      definition: 'Distinct ports of the scan in all; the list has the first 64 of them.',
      see: ['field-ports'],
    },
    {
      term: 'first_ts',
      definition: 'When the source was first noticed.',
      see: ['verdict-last-ts'],
    },
    { term: 'last_ts', definition: 'When the source last scanned.', see: ['verdict-first-ts'] },
    {
      term: 'blocks',
      definition: 'How often a verdict blocked the source.',
      see: ['event-block'],
    },
    {
      term: 'spared',
      definition:
        'The source would be blocked, but is on the never-block list, over `--block-max`, or this is a dry run.',
      action:
        'If it is one of yours, find out why it scans; else see `packetwatch allow list` and `--block-max`.',
      see: ['never-block-list', 'verdict-trusted', 'packetwatch-scans-spared-total'],
    },
    {
      term: 'trusted',
      definition:
        'Spared because the source keeps completing handshakes: five, 4 s apart, the last within 2 minutes.',
      meaning:
        'Nobody can forge those, so the probes may be forged in its name; or it scans behind real connections.',
      action: 'Look at the source itself; `packetwatch block add ADDRESS` blocks it all the same.',
      see: ['rule-weighted', 'verdict-spared'],
    },
    {
      term: 'decoys',
      definition:
        'So many sources, this one among them, began to scan the same ports of the same host within 2 s.',
      meaning: 'One scanner that hides among forged addresses; only one of them is real.',
      see: ['event-scan'],
    },
    {
      term: 'confirmed',
      definition: 'The source has completed handshakes with three ports: its address is its own.',
      meaning: 'Its block lasts `--block-ttl-confirmed`, since the evidence is not forged.',
      see: ['event-block', 'rule-weighted'],
    },
    {
      term: 'score',
      definition:
        'How much more likely a scanner is than an honest client, as a logarithm of odds (nat); 4.59 or more is a scan.',
      meaning:
        'It halves every 69 s, and closed ports, silence and half-open handshakes add to it, completed handshakes take off.',
      see: [
        'rule-weighted',
        'verdict-closed',
        'verdict-silent',
        'verdict-half-open',
        'verdict-opened',
      ],
      source: 'Jung and others, Fast Portscan Detection Using Sequential Hypothesis Testing, 2004',
    },
    {
      term: 'closed',
      definition: 'Ports of the verdict that refused: +1.08 each.',
      see: ['verdict-score', 'conn-state-rej'],
    },
    {
      term: 'silent',
      definition:
        'Ports of the verdict without an answer: +0.87 each, a third of it in the first 100 ms.',
      see: ['verdict-score', 'conn-state-s0'],
    },
    {
      term: 'half_open',
      aliases: ['half-open', 'half open'],
      definition: 'Handshakes that the source reset after SYN+ACK: +0.25 each.',
      meaning:
        'Half-open scans look so, and health checks of load balancers; alone they are no scan of one address.',
      see: ['verdict-score', 'health-check', 'state-syn-received'],
    },
    {
      term: 'opened',
      definition: 'Handshakes that the source completed: 1.01 off each.',
      see: ['verdict-score', 'event-connection-open'],
    },
  ]),
  ...entries('block reason', [
    {
      term: 'port scan',
      definition: 'A verdict blocked the source.',
      action: '`packetwatch block why ADDRESS` shows the evidence.',
      see: ['event-block', 'event-scan'],
    },
    {
      term: 'command',
      definition: 'Somebody ran `packetwatch block add`.',
      see: ['event-block'],
    },
    {
      term: 'own address',
      definition: 'Never blocked: it is an address of this host.',
      see: ['never-block-list'],
    },
    {
      term: 'gateway',
      definition: 'Never blocked: it is the next hop of a route.',
      see: ['never-block-list'],
    },
    {
      term: 'resolver',
      definition: 'Never blocked: this host asks it for names (resolv.conf).',
      see: ['never-block-list', 'dns'],
    },
    {
      term: 'ssh',
      definition:
        'Never blocked: it is the peer of an authenticated SSH session, or of the one that the program was started from.',
      see: ['never-block-list'],
    },
    {
      term: 'user',
      definition:
        'Never blocked: `packetwatch allow add` named it. Of a block in `block list`: it was set by command.',
      see: ['never-block-list', 'reason-command'],
    },
  ]),
];

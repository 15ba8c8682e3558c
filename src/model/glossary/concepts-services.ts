import { type Entry, entries } from './entry.ts';

/** Sockets on the host, services and what balances them, and what operators are alarmed by. */
export const SERVICE_CONCEPTS: readonly Entry[] = entries('concept', [
  {
    term: 'SYN queue',
    aliases: ['request queue', 'half-open queue'],
    definition: "A listener's connections in their handshake: SYN+ACK sent, ACK awaited.",
    meaning: 'Full: SYNs are dropped, or answered by cookies.',
    see: ['accept-queue', 'syn-flood', 'event-listen-pressure'],
    source: 'tcp(7), tcp_max_syn_backlog',
  },
  {
    term: 'accept queue',
    aliases: ['backlog', 'listen queue', 'somaxconn'],
    definition:
      "A listener's connections that are open and not yet taken by accept(2); listen(2) and net.core.somaxconn limit it.",
    meaning: 'It fills up when the process is busy: clients are connected and get no answer.',
    action: 'Find what holds the process up; a longer queue only hides it.',
    see: ['event-listen-pressure', 'listen-overflow'],
    source: 'listen(2)',
  },
  {
    term: 'listen overflow',
    aliases: ['ListenOverflows', 'ListenDrops', 'overflows'],
    definition:
      'A handshake was dropped because the accept queue was full, or a SYN because a queue was.',
    meaning: 'The client repeats its SYN after 1 s, 3 s, 7 s: latencies of exactly that much.',
    action: 'As of event listen.pressure.',
    see: ['accept-queue', 'syn-queue', 'event-listen-pressure'],
  },
  {
    term: 'receive queue',
    aliases: ['Recv-Q', 'rx queue'],
    definition:
      'Bytes that arrived and that the program has not read; of a listener the connections to accept.',
    meaning: 'It grows: the program is slow.',
    see: ['zero-window', 'accept-queue'],
    source: 'ss(8)',
  },
  {
    term: 'send queue',
    aliases: ['Send-Q', 'tx queue'],
    definition:
      'Bytes that the program wrote and the peer has not acknowledged; of a listener the limit of its accept queue.',
    meaning: 'It grows: the peer or the path is slow.',
    see: ['snd-una', 'receive-window'],
    source: 'ss(8)',
  },
  {
    term: 'local end',
    aliases: ['local'],
    definition: "This host's end of a connection: its address and port.",
    see: ['peer', 'field-direction'],
  },
  {
    term: 'peer',
    aliases: ['remote end'],
    definition: 'The other end of a connection, as this host sees it.',
    meaning: '`<-` before it: it began the connection; `->`: this host did.',
    see: ['local-end', 'originator', 'responder'],
  },
  {
    term: 'SO_REUSEPORT',
    aliases: ['socket sharding', 'reuseport'],
    definition:
      'Several sockets listen on one port, and the kernel spreads connections over them by a hash.',
    meaning: 'One worker that hangs drops its share, while others idle.',
    see: ['listener-patterns'],
    source: 'socket(7)',
  },
  {
    term: 'listener patterns',
    aliases: ['one acceptor', 'many acceptors', 'prefork', 'thundering herd'],
    definition:
      'One process accepts and hands on; many processes accept from one socket; or many sockets listen on one port (SO_REUSEPORT).',
    meaning:
      '`process_from` accept shows the worker, listen the owner of the socket; `packetwatch sockets` the pattern of each port.',
    see: ['socket-pattern', 'so-reuseport', 'accept-queue', 'field-process-from'],
  },
  {
    term: 'layer 4 load balancing',
    aliases: ['L4', 'L4 load balancer', 'DSR', 'load balancing'],
    definition:
      'Each connection goes to one backend, chosen by addresses and ports: round robin, fewest connections, or by a hash.',
    meaning: 'A long connection stays where it is, however busy that backend is.',
    see: ['layer-7-load-balancing', 'consistent-hashing', 'health-check'],
  },
  {
    term: 'layer 7 load balancing',
    aliases: ['L7', 'L7 load balancer', 'application load balancer'],
    definition:
      'Each request goes to one backend, chosen by host, path or cookie; the balancer ends the connection and has its own to the backend.',
    meaning: 'The server sees the address of the balancer: the client is in X-Forwarded-For.',
    see: ['layer-4-load-balancing', 'x-forwarded-for', 'reverse-proxy'],
  },
  {
    term: 'health check',
    aliases: ['probe', 'unhealthy hosts', 'liveness'],
    definition:
      'A load balancer asks each backend at short intervals whether it lives: a handshake, or a request.',
    meaning:
      'Half-open ones (SYN, SYN+ACK, RST) look like a scan of one port, which alone is none.',
    action: 'Unhealthy: see the service, then its accept queue, then the filter between them.',
    see: ['conn-state-rsto', 'verdict-half-open'],
  },
  {
    term: 'reverse proxy',
    aliases: ['proxy'],
    definition: 'It stands before servers and passes requests on to them in its own name.',
    see: ['forward-proxy', 'x-forwarded-for'],
  },
  {
    term: 'forward proxy',
    aliases: ['egress proxy'],
    definition: 'It stands before clients and fetches for them, so that they need no way out.',
    meaning: 'Connections past it, from hosts that should use it, are worth a look.',
    see: ['reverse-proxy'],
  },
  {
    term: 'consistent hashing',
    aliases: ['hash ring'],
    definition:
      'Keys and servers lie on a ring, and each key belongs to the next server: when one goes, only its keys move.',
    see: ['rendezvous-hashing', 'sharding'],
    source: 'Karger and others, 1997',
  },
  {
    term: 'rendezvous hashing',
    aliases: ['highest random weight', 'HRW'],
    definition:
      'Each key belongs to the server whose hash with it is the highest: when one goes, only its keys move, to all others alike.',
    see: ['consistent-hashing', 'sharding'],
    source: 'Thaler and Ravishankar, 1996',
  },
  {
    term: 'publish/subscribe',
    aliases: ['pub/sub', 'message broker', 'topic'],
    definition: 'Senders write to a topic, and all who subscribed get it; neither knows the other.',
    see: ['at-least-once-delivery'],
  },
  {
    term: 'at-least-once delivery',
    aliases: ['redelivery', 'exactly once'],
    definition: 'A message comes until it is acknowledged: none is lost, some come twice.',
    see: ['idempotent-consumer', 'publish-subscribe'],
  },
  {
    term: 'idempotent consumer',
    aliases: ['idempotency', 'deduplication'],
    definition: 'Who takes the same message twice does what it says once: by its id.',
    meaning: 'Events of Packetwatch have an id for that: after kill -9 a batch may repeat.',
    see: ['at-least-once-delivery', 'field-id'],
  },
  {
    term: 'leader election',
    aliases: ['leader', 'split brain', 'quorum'],
    definition: 'Of several programs one acts; when it goes silent for a lease, another one does.',
    meaning: 'Connections move to another host without anybody having deployed.',
    see: ['replica'],
  },
  {
    term: 'sharding',
    aliases: ['shard', 'partition'],
    definition: 'Data is split by a key over several servers, each of which has its part.',
    meaning: 'One hot key is one hot server.',
    see: ['consistent-hashing', 'rendezvous-hashing', 'replica'],
  },
  {
    term: 'replica',
    aliases: ['replication', 'failover'],
    definition: 'A further copy of the same data, which may be a little behind.',
    see: ['sharding', 'leader-election'],
  },
  {
    term: 'rate limit',
    aliases: ['token bucket', 'throttling', 'throttles'],
    definition: 'So many requests in a time and no more: what is above is refused or delayed.',
    meaning: 'Throttled clients see 429, resets or timeouts, while the service looks healthy.',
    action: 'See who is above it; retries with growing pauses, not at once.',
    see: ['http-status', 'outcome-refused'],
  },
  {
    term: 'caching',
    aliases: ['cache', 'TTL of a cache'],
    definition: 'Answers are kept for a while near to who asks.',
    meaning:
      'An empty cache sends all load to what is behind it: after a restart, or when all entries end together.',
    see: ['dns'],
  },
  {
    term: 'alarm: CPU',
    aliases: ['CPU', 'processor time', 'steal'],
    definition: 'Processors are busy: work waits for them.',
    action:
      '`top` for who; of steal the hypervisor. Softirq at 100 % of one CPU is packets: spread queues.',
    see: ['packetwatch-process-cpu-seconds-total', 'accept-queue'],
  },
  {
    term: 'alarm: memory',
    aliases: ['memory', 'OOM', 'out of memory'],
    definition: 'Memory runs out: the kernel ends a process, or everything waits for the disk.',
    action: '`dmesg` names the process; a limit of its cgroup may be it.',
    see: ['packetwatch-process-resident-memory-bytes'],
  },
  {
    term: 'alarm: disk',
    aliases: ['disk', 'disk full', 'ENOSPC'],
    definition: 'No space is left, or the disk is too slow.',
    action:
      '`df`, `du -x`; files that are deleted and still open: `lsof +L1`. Lines that could not be written are a loss at `output`.',
    see: ['loss-output', 'alarm-inodes'],
  },
  {
    term: 'alarm: inodes',
    aliases: ['inodes'],
    definition: 'No further file can be made, though space is left.',
    action: '`df -i`; a directory with millions of small files.',
    see: ['alarm-disk'],
  },
  {
    term: 'alarm: 5xx',
    aliases: ['5xx', '500', '502', '503', '504'],
    definition:
      'A server, or a proxy for one, fails: 502 and 504 are of a proxy whose backend refused, reset or timed out.',
    action: 'See the outcome of the connections to the backend at that time.',
    see: ['packetwatch-connection-outcomes-total', 'http-status', 'reverse-proxy'],
  },
  {
    term: 'alarm: budget',
    aliases: ['budget', 'billing', 'error budget'],
    definition: 'More was used than was set aside: money, traffic, or errors of a month.',
    meaning: 'Traffic that nobody ordered shows as bytes of few connections.',
    see: ['field-orig-bytes', 'field-resp-bytes'],
  },
]);

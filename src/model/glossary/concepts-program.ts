import { type Entry, entries } from './entry.ts';

/** Packetwatch's own words. */
export const PROGRAM_CONCEPTS: readonly Entry[] = entries('concept', [
  {
    term: 'connection',
    aliases: ['flow'],
    definition: 'One life of a 5-tuple in one network namespace, from its first SYN to its end.',
    see: ['four-tuple', 'event-connection-attempt', 'event-connection-close', 'field-id'],
  },
  {
    term: 'verdict',
    definition: 'What a rule finds of a source: that it scans, how, and on what evidence.',
    see: ['event-scan', 'verdict-evidence', 'rule-weighted'],
  },
  {
    term: 'guard',
    definition: 'The BPF program at ingress that judges sources and drops what blocked ones send.',
    meaning: 'With `--block` it stays when the program ends; `packetwatch release` removes it.',
    see: ['hook-tcx', 'event-block', 'never-block-list'],
  },
  {
    term: 'never-block list',
    aliases: ['allow list', 'whitelist'],
    definition:
      'Who is never blocked: own addresses, gateways, resolvers, peers of SSH sessions, and what `packetwatch allow add` has named.',
    meaning: 'They are judged and told all the same, as spared.',
    action: '`packetwatch allow list` shows it, with the reason of each.',
    see: [
      'verdict-spared',
      'reason-own-address',
      'reason-gateway',
      'reason-resolver',
      'reason-ssh',
      'reason-user',
    ],
  },
  {
    term: 'distinct ports',
    aliases: ['threshold', 'sliding window of a rule'],
    definition:
      'Different ports of one address that a source touched within the window of the rule; the window slides with the packets.',
    see: ['rule-reference', 'scan-vertical'],
  },
  {
    term: 'kernel table',
    aliases: ['table of sources', 'pw_sets'],
    definition:
      'What the guard remembers of each source, and the blocks: 65,536 places in sets of four.',
    see: ['packetwatch-table-sources', 'loss-table'],
  },
  {
    term: 'ring buffer',
    aliases: ['ring'],
    definition:
      'Memory in which the kernel hands records over without waiting: what finds it full is lost, and counted.',
    see: ['loss-attempts', 'loss-sockets', 'packetwatch-ring-high-water-bytes'],
  },
]);

import { CONN_STATES_EXPLAINED } from './conn-states.ts';
import { CONTROL_BLOCK } from './control-block.ts';
import { NETWORK_CONCEPTS } from './concepts-network.ts';
import { PROGRAM_CONCEPTS } from './concepts-program.ts';
import { SERVICE_CONCEPTS } from './concepts-services.ts';
import { TCP_CONCEPTS } from './concepts-tcp.ts';
import { type Entry, TERM_KINDS, type TermKind } from './entry.ts';
import { EVENTS } from './events.ts';
import { FIELDS } from './fields.ts';
import { NETWORK_HEADERS } from './headers-network.ts';
import { TRANSPORT_HEADERS } from './headers-transport.ts';
import { HISTORY } from './history.ts';
import { LOSSES } from './losses.ts';
import { METADATA_FIELDS } from './metadata-fields.ts';
import { GUARD_METRICS_EXPLAINED } from './metrics-guard.ts';
import { PLUGIN_METRICS_EXPLAINED } from './metrics-plugins.ts';
import { PROGRAM_METRICS_EXPLAINED } from './metrics-program.ts';
import { TRAFFIC_METRICS_EXPLAINED } from './metrics-traffic.ts';
import { OUTCOMES_EXPLAINED } from './outcomes.ts';
import { PACKET_FIELDS } from './packet-fields.ts';
import { SCANS } from './scans.ts';
import { SOCKET_FIELDS } from './socket-fields.ts';
import { TCB_FIELDS } from './tcb-fields.ts';
import { TCP_FLAGS } from './tcp-flags.ts';
import { TCP_STATES } from './tcp-states.ts';
import { VALUES } from './values.ts';
import { ZEEK_FIELDS } from './zeek-fields.ts';

/**
 * Every word that Packetwatch prints or asks for, and those that an operator needs beside them.
 * `packetwatch explain`, docs/glossary.md and the runbooks of alerts are made of it.
 */
export const GLOSSARY: readonly Entry[] = [
  ...TCP_STATES,
  ...TCP_FLAGS,
  ...TRANSPORT_HEADERS,
  ...NETWORK_HEADERS,
  ...CONTROL_BLOCK,
  ...CONN_STATES_EXPLAINED,
  ...HISTORY,
  ...EVENTS,
  ...OUTCOMES_EXPLAINED,
  ...SCANS,
  ...LOSSES,
  ...FIELDS,
  ...PACKET_FIELDS,
  ...TCB_FIELDS,
  ...METADATA_FIELDS,
  ...SOCKET_FIELDS,
  ...ZEEK_FIELDS,
  ...VALUES,
  ...TRAFFIC_METRICS_EXPLAINED,
  ...GUARD_METRICS_EXPLAINED,
  ...PROGRAM_METRICS_EXPLAINED,
  ...PLUGIN_METRICS_EXPLAINED,
  ...PROGRAM_CONCEPTS,
  ...TCP_CONCEPTS,
  ...NETWORK_CONCEPTS,
  ...SERVICE_CONCEPTS,
];

/** The entries by kind, in the order of TERM_KINDS. */
export function byKind(): [TermKind, Entry[]][] {
  const kinds = Object.keys(TERM_KINDS) as TermKind[];
  return kinds.map((kind) => [kind, GLOSSARY.filter((entry) => entry.kind === kind)]);
}

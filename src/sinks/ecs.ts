import type { JsonBlock, JsonEvent, JsonLoss, JsonPlugin, JsonScan } from '../model/json.ts';
import { ecsConnection } from './ecs-connection.ts';
import { type EventMap, without } from './mapped-lines.ts';

/** Of the Elastic Common Schema; docs/ecs.schema.json has the fields that are used. */
const ECS_VERSION = '9.4.0';

/**
 * Events as the Elastic Common Schema names them. What it has no field for is in `packetwatch`, by its name in
 * docs/events.schema.json.
 * @param version of this program
 */
export function ecsMap(version: string): EventMap {
  const observer = { product: 'packetwatch', type: 'sensor', vendor: 'Packetwatch', version };
  return (event) => ({
    '@timestamp': event.ts,
    ecs: { version: ECS_VERSION },
    observer,
    host: event.host === undefined ? undefined : { name: event.host },
    ...fieldsOf(event),
  });
}

function fieldsOf(event: JsonEvent): object {
  if ('plugin' in event) return ofPlugin(event);
  switch (event.event) {
    case 'scan':
      return ofScan(event);
    case 'block':
    case 'unblock':
      return ofBlock(event);
    case 'loss':
      return ofLoss(event);
    default:
      return ecsConnection(event);
  }
}

function ofScan({ src_ip, dst_ip, evidence, ...scan }: JsonScan): object {
  const { kind, technique, state, end_reason, ports, hosts, runbook } = scan;
  const { first_ts, last_ts, rule = 'reference', ...counts } = evidence;
  return {
    event: {
      kind: 'alert',
      category: ['intrusion_detection', 'network'],
      type: evidence.blocked ? ['denied'] : ['info'],
      action: 'scan',
      module: 'packetwatch',
      dataset: 'packetwatch.scan',
      start: first_ts,
      end: last_ts,
      reason: end_reason,
    },
    source: { ip: src_ip, address: src_ip },
    destination: { ip: dst_ip, address: dst_ip },
    related: { ip: [src_ip, dst_ip] },
    rule: { name: rule },
    threat: {
      framework: 'MITRE ATT&CK',
      tactic: { id: ['TA0007'], name: ['Discovery'] },
      technique: { id: ['T1046'], name: ['Network Service Discovery'] },
    },
    packetwatch: { kind, technique, state, ports, hosts, evidence: counts, runbook },
  };
}

function ofBlock({ event, src_ip, prefix_len, until_ts, reason, runbook }: JsonBlock): object {
  return {
    event: {
      kind: 'event',
      category: ['intrusion_detection', 'network'],
      type: event === 'block' ? ['denied'] : ['allowed'],
      action: event,
      outcome: 'success',
      module: 'packetwatch',
      dataset: 'packetwatch.block',
      reason,
    },
    source: { ip: src_ip, address: src_ip },
    related: { ip: [src_ip] },
    packetwatch: { prefix_len, until_ts, runbook },
  };
}

function ofLoss({ where, count, runbook }: JsonLoss): object {
  return {
    event: {
      kind: 'event',
      type: ['info'],
      action: 'loss',
      outcome: 'failure',
      module: 'packetwatch',
      dataset: 'packetwatch.loss',
    },
    packetwatch: { where, count, runbook },
  };
}

function ofPlugin({ event, plugin, ...others }: JsonPlugin): object {
  return {
    event: {
      kind: 'event',
      action: event,
      module: 'packetwatch',
      dataset: `packetwatch.${plugin}`,
    },
    packetwatch: { [plugin]: without(others, MAPPED) },
  };
}

const MAPPED: ReadonlySet<string> = new Set(['ts', 'host']);

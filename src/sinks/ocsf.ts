import type { JsonBlock, JsonEvent, JsonLoss, JsonPlugin, JsonScan } from '../model/json.ts';
import { type EventMap, without } from './mapped-lines.ts';
import { ocsfConnection } from './ocsf-connection.ts';
import { milliseconds, type OcsfEvent, Severity } from './ocsf-event.ts';

/** Of the Open Cybersecurity Schema Framework; docs/ocsf.schema.json has the attributes that are used. */
const OCSF_VERSION = '1.8.0';

/**
 * Events as OCSF names them. What a class has no attribute for is in `unmapped`, by its name in
 * docs/events.schema.json.
 * @param version of this program
 */
export function ocsfMap(version: string): EventMap {
  const product = { name: 'Packetwatch', vendor_name: 'Packetwatch', version };
  return (event) => {
    const { category_uid, class_uid, activity_id, severity_id, ...attributes } = eventOf(event);
    const id = 'id' in event ? event.id : undefined;
    return {
      time: milliseconds(event.ts),
      category_uid,
      class_uid,
      activity_id,
      type_uid: class_uid * 100 + activity_id,
      severity_id,
      metadata: {
        version: OCSF_VERSION,
        product,
        log_name: 'packetwatch',
        event_code: event.event,
        original_time: event.ts,
        correlation_uid: id,
        profiles: ['host', 'container', 'security_control'],
      },
      device: event.host === undefined ? undefined : { type_id: 0, hostname: event.host },
      ...attributes,
    };
  };
}

function eventOf(event: JsonEvent): OcsfEvent {
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
      return ocsfConnection(event);
  }
}

/** Detection Finding: created, updated, closed. */
const SCAN_ACTIVITY = { start: 1, update: 2, end: 3 } as const;
/** New, in progress, resolved. */
const SCAN_STATUS = { start: 1, update: 2, end: 4 } as const;

function ofScan(scan: JsonScan): OcsfEvent {
  const { src_ip, dst_ip, kind, technique, state, ports, hosts, evidence, runbook } = scan;
  const { first_ts, last_ts, blocked, rule = 'reference', ...counts } = evidence;
  return {
    category_uid: 2,
    class_uid: 2004,
    activity_id: SCAN_ACTIVITY[state],
    severity_id: Severity.medium,
    status_id: SCAN_STATUS[state],
    message: `${kind} scan of ${dst_ip} by ${src_ip}`,
    is_alert: true,
    action_id: blocked ? DENIED : OBSERVED,
    disposition_id: blocked ? BLOCKED : DETECTED,
    finding_info: {
      uid: `${src_ip}>${dst_ip} ${kind} ${first_ts}`,
      title: `${kind} scan`,
      types: [kind],
      first_seen_time: milliseconds(first_ts),
      last_seen_time: milliseconds(last_ts),
      analytic: { type_id: 1, type: 'Rule', name: rule },
      attacks: [
        {
          tactic: { uid: 'TA0007', name: 'Discovery' },
          technique: { uid: 'T1046', name: 'Network Service Discovery' },
        },
      ],
    },
    evidences: [
      {
        src_endpoint: { ip: src_ip },
        dst_endpoint: { ip: dst_ip },
        data: { technique, ports, hosts, ...counts },
      },
    ],
    remediation: { desc: runbook },
    unmapped: scan.end_reason === undefined ? undefined : { end_reason: scan.end_reason },
  };
}

/** action_id and disposition_id of the profile `security_control`. */
const DENIED = 2;
const OBSERVED = 3;
const BLOCKED = 2;
const DETECTED = 15;
/** Network Remediation Activity. */
const ISOLATE = 1;
const RESTORE = 3;

function ofBlock(block: JsonBlock): OcsfEvent {
  const { event, src_ip, prefix_len, until_ts, reason, runbook, ts } = block;
  const value = prefix_len === undefined ? src_ip : `${src_ip}/${prefix_len}`;
  return {
    category_uid: 7,
    class_uid: 7004,
    activity_id: event === 'block' ? ISOLATE : RESTORE,
    severity_id: Severity.informational,
    status_id: 1,
    status_detail: reason,
    message: `${event} ${value}`,
    command_uid: `${event} ${value} ${ts}`,
    connection_info: { direction_id: 1, direction: 'Inbound' },
    countermeasures: [{ d3f_technique: { uid: 'D3-ITF', name: 'Inbound Traffic Filtering' } }],
    observables: [
      prefix_len === undefined
        ? { name: 'source', type_id: 2, type: 'IP Address', value }
        : { name: 'source', type_id: 12, type: 'Subnet', value },
    ],
    remediation: { desc: runbook },
    unmapped: until_ts === undefined ? undefined : { until_ts },
  };
}

/** What no class is made for is a base event, of another activity than those that it knows. */
const BASE = { category_uid: 0, class_uid: 0, activity_id: 99 } as const;

function ofLoss({ where, count, runbook }: JsonLoss): OcsfEvent {
  return {
    ...BASE,
    activity_name: 'loss',
    severity_id: Severity.medium,
    status_id: 2,
    message: `${count} events were lost at ${where}`,
    unmapped: { where, count, runbook },
  };
}

function ofPlugin({ event, ...others }: JsonPlugin): OcsfEvent {
  return {
    ...BASE,
    activity_name: event,
    severity_id: Severity.informational,
    unmapped: without(others, MAPPED),
  };
}

const MAPPED: ReadonlySet<string> = new Set(['ts', 'host']);

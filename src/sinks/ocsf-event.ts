/** What each kind of event gives: its class, and the attributes of that. */
export interface OcsfEvent {
  readonly category_uid: number;
  readonly class_uid: number;
  readonly activity_id: number;
  readonly severity_id: number;
  readonly [attribute: string]: unknown;
}

/** severity_id. */
export const Severity = { informational: 1, medium: 3 } as const;

/** Times are milliseconds since 1970. */
export function milliseconds(ts: string): number {
  return Date.parse(ts);
}

/** What the suites on connections share: the life of one connection as its events tell it. */
import { expect } from 'vitest';
import type { Event, Wanted, Watch } from '../support/packetwatch.ts';
import { problems } from '../flow/schema.ts';

/** How a test's originator and responder name each other. */
export interface Ends {
  /** Where it connects to: `::ffff:10.71.2.2` is IPv4 through an IPv6 socket. */
  readonly target: string;
  /** Where the server listens; `::` takes both. */
  readonly bind: string;
  readonly src_ip: string;
  readonly dst_ip: string;
}

/**
 * Waits for the end of the connection with these fields (at least both ports) and returns all of its events, each
 * once, valid, and of the same identity.
 */
export async function lifeOf(
  watch: Watch,
  connection: Wanted,
  last: Event['event'],
  seconds?: number,
): Promise<Event[]> {
  const end = await watch.event({ ...connection, event: last }, seconds);
  const events = watch.events({ id: end.id! });
  // connections of other addresses may have the same ports
  const { src_ip, src_port, dst_ip, dst_port } = end;
  expect(
    watch.events({ src_ip: src_ip!, src_port: src_port!, dst_ip: dst_ip!, dst_port: dst_port! }),
  ).toEqual(events);
  for (const event of events) {
    expect(problems({ ...event })).toEqual([]);
    expect(event).toMatchObject(identityOf(end));
  }
  expect(events.map(({ ts }) => ts)).toEqual(events.map(({ ts }) => ts).sort());
  return events;
}

export const namesOf = (events: readonly Event[]): string[] =>
  events.map(({ event }) => event.replace('connection.', ''));

export const lived = (events: readonly Event[]): string => namesOf(events).join(' ');

function identityOf({ id, src_ip, src_port, dst_ip, dst_port, community_id, direction }: Event) {
  return { id, src_ip, src_port, dst_ip, dst_port, community_id, direction };
}

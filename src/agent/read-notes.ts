import { type Decoder, OTHERS } from '../packet/decoder.ts';
import { MOST_TUNNELS } from '../packet/tunnel.ts';
import { linkTypeText } from '../packet/link-type.ts';

export interface ReadEnd {
  readonly decoder: Decoder;
  /** Found but not told. */
  readonly scans: number;
  /** Sources that a rule forgot within its window. */
  readonly sources_evicted: number;
  /** Connections that were told as ended before they were. */
  readonly connections_evicted: number;
  /** How often something that a connection said was let go. */
  readonly untold: number;
  /** Files that were not read, and not told of one by one. */
  readonly unopened: number;
  /** Lines. */
  readonly unwritten: number;
  /** Lines of tables and logs. */
  readonly strange: number;
  readonly stopped: boolean;
}

/** What the operator is told when everything has been read, a line each. */
export function readNotes(end: ReadEnd): string[] {
  const { decoder, scans, sources_evicted, connections_evicted, unopened, unwritten } = end;
  const lines: string[] = [];
  if (unopened > 0)
    lines.push(
      `${many(unopened, '1 more file is', 'more files are')} not read, for the same reason`,
    );
  for (const [linkType, count] of decoder.unknown) {
    const what = linkType === OTHERS ? 'further link types' : `link type ${linkTypeText(linkType)}`;
    lines.push(`${packets(count)} of ${what}: not decoded`);
  }
  if (decoder.malformed > 0)
    lines.push(
      `${packets(decoder.malformed)} malformed: ${decoder.malformed === 1 ? 'it tells' : 'they tell'} no attempt`,
    );
  if (decoder.cut > 0)
    lines.push(
      `${packets(decoder.cut)} cut off within the headers: capture with a longer snapshot length`,
    );
  if (decoder.corrupt > 0) lines.push(`${packets(decoder.corrupt)} left out: a checksum is wrong`);
  if (decoder.offloaded > 0)
    lines.push(
      `${packets(decoder.offloaded)} taken without a checksum: the network card was to make it`,
    );
  const { begun, whole } = decoder.fragments;
  if (begun > whole)
    lines.push(
      `${many(begun - whole, '1 header', 'headers')} in fragments without all of them: what they tell is not known`,
    );
  if (decoder.tunnels.tooDeep > 0)
    lines.push(
      `${packets(decoder.tunnels.tooDeep)} in more than ${MOST_TUNNELS} tunnels: the rest was not looked into`,
    );
  if (decoder.notIp > 0 && decoder.notIp === decoder.packets)
    lines.push(`none of the ${decoder.packets} packets is IP; ARP: ${decoder.arp}`);
  if (sources_evicted > 0)
    lines.push(
      `${many(sources_evicted, '1 source was', 'sources were')} forgotten within the window, because there were too many: a scan may be missing`,
    );
  if (connections_evicted > 0)
    lines.push(
      `${many(connections_evicted, '1 connection was told before its', 'connections were told before their')} end, because there were too many at once`,
    );
  if (end.untold > 0)
    lines.push(
      `what connections said was let go ${many(end.untold, 'once', 'times')}, because there was too much at once`,
    );
  if (scans > 0)
    lines.push(`${many(scans, '1 port scan', 'port scans')} found: --records scans tells of them`);
  if (end.strange > 0)
    lines.push(`${many(end.strange, '1 line', 'lines')} left out: neither a socket nor an event`);
  if (end.stopped) lines.push('interrupted: the rest was not read');
  if (unwritten > 0)
    lines.push(
      `${many(unwritten, '1 line is', 'lines are')} not written: standard output took no more`,
    );
  return lines;
}

function packets(count: number): string {
  return many(count, '1 packet is', 'packets are');
}

/**
 * @param one said of one
 * @param more said behind any other number
 */
function many(count: number, one: string, more: string): string {
  return count === 1 ? one : `${count} ${more}`;
}

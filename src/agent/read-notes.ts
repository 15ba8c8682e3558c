import { linkTypeText } from '../packet/link-type.ts';
import { type CaptureRecords, OTHERS } from '../sources/capture-records.ts';

export interface ReadEnd {
  readonly records: Pick<CaptureRecords, 'unknown' | 'malformed' | 'cut'>;
  /** Found but not told. */
  readonly scans: number;
  /** Sources that the rule forgot within its window. */
  readonly reference_evicted: number;
  readonly stopped: boolean;
}

/** What the operator is told when everything has been read, a line each. */
export function readNotes({ records, scans, reference_evicted, stopped }: ReadEnd): string[] {
  const lines: string[] = [];
  for (const [linkType, count] of records.unknown) {
    const what = linkType === OTHERS ? 'further link types' : `link type ${linkTypeText(linkType)}`;
    lines.push(`${packets(count)} of ${what}: not decoded`);
  }
  if (records.malformed > 0)
    lines.push(`${packets(records.malformed)} malformed: they tell no attempt`);
  if (records.cut > 0)
    lines.push(
      `${packets(records.cut)} cut off within the headers: capture with a longer snapshot length`,
    );
  if (reference_evicted > 0)
    lines.push(
      `${reference_evicted} sources were forgotten within the window, because there were too many: a scan may be missing`,
    );
  if (scans > 0)
    lines.push(`${scans} port scan${scans === 1 ? '' : 's'} found: --records scans tells of them`);
  if (stopped) lines.push('interrupted: the rest was not read');
  return lines;
}

function packets(count: number): string {
  return count === 1 ? '1 packet is' : `${count} packets are`;
}

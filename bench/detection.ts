/** Row detection: what each rule says of honest clients and of scanners. Writes docs/detection.md. */
import { byFlood, FLOOD_PARTS } from './detection/flood.ts';
import { byPackets, PACKET_PARTS } from './detection/packets.ts';
import { writeDetection } from './detection/page.ts';
import { Rows } from './detection/rows.ts';
import { byTools, toolPart } from './detection/tools.ts';
import { otherWorkPct } from './proc.ts';
import type { Options, Section } from './report.ts';

const PARTS = [...PACKET_PARTS, toolPart, ...FLOOD_PARTS];

export async function detection(options: Options): Promise<Section> {
  const rows = new Rows(await otherWorkPct());
  await byPackets(rows, options);
  const skipped = [...(await byTools(rows, options)), ...(await byFlood(rows, options))];
  await writeDetection(PARTS, rows);
  return {
    title: 'Detection: honest clients and scanners',
    method: ['A page of its own: [detection.md](detection.md).'],
    tables: [],
    skipped,
  };
}

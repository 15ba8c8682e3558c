import { ScanClass } from '../model/events.ts';
import { ScanKind } from '../wire/layout.gen.ts';

/** What each code of a SCAN record (enum pw_scan) is told as; records of sources without a kernel may leave it 0. */
const CLASSES: readonly ScanClass[] = [
  ScanClass.vertical,
  ScanClass.vertical,
  ScanClass.horizontal,
  ScanClass.stealth,
  ScanClass.stealth,
  ScanClass.stealth,
  ScanClass.stealth,
  ScanClass.stealth,
  ScanClass.stealth,
  ScanClass.udp,
  ScanClass.slow,
];

/** With which segments a stealth scan goes, by the code of its record. */
const TECHNIQUES: Readonly<Record<number, string>> = {
  [ScanKind.NULL]: 'null',
  [ScanKind.FIN]: 'fin',
  [ScanKind.XMAS]: 'xmas',
  [ScanKind.ODD]: 'odd flags',
  [ScanKind.FRAGMENT]: 'fragments',
  [ScanKind.ACK]: 'ack',
};

export function classOf(kind: number): ScanClass {
  return CLASSES[kind] ?? ScanClass.vertical;
}

export function techniqueOf(kind: number): string | undefined {
  return TECHNIQUES[kind];
}

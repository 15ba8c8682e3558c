/**
 * The case library on the path of captures, which is judged in user space: the same clients are honest there, and the
 * same scanners found. test/kernel/captures.test.ts says that it is what the kernel finds; these run without it.
 */
import { describe, expect, it } from 'vitest';
import { HONEST, SCANS } from './cases.ts';
import { LOCAL4, LOCAL6 } from './host.ts';
import { prefixOf, RULES, scansOf } from './packet-run.ts';

/** Cases of few packets: all of the library take minutes. */
const CLIENTS = [
  'mail client, autodiscovery',
  'FTP, passive',
  'port knocking',
  'traceroute by TCP, IPv6',
  '1,000 late DNS answers',
  'late QUIC and NTP answers, IPv6',
  'backscatter by ICMP',
  'late segments of our own connections',
  'SYN retransmits to 5 filtered ports, IPv6',
  'browser, 20 addresses of ours on port 80',
] as const;
/** One of each kind. */
const SCANNERS = [
  'nmap -sS -T3',
  'nmap -sX -T3, IPv6',
  'nmap -sA -T3',
  'nmap -sU -T3, IPv6',
  'nmap -sS -f',
  'horizontal, closed port, IPv6',
  'one port per 10 minutes, filtered',
  'SYN scan from all of a /64, IPv6',
] as const;

const OURS: ReadonlySet<string> = new Set([...LOCAL4, ...LOCAL6]);

const caseOf = (name: string) => [...HONEST, ...SCANS].find((one) => one.name === name)!;

describe('honest clients, by the weighted rule', () => {
  it.each(CLIENTS)('%s', (name) => {
    const found = scansOf(caseOf(name), RULES.weighted);
    expect(found.filter(({ kind, trusted }) => !trusted && kind !== 'slow')).toEqual([]);
  });

  it('segments from before a reboot are found: a capture does not tell where somebody listens', () => {
    const one = caseOf('segments of connections from before our reboot');
    const kinds = scansOf(one, RULES.weighted).map(({ kind, technique }) => [kind, technique]);
    expect(kinds).toEqual([['stealth', 'ack']]);
  });
});

describe('scanners, by the weighted rule', () => {
  it.each(SCANNERS)('%s', (name) => {
    const one = caseOf(name);
    const found = scansOf(one, RULES.weighted).filter(({ src }) => !OURS.has(src));
    const scanner = prefixOf(one.scanner!);
    const kinds = found.filter(({ src }) => prefixOf(src) === scanner).map(({ kind }) => kind);
    expect(one.expects).toEqual(expect.arrayContaining([expect.toBeOneOf(kinds)]));
    expect(found).toHaveLength(kinds.length);
  });
});

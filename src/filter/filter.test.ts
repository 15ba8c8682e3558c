import { describe, expect, it } from 'vitest';
import { write } from '../../test/flow/records.ts';
import { RecordWriter } from '../wire/record-writer.ts';
import { Facts, parseFilter } from './filter.ts';
import { Has } from './node.ts';

const SSH = '192.0.2.56:40000 > 10.0.0.5:22';
const WEB = '192.0.2.57:40001 > 10.0.0.5:80';
const OUT = '10.0.0.5:50000 > 198.51.100.7:443';
const SELF = '10.0.0.5:40002 > 10.0.0.5:8080';
const WEB6 = '2001:db8:1::56:40003 > 2001:db8:5::5:80';
const LINK6 = '::1:40004 > ::1:22';
const ALL = [SSH, WEB, OUT, SELF, WEB6, LINK6];

/** A record of `SRC:PORT > DST:PORT`. */
function record(connection: string): RecordWriter {
  const writer = new RecordWriter();
  const match = /^(.*):(\d+) > (.*):(\d+)$/.exec(connection)!;
  const [, src, srcPort, dst, dstPort] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
  ];
  const ports = { srcPort: Number(srcPort), dstPort: Number(dstPort) };
  write(writer, { kind: 'ATTEMPT', src, dst, ...ports });
  return writer;
}

const passing = (filter: string): string[] => {
  const parsed = parseFilter(filter);
  return ALL.filter((one) => parsed.matches(record(one).words, 0, Facts.connection));
};

describe('a filter', () => {
  it.each([
    ['', ALL],
    ['host 10.0.0.5', [SSH, WEB, OUT, SELF]],
    ['src host 10.0.0.5', [OUT, SELF]],
    ['dst 10.0.0.5', [SSH, WEB, SELF]],
    ['src or dst 10.0.0.5', [SSH, WEB, OUT, SELF]],
    ['src and dst host 10.0.0.5', [SELF]],
    ['host 2001:DB8:1:0::56', [WEB6]],
    ['host ::ffff:10.0.0.5 and port 22', [SSH]],
    ['net 192.0.2.0/24', [SSH, WEB]],
    ['net 192.0.2.56/31', [SSH, WEB]],
    ['net 192.0.2.56/32', [SSH]],
    ['net 192.0.2', [SSH, WEB]],
    ['net 10', [SSH, WEB, OUT, SELF]],
    ['net 10/8 or 2001:db8::/32', [SSH, WEB, OUT, SELF, WEB6]],
    ['net 10.0.0.5', [SSH, WEB, OUT, SELF]],
    ['dst net 198.51.100.0 mask 255.255.255.0', [OUT]],
    ['net 0.0.0.5 mask 0.0.0.255', [SSH, WEB, OUT, SELF]],
    ['net 0.0.0.0/0', [SSH, WEB, OUT, SELF]],
    ['net ::/0', [WEB6, LINK6]],
    ['not net ::/0', [SSH, WEB, OUT, SELF]],
    ['net ::/80', [LINK6]],
    ['net 2001:db8:5::/48', [WEB6]],
    ['net 2001:db8:4::/47', [WEB6]],
    ['port 80', [WEB, WEB6]],
    ['src port 50000', [OUT]],
    ['dst port 40000', []],
    ['src and dst port 80', []],
    ['portrange 22-80', [SSH, WEB, WEB6, LINK6]],
    ['portrange 80-22', [SSH, WEB, WEB6, LINK6]],
    ['dst portrange 443', [OUT]],
    ['port 0', []],
    ['portrange 0-65535', ALL],
    ['tcp', ALL],
    ['udp', []],
    ['tcp port 80', [WEB, WEB6]],
    ['udp port 80', []],
    ['not udp port 80', ALL],
    ['ip', [SSH, WEB, OUT, SELF]],
    ['ip6', [WEB6, LINK6]],
    ['ip6 host ::1', [LINK6]],
    ['ip src net 192.0.2.0/24', [SSH, WEB]],
  ])('%s', (filter, wanted) => {
    expect(passing(filter)).toEqual(wanted);
  });

  it.each([
    // `and` and `or` bind alike and associate to the left.
    ['port 22 or port 80 and ip6', '(port 22 or port 80) and ip6', [WEB6, LINK6]],
    ['ip6 and port 80 or port 443', '(ip6 and port 80) or port 443', [OUT, WEB6]],
    ['not port 80 and ip6', '(not port 80) and ip6', [LINK6]],
    ['not ! port 80', 'port 80', [WEB, WEB6]],
    ['!port 80&&!port 22', 'not (port 80 or port 22)', [OUT, SELF]],
    // A value takes the qualifiers of the primitive before it.
    ['port 80 or 443', 'port 80 or port 443', [WEB, OUT, WEB6]],
    [
      'dst port 80 or 443 or 22',
      'dst port 80 or dst port 443 or dst port 22',
      [SSH, WEB, OUT, WEB6, LINK6],
    ],
    ['tcp src or dst port 80 or 443', 'tcp port 80 or tcp port 443', [WEB, OUT, WEB6]],
    ['port 80 and not 40001', 'port 80 and not port 40001', [WEB6]],
    ['port (80 or 443) and ip', '(port 80 or port 443) and ip', [WEB, OUT]],
    ['port not (80 or 443)', 'not (port 80 or port 443)', [SSH, SELF, LINK6]],
    [
      'port 443 or (host ::1 or 10.0.0.5) and 22',
      'port 443 or (host ::1 or host 10.0.0.5) and port 22',
      [SSH, LINK6],
    ],
    ['host 192.0.2.56 or ::1', 'host 192.0.2.56 or host ::1', [SSH, LINK6]],
    ['src net 192.0.2.0/24 or 10', 'src net 192.0.2.0/24 or src net 10', [SSH, WEB, OUT, SELF]],
  ])('%s is %s', (filter, same, wanted) => {
    expect(passing(filter)).toEqual(wanted);
    expect(passing(same)).toEqual(wanted);
  });

  it('reads a row or record wherever it lies', () => {
    const writer = record(SSH);
    write(writer, { kind: 'SUM', src: '::', dst: '10.0.0.6', srcPort: 0, dstPort: 23 });
    const filter = parseFilter('dst host 10.0.0.6 and port 23');
    const found = [...writer.at.subarray(0, 2)].map((at) =>
      filter.matches(writer.words, at, Facts.sum),
    );
    expect(found).toEqual([false, true]);
  });

  it.each([
    ['sum', 'dst port 22', true],
    ['sum', 'host 10.0.0.5', true],
    ['sum', 'src net 192.0.2.0/24', false],
    ['sum', 'not src net 192.0.2.0/24', true],
    ['sum', 'src port 40000', false],
    ['sum', 'ip and tcp', true],
    ['block', 'host 192.0.2.56', true],
    ['block', 'src net 192.0.2.0/24 and ip', true],
    ['block', 'ip6', false],
    ['block', 'dst host 10.0.0.5', false],
    ['block', 'port 22', false],
    ['block', 'port 23 or not portrange 0-65535', true],
    ['block', 'tcp', true],
    ['udpScan', 'udp', true],
    ['udpScan', 'tcp', false],
    ['block', 'udp', true],
  ] as const)('of a %s knows what it has: %s', (kind, filter, wanted) => {
    expect(parseFilter(filter).matches(record(SSH).words, 0, Facts[kind])).toBe(wanted);
  });

  it('asks for the protocol that an event has', () => {
    const { words } = record('192.0.2.56:1 > 10.0.0.5:53');
    const datagram = (Facts.connection & ~Has.tcp) | Has.udp;
    const passes = ['tcp', 'udp', 'udp port 53', 'tcp port 53', 'port 53'].filter((filter) =>
      parseFilter(filter).matches(words, 0, datagram),
    );
    expect(passes).toEqual(['udp', 'udp port 53', 'port 53']);
  });
});

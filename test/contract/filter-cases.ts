/** Filters that tcpdump and ours must understand alike. */
import fc from 'fast-check';
import { PORTS, V4, V6 } from './filter-frames.ts';

/** Filters that take some of the frames. */
export const SOME = [
  'host 10.0.0.5',
  'src 10.0.0.5',
  'dst host 10.0.0.5',
  'src or dst 10.0.0.5',
  'src or dst host 2001:db8:1::56',
  'host ::1 or 10.1.2.3',
  'ip host 10.0.0.5',
  'ip6 src host ::1',
  'net 10',
  'net 10.1',
  'net 192.0.2',
  'net 192.0.2.56',
  'net 10.0.0.0/8',
  'net 10.0/16 or 172.16.0.0/12',
  'net 192.0.2.56/31',
  'src net 192.0.2.0/24',
  'dst net 10.0.0.0 mask 255.0.0.0',
  'net 0.0.0.5 mask 0.0.0.255',
  'net 0.0.0.0/0',
  'net ::/0',
  'net ::/64',
  'net 2001:db8::/32',
  'net 2001:db8:0::/46',
  'net ::1',
  'not net 10.0.0.0/8',
  'port 80',
  'src port 80',
  'dst port 443',
  'src or dst port 22',
  'src || dst port 22',
  'dst or src port 22',
  'tcp port 80',
  'udp port 80 or 443',
  'udp dst port 443 or 22 or 80',
  'portrange 22-443',
  'portrange 443-22',
  'tcp src portrange 1024-65535',
  'portrange 80',
  'portrange 0-22 or 8080-65535',
  'tcp',
  'udp',
  'ip',
  'ip6',
  'ip and tcp',
  'ip6 or udp',
  'port 80 or 443',
  'port 80 or 443 and 22',
  'port 80 or port 443 and ip6',
  'ip6 and port 443 or port 22',
  'host 10.0.0.5 or port 22 and tcp or ip6 and udp',
  'not port 80 or ip6',
  'not port 80 and not 443',
  '! port 80 && ! ip',
  '!port 80&&!ip',
  'not (port 80 or 443)',
  'port not (80 or 443)',
  'port (80 or 443)',
  'port (443 or (80 or 22))',
  'port 80 or (443 or 22) and ip',
  'port 80 or (host 10.1.2.3) or 443',
  'port 80 or (host 10.1.2.3 or 10.0.0.5) or 443',
  'port 443 and (ip6 or host 10.0.0.5) or 22',
  'port 22 and (443)',
  'src host 10.1.2.3 or dst 10.0.0.5',
  'tcp or port 80 or 443',
  'not not port 80',
  '((port 80))',
  '',
];

/** Filters that take none. */
export const NONE = ['port 1', 'host 10.0.0.6', 'ip and ip6', 'udp and tcp', 'src and dst ::1'];

/** What both refuse. The filter also refuses names, numbers that aren't decimal, and what isn't of TCP or UDP. */
export const MISTAKES = [
  '10.0.0.5',
  '80',
  'host',
  'port',
  'and',
  'not',
  '()',
  'port 80 or',
  'port 80 or or 443',
  '(port 80',
  'port 80)',
  'port 80 443',
  'port 65536',
  'port 80-90',
  'portrange 80 - 90',
  'port=80',
  'port 80 & 443',
  'tcp 80',
  'tcp host 10.0.0.5',
  'udp net 10.0.0.0/8',
  'tcp src 10.0.0.5',
  'ip port 80',
  'ip6 port 80',
  'ip tcp',
  'src tcp port 80',
  'host src 10.0.0.5',
  'src or src 10.0.0.5',
  'ip host ::1',
  'ip6 net 10.0.0.0/8',
  'ip host 10.0.0.5 or ::1',
  'host 10.0.0.0/8',
  'host 10.0.0.5 mask 255.255.255.255',
  'net 10.0.0.5/8',
  'net 2001:db8::1/32',
  'net 10.0.0.0/33',
  'net ::/129',
  'tcp and 80',
  '(port 80) or 443',
  'port 80 or tcp or 443',
  'port (80 or tcp port 443)',
  'TCP',
];

function primitive(): fc.Arbitrary<string> {
  const port = fc.constantFrom(...PORTS.map(String));
  const range = fc.tuple(port, port).map((pair) => pair.join('-'));
  const host = fc.constantFrom(...V4, ...V6);
  const net = fc.constantFrom('10.0.0.0/8', '192.0.2', '2001:db8::/32', '::/0', '172.16.0.0/12');
  return fc.oneof(
    fc.constantFrom('tcp', 'udp', 'ip', 'ip6'),
    concat(ENDS, 'host ', several(host)),
    concat(ENDS, 'net ', several(net)),
    concat(fc.constantFrom('', 'tcp ', 'udp '), ENDS, 'port ', several(port)),
    concat(ENDS, 'portrange ', several(range)),
  );
}

const ENDS = fc.constantFrom('', 'src ', 'dst ', 'src or dst ', 'src and dst ');
const JOINTS = fc.constantFrom(' or ', ' and ', ' or not ', ' and not ', '||', '&&!');

/** Values that share the qualifiers of the first. */
function several(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const more = fc.array(concat(JOINTS, value), { maxLength: 2 });
  return fc.tuple(value, more).map(([first, rest]) => first + rest.join(''));
}

function concat(...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> {
  const all = parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part));
  return fc.tuple(...all).map((words) => words.join(''));
}

/** Filters as people type them: few parentheses, qualifiers left out where they can be. */
export const filters: fc.Arbitrary<string> = fc.letrec<{ filter: string; part: string }>((tie) => ({
  filter: fc
    .tuple(
      tie('part'),
      fc.array(fc.tuple(fc.constantFrom('and', 'or'), tie('part')), { maxLength: 3 }),
    )
    .map(([first, more]) => [first, ...more.flat()].join(' ')),
  part: fc.oneof(
    { withCrossShrink: true, maxDepth: 3 },
    { weight: 6, arbitrary: primitive() },
    { weight: 2, arbitrary: tie('part').map((part) => `not ${part}`) },
    { weight: 2, arbitrary: tie('filter').map((filter) => `(${filter})`) },
  ),
})).filter;

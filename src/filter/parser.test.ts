import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Exit, OperatorError } from '../model/errors.ts';
import { Facts, parseFilter } from './filter.ts';
import { MAX_DEPTH } from './parser.ts';
import { MAX_LENGTH } from './tokens.ts';

function errorOf(filter: string): OperatorError | undefined {
  try {
    parseFilter(filter);
    return undefined;
  } catch (error) {
    if (error instanceof OperatorError) return error;
    throw error;
  }
}

describe('a mistake in a filter', () => {
  it.each([
    ['port http', 6, 'http', /service names are not looked up/],
    ['host example.com', 6, 'example.com', /names are not looked up/],
    ['nonsense', 1, 'nonsense', /host, net, port/],
    ['192.0.2.7', 1, '192.0.2.7', /host, net, port/],
    ['port 80 or', 11, undefined, /host, net, port/],
    ['port', 5, undefined, /a port such as/],
    ['src', 4, undefined, /host, net, port, portrange or an address/],
    ['port 80 443', 9, '443', /and, or/],
    ['tcp 80', 5, '80', /and, or/],
    ['(port 80', 9, undefined, /`\)`/],
    ['port 80)', 8, ')', /and, or/],
    ['()', 2, ')', /host, net, port/],
    ['port 80 & 443', 9, '&', /&&/],
    ['port 65536', 6, '65536', /0 to 65535/],
    ['port 010', 6, '010', /0 to 65535/],
    ['port 80-90', 6, '80-90', /portrange/],
    ['portrange 1-2-3', 11, '1-2-3', /6000-6008/],
    ['portrange 1-', 11, '1-', /6000-6008/],
    ['host 10.0.0.0/8', 6, '10.0.0.0/8', /say `net`/],
    ['host 10.1', 6, '10.1', /an address/],
    ['net 10.0.0.1/8', 5, '10.0.0.1/8', /as in 10\.0\.0\.0\/8$/],
    ['net 2001:db8::1/32', 5, '2001:db8::1/32', /as in 2001:db8::\/32$/],
    ['net 10.0.0.0/33', 5, '10.0.0.0/33', /0 to 32/],
    ['net ::/129', 5, '::/129', /0 to 128/],
    ['net ::/', 5, '::/', /0 to 128/],
    ['net 10/8/8', 5, '10/8/8', /a network/],
    ['net 10/8 mask 255.0.0.0', 5, '10/8', /a network/],
    ['net 10.0.0.0 mask 8', 19, '8', /netmask/],
    ['net :: mask 255.0.0.0', 13, '255.0.0.0', /netmask/],
    ['host 10.0.0.1 mask 255.0.0.0', 15, 'mask', /and, or/],
    ['tcp host 10.0.0.1', 5, 'host', /port or portrange after tcp/],
    ['udp src 10.0.0.1', 9, '10.0.0.1', /port or portrange after udp/],
    ['ip port 80', 4, 'port', /host or net after ip/],
    ['ip host ::1', 9, '::1', /IPv4/],
    ['ip6 host ::ffff:10.0.0.1', 10, '::ffff:10.0.0.1', /IPv6/],
    ['ip6 net 10.0.0.0/8 or ::/0', 9, '10.0.0.0/8', /IPv6/],
    ['src tcp port 80', 5, 'tcp', /host, net, port/],
    ['host src 10.0.0.1', 6, 'src', /an address/],
    ['port (80 or tcp)', 13, 'tcp', /a port/],
    ['(port 80) or 443', 14, '443', /host, net, port/],
    ['port 80 or tcp or 443', 19, '443', /host, net, port/],
    ['src or src 10.0.0.1', 5, 'or', /an address/],
    ['port constructor', 6, 'constructor', /a port/],
    ['port 80 toString 443', 9, 'toString', /and, or/],
  ])('%s', (filter, column, found, expected) => {
    const error = errorOf(filter)!;
    const what = found === undefined ? 'end' : `'${found}'`;
    expect(error.message).toBe(`filter, column ${column}: unexpected ${what}`);
    expect(error.hint).toMatch(expected);
    expect(error.exitCode).toBe(Exit.usage);
  });

  it('shows a word cut and without what a terminal would obey', () => {
    expect(errorOf(`port \u001b[31m${'x'.repeat(1000)}`)!.message).toBe(
      `filter, column 6: unexpected '?[31m${'x'.repeat(35)}...'`,
    );
  });

  it('is to be longer than 4 KiB', () => {
    const longest = `port 1${' or 1'.repeat((MAX_LENGTH - 6) / 5)}`;
    expect(parseFilter(longest.padEnd(MAX_LENGTH)).text).toBe(longest);
    expect(parseFilter(longest).matches(new Uint32Array(16), 0, Facts.connection)).toBe(false);
    expect(errorOf(longest.padEnd(MAX_LENGTH + 1))!.hint).toMatch(/4096 are the most/);
  });

  it('is to nest deeper than 64', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}port 80${')'.repeat(depth)}`;
    expect(parseFilter(nested(MAX_DEPTH)).text).toBe(nested(MAX_DEPTH));
    expect(errorOf(nested(MAX_DEPTH + 1))!.message).toMatch(/column 66: more than 64/);
    expect(errorOf('!'.repeat(MAX_LENGTH))!.message).toMatch(/column 66: more than 64/);
    expect(parseFilter(`not tcp${' or not (tcp)'.repeat(200)}`).text).toMatch(/^not tcp or/);
  });

  it('is told as such, whatever the words', () => {
    const words = ['host', 'net', 'port', 'src', 'dst', 'or', 'and', 'not', '(', ')', 'tcp', 'ip6'];
    const values = ['80', '1-2', '10.0.0.1', '10/8', '::/0', 'mask', '255.0.0.0'];
    const word = fc.oneof(fc.constantFrom(...words, ...values), fc.string({ maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (list) => {
        const error = errorOf(list.join(' '));
        expect(error?.exitCode ?? Exit.usage).toBe(Exit.usage);
        expect(error?.message ?? 'filter, column 1: ').toMatch(
          /^filter, column \d+: [\x20-\x7e]*$/,
        );
      }),
      { numRuns: 2000 },
    );
  });
});

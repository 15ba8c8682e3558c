import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../wire/address.ts';
import {
  gatewaysOfIpv6Route,
  gatewaysOfRoute,
  type KnownPrefix,
  mergePrefixes,
  ownAddresses,
  parentOf,
  peerOfSsh,
  resolversOf,
  variableOf,
} from './addresses.ts';

const brief = (prefixes: readonly KnownPrefix[]): string[] =>
  prefixes.map(
    ({ address, prefixLength, reason }) => `${formatAddress(address)}/${prefixLength} ${reason}`,
  );

const ROUTE_HEADER =
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   \n';

describe('gatewaysOfRoute', () => {
  it('reads the gateways of routes that are up', () => {
    const text = `${ROUTE_HEADER}eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0   
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0   
tun0\t0000000A\t01081FAC\t0003\t0\t0\t0\t000000FF\t0\t0\t0   
eth1\t00000000\t020200C0\t0002\t0\t0\t0\t00000000\t0\t0\t0   
*\t0000FEA9\t030200C0\t0203\t0\t0\t0\t0000FFFF\t0\t0\t0   
`;
    expect(brief(gatewaysOfRoute(text))).toEqual([
      '192.0.2.1/128 default gateway on eth0',
      '172.31.8.1/128 gateway on tun0',
    ]);
  });

  it.each([
    '',
    ROUTE_HEADER,
    'eth0',
    'eth0\t00000000\t010200C\t0003',
    'eth0\t00000000\t010200CG\t0003',
    'eth0\t00000000\t010200C0\t3',
    'eth0\t00000000\t00000000\t0003',
    'eth0 zzzzzzzz 010200C0 0003',
  ])('passes over %j', (text) => {
    expect(gatewaysOfRoute(text)).toEqual([]);
  });
});

describe('gatewaysOfIpv6Route', () => {
  const NONE = '0'.repeat(32);
  const GATEWAY = 'fe80000000000000020000fffe000001';
  const rest = (flags: string): string => `00000400 00000002 00000000 ${flags}     eth0`;

  it('reads the gateways of routes that are up', () => {
    const text = `fd000000000000000000000000000000 40 ${NONE} 00 ${NONE} 00000100 00000001 00000000 00000001     eth0
${NONE} 00 ${NONE} 00 ${GATEWAY} ${rest('00000003')}
20010db8000000000000000000000000 20 ${NONE} 00 fd000000000000000000000000000001 ${rest('00450003')}
${NONE} 00 ${NONE} 00 ${NONE} ffffffff 00000001 00000000 00200200       lo
`;
    expect(brief(gatewaysOfIpv6Route(text))).toEqual([
      'fe80::200:ff:fe00:1/128 default gateway on eth0',
      'fd00::1/128 gateway on eth0',
    ]);
  });

  it.each([
    '',
    'x',
    `${NONE} 00 ${NONE} 00 ${GATEWAY.slice(1)} ${rest('00000003')}`,
    `${NONE} 00 ${NONE} 00 ${GATEWAY} ${rest('00000002')}`,
    `${NONE} 00 ${NONE} 00 ${GATEWAY} ${rest('00000203')}`,
    `${NONE} 00 ${NONE} 00 ${GATEWAY} 00000400 00000002 00000000 00000003`,
    `${NONE} 00 ${NONE} 00 ${NONE} ${rest('00000003')}`,
  ])('passes over %j', (text) => {
    expect(gatewaysOfIpv6Route(text)).toEqual([]);
  });
});

describe('resolversOf', () => {
  it('reads name servers, and nothing that is commented out or no address', () => {
    const text = `# nameserver 192.0.2.1
; nameserver 192.0.2.2
search example.org
nameserver 10.255.255.53
\tnameserver\t2001:db8::53  # second
nameserver fe80::1%eth0
nameserver localhost
nameserver 10.1
nameserver 10.0.0.1%eth0
nameserver 0.0.0.0
nameserver
nameservers 192.0.2.3
options edns0`;
    expect(brief(resolversOf(text))).toEqual([
      '10.255.255.53/128 resolver',
      '2001:db8::53/128 resolver',
      'fe80::1/128 resolver',
    ]);
  });
});

describe('peerOfSsh', () => {
  it.each([
    ['192.0.2.7 50022 10.0.0.5 22', '192.0.2.7'],
    ['2001:db8::7 50022 2001:db8::5 22', '2001:db8::7'],
    ['fe80::7%eth0 50022 fe80::5%eth0 22', 'fe80::7'],
    ['::ffff:192.0.2.7 50022 ::ffff:10.0.0.5 22', '192.0.2.7'],
  ])('%j', (value, address) => {
    expect(brief([peerOfSsh(value)!])).toEqual([`${address}/128 our SSH connection`]);
  });

  it.each([
    '',
    'UNKNOWN 65535 UNKNOWN 65535',
    '192.0.2.7',
    '192.0.2.7 1 2',
    '0.0.0.0 1 10.0.0.5 22',
    ':: 1 :: 22',
  ])('nothing in %j', (value) => {
    expect(peerOfSsh(value)).toBeUndefined();
  });
});

describe('ownAddresses', () => {
  it('has all of loopback and each interface', () => {
    const addresses = (...texts: string[]) => texts.map((text) => parseAddress(text)!);
    const known = ownAddresses([
      { name: 'lo', addresses: addresses('127.0.0.1') },
      { name: 'eth0', addresses: addresses('10.0.0.5', 'fe80::5') },
      { name: 'none', addresses: [] },
    ]);
    expect(brief(known)).toEqual([
      '127.0.0.0/104 loopback',
      '::1/128 loopback',
      '127.0.0.1/128 own address on lo',
      '10.0.0.5/128 own address on eth0',
      'fe80::5/128 own address on eth0',
    ]);
  });
});

describe('mergePrefixes', () => {
  it('names each range once, with all its reasons', () => {
    const gateway = gatewaysOfRoute(`${ROUTE_HEADER}eth0\t00000000\t010200C0\t0003`);
    const resolver = resolversOf(
      'nameserver 192.0.2.1\nnameserver 192.0.2.1\nnameserver 192.0.2.2',
    );
    expect(brief(mergePrefixes([gateway, resolver, gateway]))).toEqual([
      '192.0.2.1/128 default gateway on eth0, resolver',
      '192.0.2.2/128 resolver',
    ]);
  });
});

describe('of processes', () => {
  it('the parent, whatever the command is called', () => {
    expect(parentOf('42 (bash) S 41 42 42 34816')).toBe(41);
    expect(parentOf('42 (a) R 7 (b)) S 41 42 42 34816')).toBe(41);
    expect(parentOf('')).toBeUndefined();
    expect(parentOf('42 (bash) S')).toBeUndefined();
  });

  it('a variable of the environment', () => {
    const environ = 'A=1\0XSSH_CONNECTION=no\0SSH_CONNECTION=a b=c d\0';
    expect(variableOf(environ, 'SSH_CONNECTION')).toBe('a b=c d');
    expect(variableOf(environ, 'SSH')).toBeUndefined();
    expect(variableOf('', 'A')).toBeUndefined();
  });
});

describe('all parsers', () => {
  it('take any text without failing', () => {
    const word = fc.constantFrom(
      'nameserver',
      'eth0',
      '0003',
      '00000003',
      '0'.repeat(32),
      '010200C0',
    );
    const words = fc.array(fc.oneof(word, fc.string()), { maxLength: 12 });
    fc.assert(
      fc.property(words, fc.constantFrom(' ', '\t', '\n'), (parts, separator) => {
        const text = parts.join(separator);
        const ssh = peerOfSsh(text);
        const all = [
          gatewaysOfRoute(text),
          gatewaysOfIpv6Route(text),
          resolversOf(text),
          ssh ? [ssh] : [],
        ].flat();
        expect(all.filter(({ address }) => address.length !== 16)).toEqual([]);
        expect(Number.isNaN(parentOf(text))).toBe(false);
      }),
    );
  });
});

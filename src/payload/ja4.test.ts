import { describe, expect, it } from 'vitest';
import {
  alpn,
  clientHello,
  type HelloSpec,
  serverName,
  supportedVersions,
  u16,
  vector16,
} from '../../test/payload/client-hello.ts';
import { inspect } from '../../test/payload/inspect.ts';
import { JA4_VECTORS } from '../../test/payload/ja4-vectors.ts';

const GREASE = 0x8a8a;
const VERSIONS: Readonly<Record<string, number>> = { 10: 0x0301, 12: 0x0303, 13: 0x0304 };
const PROTOCOLS: Readonly<Record<string, string[]>> = { h1: ['http/1.1'], h2: ['h2', 'http/1.1'] };

/** JA4.md, "Example". */
const CIPHERS = '1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035';
const EXTENSIONS =
  '001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015';
const ALGORITHMS = '0403,0804,0401,0503,0805,0501,0806,0601';

function ja4Of(spec: HelloSpec): string | undefined {
  return inspect(clientHello(spec), new Uint8Array(0))?.tls?.ja4;
}

/** A hello with these lists (hex, each as `1301,1302`) in which GREASE is wherever a client may put it. */
function helloOf(fingerprint: string, lists: string): HelloSpec {
  const [ciphers = [], extensions = [], algorithms = []] = lists
    .split('_')
    .map((list) => list.split(',').map((hex) => Number.parseInt(hex, 16)));
  const version = VERSIONS[fingerprint.slice(1, 3)]!;
  const bodies = new Map([
    [0x0000, serverName('example.org')],
    [0x000d, vector16(...[GREASE, ...algorithms].map(u16))],
    [0x0010, alpn(...(PROTOCOLS[fingerprint.slice(8, 10)] ?? []))],
    [0x002b, supportedVersions(GREASE, version, 0x0302)],
  ]);
  return {
    legacyVersion: Math.min(version, 0x0303),
    ciphers: [GREASE, ...ciphers],
    extensions: [
      [GREASE, Buffer.alloc(0)],
      ...extensions.map((type) => [type, bodies.get(type) ?? Buffer.alloc(3)] as const),
      [0x1a1a, Buffer.alloc(1)],
    ],
  };
}

describe('vectors of the JA4 project', () => {
  it.each(JA4_VECTORS)('%s', (fingerprint, lists) => {
    expect(ja4Of(helloOf(fingerprint, lists))).toBe(fingerprint);
  });

  it('are not empty', () => {
    expect(JA4_VECTORS.length).toBeGreaterThan(10);
  });
});

describe('what the specification says', () => {
  it('its example', () => {
    expect(ja4Of(helloOf('t13d1516h2', `${CIPHERS}_${EXTENSIONS}_${ALGORITHMS}`))).toBe(
      't13d1516h2_8daaf6152771_e5627efa2ab1',
    );
  });

  it('no signature algorithms', () => {
    const { extensions = [], ...rest } = helloOf('t13d1516h2', `${CIPHERS}_${EXTENSIONS}`);
    const without = extensions.map(
      ([type, body]) => [type, type === 0x000d ? vector16() : body] as const,
    );
    expect(ja4Of({ ...rest, extensions: without })).toBe('t13d1516h2_8daaf6152771_6d807ffa2a79');
  });

  it('no ciphers, no extensions', () => {
    expect(ja4Of({})).toBe('t12i000000_000000000000_000000000000');
    expect(ja4Of({ extensions: [] })).toBe('t12i000000_000000000000_000000000000');
  });

  it('only a server name and protocols', () => {
    const extensions = [
      [0, serverName('')],
      [16, alpn('h3')],
    ] as const;
    expect(ja4Of({ extensions })).toBe('t12d0002h3_000000000000_000000000000');
  });

  it('more than 99', () => {
    const ciphers = Array.from({ length: 120 }, (_, i) => i);
    expect(ja4Of({ ciphers })).toMatch(/^t12i990000_/);
  });

  it.each([
    [0x0300, 's3'],
    [0x0301, '10'],
    [0x0302, '11'],
    [0x0303, '12'],
    [0x0305, '00'],
  ])('version %i without supported_versions is %s', (legacyVersion, told) => {
    expect(ja4Of({ legacyVersion })?.slice(1, 3)).toBe(told);
  });

  // "0xAB" and so on, with what is printed for it
  it.each([
    ['', '00'],
    ['h', 'hh'],
    ['h2', 'h2'],
    ['http/1.1', 'h1'],
    ['\xab', 'ab'],
    ['\x20', '20'],
    ['\xab\xcd', 'ad'],
    ['\x20\x61', '21'],
    ['\x30\xab', '3b'],
    ['\x61\x20', '60'],
    ['\x30\x31\xab\xcd', '3d'],
    ['\x30\xab\xcd\x31', '01'],
  ])('first protocol %j', (name, told) => {
    expect(ja4Of({ extensions: [[16, alpn(name, 'x')]] })?.slice(8, 10)).toBe(told);
  });

  it('no protocols', () => {
    expect(ja4Of({ extensions: [[16, alpn()]] })?.slice(8, 10)).toBe('00');
  });
});

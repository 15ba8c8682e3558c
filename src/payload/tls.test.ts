import { describe, expect, it } from 'vitest';
import { certificate } from '../../test/payload/certificate.ts';
import { record, u16, vector16 } from '../../test/payload/client-hello.ts';
import { inspect } from '../../test/payload/inspect.ts';
import { tlsExchange } from '../../test/payload/tls-exchange.ts';

const ours = certificate('www.example.org', ['www.example.org', '*.example.net']);
const nothing = new Uint8Array(0);

describe('real handshakes', () => {
  it('TLS 1.3', async () => {
    const alpn = ['h2', 'http/1.1'];
    const { client, server } = await tlsExchange(
      ours,
      { servername: 'www.example.org', ALPNProtocols: alpn },
      { ALPNProtocols: ['h2'] },
    );
    const said = inspect(client, server);
    expect(said).toEqual({
      service: 'ssl',
      tls: {
        serverName: 'www.example.org',
        offeredVersions: ['TLSv13', 'TLSv12'],
        offeredAlpn: alpn,
        ja4: said?.tls?.ja4,
        version: 'TLSv13',
        cipher: 0x1302,
      },
    });
    expect(said?.tls?.ja4).toMatch(/^t13d\d{4}h2_[\da-f]{12}_[\da-f]{12}$/);
  });

  it('TLS 1.2, with its certificate and the protocol that was chosen', async () => {
    const { client, server } = await tlsExchange(
      ours,
      { servername: 'a.example.net', ALPNProtocols: ['x', 'http/1.1'], maxVersion: 'TLSv1.2' },
      { ALPNProtocols: ['http/1.1'] },
    );
    const tls = inspect(client, server)?.tls;
    expect(tls?.ja4).toMatch(/^t12d\d{4}xx_/);
    expect(tls).toMatchObject({
      version: 'TLSv12',
      offeredVersions: ['TLSv12'],
      alpn: 'http/1.1',
      subject: 'www.example.org',
      certificateNames: ['www.example.org', '*.example.net'],
    });
  });

  it('TLS 1.2, its messages over many records', async () => {
    const { client, server } = await tlsExchange(
      certificate(
        'a'.repeat(64),
        Array.from({ length: 60 }, (_, i) => `host${i}.example.org`),
      ),
      { maxVersion: 'TLSv1.2' },
      { fragment: 512 },
    );
    const tls = inspect(client, server)?.tls;
    expect(tls?.subject).toBe('a'.repeat(64));
    expect(tls?.certificateNames).toHaveLength(16);
    expect(tls?.ja4).toMatch(/^t12i\d{4}00_/);
  });

  it('TLS 1.0', async () => {
    const old = { ciphers: 'DEFAULT@SECLEVEL=0', minVersion: 'TLSv1' } as const;
    const { client, server } = await tlsExchange(ours, { ...old, maxVersion: 'TLSv1' }, old);
    expect(inspect(client, server)?.tls).toMatchObject({
      version: 'TLSv10',
      offeredVersions: ['TLSv10'],
      subject: 'www.example.org',
    });
  });

  it('a server that asks for another hello', async () => {
    const { client, server } = await tlsExchange(
      ours,
      { ecdhCurve: 'P-256:P-384' },
      { ecdhCurve: 'P-384' },
    );
    expect(inspect(client, server)?.tls).toMatchObject({ retried: true, version: 'TLSv13' });
  });

  it('a server that refuses', async () => {
    const { client, server } = await tlsExchange(
      ours,
      { maxVersion: 'TLSv1.2' },
      { minVersion: 'TLSv1.3' },
    );
    expect(server.length).toBe(7);
    expect(inspect(client, server)).toMatchObject({
      service: 'ssl',
      tls: { offeredVersions: ['TLSv12'] },
    });
    expect(inspect(nothing, server)).toEqual({ service: 'ssl', tls: {} });
  });
});

describe('messages that aren’t right', () => {
  it('a certificate that is cut within the name', async () => {
    const { client, server } = await tlsExchange(ours, { maxVersion: 'TLSv1.2' });
    const subject = server.indexOf('www.example.org', server.indexOf('www.example.org') + 1);
    expect(inspect(client, server.subarray(0, subject + 15))?.tls?.subject).toBe('www.example.org');
    expect(inspect(client, server.subarray(0, subject + 14))?.tls?.subject).toBeUndefined();
  });

  it('an extension that goes on after the message', () => {
    const hello = (extensions: Buffer) => {
      const fixed = Buffer.concat([u16(0x0303), Buffer.alloc(33), u16(0x1301), Buffer.alloc(1)]);
      const body = Buffer.concat([fixed, vector16(extensions)]);
      return record(Buffer.concat([Buffer.from([2, 0]), vector16(body)]));
    };
    const version = Buffer.from([0, 43, 0, 2]);
    const rest = Buffer.from([3, 4, 0, 1, 0]);
    expect(
      inspect(nothing, hello(Buffer.concat([version, rest.subarray(0, 2)])))?.tls?.version,
    ).toBe('TLSv13');
    const cut = Buffer.concat([hello(version), rest]);
    expect(inspect(nothing, cut)?.tls).toEqual({ version: 'TLSv12', cipher: 0x1301 });
  });
});

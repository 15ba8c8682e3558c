/** Connections as they are on the wire, of every protocol that is known by its first bytes. */
import { certificate } from './certificate.ts';
import { dnsMessage, inStream, pointer, RESPONSE } from './dns-message.ts';
import { tlsExchange, type TlsExchange } from './tls-exchange.ts';

export interface Exchange {
  readonly name: string;
  readonly client: Buffer;
  readonly server: Buffer;
}

export async function exchanges(): Promise<Exchange[]> {
  const named = certificate('www.example.org', ['www.example.org', '*.example.net']);
  const many = certificate(
    'many',
    Array.from({ length: 40 }, (_, i) => `host${i}.example.org`),
  );
  const tls13 = await tlsExchange(named, { servername: 'a.example', ALPNProtocols: ['h2'] });
  const tls12 = await tlsExchange(
    many,
    { maxVersion: 'TLSv1.2', ALPNProtocols: ['x'] },
    { fragment: 512, ALPNProtocols: ['x'] },
  );
  const retried = await tlsExchange(named, { ecdhCurve: 'P-256:P-384' }, { ecdhCurve: 'P-384' });
  const refused = await tlsExchange(named, { maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' });
  return [
    { name: 'TLS 1.3', ...tls13 },
    { name: 'TLS 1.2', ...tls12 },
    { name: 'TLS, retried', ...retried },
    { name: 'TLS, refused', ...refused },
    {
      name: 'TLS, a hello in many records',
      client: rerecorded(tls13.client),
      server: tls13.server,
    },
    { name: 'CONNECT', ...throughHttp(tls13) },
    { name: 'SOCKS5', ...throughSocks5(tls12) },
    { name: 'SOCKS4a', ...throughSocks4(tls13) },
    {
      name: 'HTTP',
      client: latin1(
        'GET /a?b HTTP/1.1\r\nHost: example.org\r\nUser-Agent: test\r\nX-Forwarded-For: 192.0.2.1\r\n' +
          'X-Forwarded-For: 192.0.2.2\r\nForwarded: for=_a\r\n\r\nGET /second HTTP/1.1\r\n\r\n',
      ),
      server: latin1(
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nServer: a\r\n\r\nbody',
      ),
    },
    { name: 'HTTP/0.9', client: latin1('GET /old\r\n'), server: latin1('<html>old</html>') },
    {
      name: 'SSH',
      client: latin1('SSH-2.0-OpenSSH_9.2p1\r\n\0\0\x05\x14'),
      server: latin1('SSH-2.0-dropbear\n'),
    },
    {
      name: 'DNS',
      client: Buffer.concat([1, 2].map((id) => inStream(dnsMessage({ id, ...QUESTION })))),
      server: Buffer.concat(
        [1, 2].map((id) =>
          inStream(
            dnsMessage({
              id,
              flags: RESPONSE,
              ...QUESTION,
              answers: [{ name: pointer(12), type: 1, data: Buffer.from([192, 0, 2, id]) }],
            }),
          ),
        ),
      ),
    },
  ];
}

const QUESTION = { questions: [{ name: 'www.example.org' }] };

function throughHttp({ client, server }: TlsExchange): TlsExchange {
  return {
    client: Buffer.concat([latin1('CONNECT a.example:443 HTTP/1.1\r\nHost: a\r\n\r\n'), client]),
    server: Buffer.concat([latin1('HTTP/1.1 200 Connection established\r\n\r\n'), server]),
  };
}

/** With a password, to a name; the reply has an IPv6 address. */
function throughSocks5({ client, server }: TlsExchange): TlsExchange {
  const request = '\x05\x01\x00\x03\x09a.example\x01\xbb';
  return {
    client: Buffer.concat([latin1(`\x05\x02\x00\x02\x01\x04user\x06secret${request}`), client]),
    server: Buffer.concat([latin1(`\x05\x02\x01\x00\x05\x00\x00\x04${'\x20'.repeat(18)}`), server]),
  };
}

function throughSocks4({ client, server }: TlsExchange): TlsExchange {
  return {
    client: Buffer.concat([latin1('\x04\x01\x01\xbb\0\0\0\x01user\0a.example\0'), client]),
    server: Buffer.concat([latin1('\0\x5a\x01\xbb\xc0\0\x02\x01'), server]),
  };
}

/** The first record's message over records of 40 bytes. */
function rerecorded(stream: Buffer): Buffer {
  const end = 5 + stream.readUInt16BE(3);
  const message = stream.subarray(5, end);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += 40) {
    const piece = message.subarray(at, at + 40);
    records.push(Buffer.from([22, 3, 1, 0, piece.length]), piece);
  }
  return Buffer.concat([...records, stream.subarray(end)]);
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

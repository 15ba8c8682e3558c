/** Real handshakes, by OpenSSL at both ends, without a network: what each side sent. */
import { connect, type ConnectionOptions, type SecureContextOptions, TLSSocket } from 'node:tls';
import type { TestCertificate } from './certificate.ts';
import { pipe } from './pipe.ts';

export interface TlsExchange {
  readonly client: Buffer;
  readonly server: Buffer;
}

export interface TlsServerOptions extends SecureContextOptions {
  ALPNProtocols?: string[];
  /** Bytes in a record at most. */
  fragment?: number;
}

/** Both ends' bytes until the handshake is over, or has failed. */
export async function tlsExchange(
  { cert, key }: TestCertificate,
  client: ConnectionOptions = {},
  { fragment, ...server }: TlsServerOptions = {},
): Promise<TlsExchange> {
  const { near, far, sent } = pipe();
  const serverEnd = new TLSSocket(far, { isServer: true, cert, key, ...server });
  if (fragment !== undefined) serverEnd.setMaxSendFragment(fragment);
  const clientEnd = connect({ socket: near, rejectUnauthorized: false, ...client });
  const failed: Promise<void>[] = [clientEnd, serverEnd].map(
    (end) => new Promise((resolve) => end.once('error', () => resolve())),
  );
  const talked = new Promise<void>((resolve) => {
    clientEnd.once('secureConnect', () => clientEnd.write('a request'));
    serverEnd.once('data', () => resolve());
  });
  await Promise.race([talked, ...failed]);
  near.destroy();
  far.destroy();
  return { client: Buffer.concat(sent[0]), server: Buffer.concat(sent[1]) };
}

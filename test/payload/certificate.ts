/** Certificates for tests, with whatever names: X.509 in DER (RFC 5280 4.1), signed by themselves. */
import { generateKeyPairSync, sign } from 'node:crypto';

export interface TestCertificate {
  readonly der: Buffer;
  /** Both in PEM. */
  readonly cert: string;
  readonly key: string;
}

/** @param names DNS names, as bytes (Latin-1) */
export function certificate(commonName: string, names: readonly string[]): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)); // ECDSA with SHA-256
  const subject = sequence(
    der(0x31, sequence(oid(0x55, 0x04, 0x0a), der(0x0c, Buffer.from('Packetwatch tests')))),
    der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(commonName, 'latin1')))),
  );
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    subject,
    sequence(utcTime('200101000000Z'), utcTime('491231235959Z')),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(basicConstraints(), altName(names))),
  );
  const signature = sign('sha256', body, privateKey);
  const whole = sequence(body, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n').trim();
  return {
    der: whole,
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

/** One with whether it is critical between its identifier and its value. */
function basicConstraints(): Buffer {
  return sequence(oid(0x55, 0x1d, 0x13), der(0x01, Buffer.from([0xff])), der(0x04, sequence()));
}

function altName(names: readonly string[]): Buffer {
  const email = der(0x81, Buffer.from('someone@example.org'));
  const all = names.map((name) => der(0x82, Buffer.from(name, 'latin1')));
  return sequence(oid(0x55, 0x1d, 0x11), der(0x04, sequence(email, ...all)));
}

function utcTime(text: string): Buffer {
  return der(0x17, Buffer.from(text));
}

function oid(...bytes: number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

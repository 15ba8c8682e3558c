import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { CertificateFiles } from './certificate.ts';

/** Of a key that nobody has; ended in 2020. */
const OLD = `-----BEGIN CERTIFICATE-----
MIIBBDCBqgIBATAKBggqhkjOPQQDAjAOMQwwCgYDVQQDDANvbGQwHhcNMjAwMTAx
MDAwMDAwWhcNMjAwMjAxMDAwMDAwWjAOMQwwCgYDVQQDDANvbGQwWTATBgcqhkjO
PQIBBggqhkjOPQMBBwNCAAQBUrDVaTMVAEeKQdQSsDrHCfcfwyAvgmGKsAxlhL/a
bHzKTqBrUfzEHIgbwvAFOtDdsv8eMezJmsu/Yx/GqX+sMAoGCCqGSM49BAMCA0kA
MEYCIQCXwgJpIgW1CQb0Bq5RJr+jYhdpiBrzIZlwXlNwG5IS0QIhAMShDgVgSb0j
RPEc4/CVyIHk59th1iSKAHbScqbeTXs6
-----END CERTIFICATE-----
`;

const directory = mkdtempSync(join(tmpdir(), 'packetwatch-certificate-'));
const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
const notes: string[] = [];
let files: CertificateFiles;
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  notes.length = 0;
  for (const path of [cert, key]) writeFileSync(path, 'first');
  files = new CertificateFiles({ cert, key }, (line) => notes.push(line));
  files.read();
});

/** Whom a look handed on. */
function look(): string | undefined {
  let used: string | undefined;
  files.look((certificate) => {
    used = certificate.cert.toString();
    if (used === 'nonsense') throw new Error('no certificate');
  });
  return used;
}

it('is handed on once it is written, and once', () => {
  expect(look()).toBeUndefined();
  writeFileSync(`${cert}.new`, OLD);
  renameSync(`${cert}.new`, cert);
  expect(look()).toBeUndefined(); // the key may still be being written
  writeFileSync(key, 'second');
  expect(look()).toBeUndefined();
  expect(look()).toBe(OLD);
  expect(look()).toBeUndefined();
  expect(notes).toEqual([
    `the certificate ${cert} was read again: new connections have it`,
    `the certificate ${cert} ended Feb  1 00:00:00 2020 GMT: clients refuse it`,
  ]);
});

it.each([
  [
    'is none',
    () => writeFileSync(cert, 'nonsense'),
    /^no certificate: the certificate from before/,
  ],
  ['is gone', () => rmSync(key), /^--tls-key: cannot read \S+ \(ENOENT\).*: the certificate from/],
])('a file that %s is told once', (_, change, message) => {
  change();
  for (let looks = 0; looks < 5; looks++) look();
  expect(notes).toEqual([expect.stringMatching(message)]);
});

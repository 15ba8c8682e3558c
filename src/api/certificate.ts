import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { errorText, OperatorError } from '../model/errors.ts';

/** Paths of PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** What TLS is spoken with, PEM. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** `--tls-cert` and `--tls-key`. Programs live longer than certificates, so that the files are looked at again. */
export class CertificateFiles {
  readonly #files: TlsFiles;
  readonly #note: (line: string) => void;
  /** The files as they were read last, and as they were seen last. */
  #read: string | undefined;
  #seen: string | undefined;

  /** @param note told what the operator should know, a line each */
  constructor(files: TlsFiles, note: (line: string) => void) {
    this.#files = files;
    this.#note = note;
  }

  /** Throws OperatorError when one of them can't be read. */
  read(): Certificate {
    const { cert, key } = this.#files;
    this.#read = this.#seen = this.#signature();
    return { cert: fileOf('--tls-cert', cert), key: fileOf('--tls-key', key) };
  }

  /** Says so where browsers and Prometheus will refuse it. */
  warn({ cert }: Certificate): void {
    const { validTo } = new X509Certificate(cert);
    if (Date.parse(validTo) < Date.now())
      this.#note(`the certificate ${this.#files.cert} ended ${validTo}: clients refuse it`);
  }

  /**
   * Hands on other files than those that were read last, once both are written: when two looks see the same.
   * What can't be used is told once, and nothing changes.
   * @param use throws when it can't
   */
  look(use: (certificate: Certificate) => void): void {
    const now = this.#signature();
    const settled = now === this.#seen;
    this.#seen = now;
    if (!settled || now === this.#read) return;
    try {
      const certificate = this.read();
      use(certificate);
      this.#note(`the certificate ${this.#files.cert} was read again: new connections have it`);
      this.warn(certificate);
    } catch (error) {
      this.#note(`${errorText(error)}: the certificate from before is used on`);
    }
  }

  /** Another one when a file, or what a link leads to, was replaced or written to. */
  #signature(): string {
    return `${stampOf(this.#files.cert)}, ${stampOf(this.#files.key)}`;
  }
}

function stampOf(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

function fileOf(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new OperatorError(`${option}: cannot read ${path} (${code})`, 'give a file in PEM form', {
      cause,
    });
  }
}

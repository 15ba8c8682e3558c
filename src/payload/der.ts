/** Tags of ASN.1 values in DER (X.690) that certificates have. */
export const Tag = {
  boolean: 0x01,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  /** Of subjectAltName (RFC 5280 4.2.1.6). */
  dnsName: 0x82,
  /** Of a certificate: version and extensions. */
  version: 0xa0,
  extensions: 0xa3,
} as const;

/** One value: its tag, and where its content lies. */
export class DerValue {
  tag = 0;
  from = 0;
  /** Not after the bytes that are there. */
  to = 0;
  /** Is all of it there? */
  isWhole = false;

  /**
   * Reads the value at `at`; false when there is none. Lengths take up to three bytes, more than any message has.
   * @param end of the value that it is in
   */
  read(bytes: Uint8Array, at: number, end: number): boolean {
    if (at + 2 > end) return false;
    this.tag = bytes[at]!;
    let length = bytes[at + 1]!;
    this.from = at + 2;
    if (length > 0x80) {
      const size = length & 0x7f;
      if (size > 3 || this.from + size > end) return false;
      length = 0;
      for (let i = 0; i < size; i++) length = (length << 8) | bytes[this.from + i]!;
      this.from += size;
    } else if (length === 0x80) return false;
    this.isWhole = this.from + length <= end;
    this.to = Math.min(this.from + length, end);
    return true;
  }

  /** The same where a value of this tag is expected. */
  enter(bytes: Uint8Array, at: number, end: number, tag: number): boolean {
    return this.read(bytes, at, end) && this.tag === tag;
  }
}

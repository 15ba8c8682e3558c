/** Client hellos of any content (RFC 8446 4.1.2). */
export interface HelloSpec {
  /** Of the record, and of the message. */
  legacyVersion?: number;
  ciphers?: readonly number[];
  /** In their order, each with its body. */
  extensions?: readonly (readonly [type: number, body: Buffer])[];
}

/** The message in one record. */
export function clientHello({
  legacyVersion = 0x0303,
  ciphers = [],
  extensions,
}: HelloSpec): Buffer {
  const body = Buffer.concat([
    u16(legacyVersion),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    vector16(...ciphers.map(u16)),
    Buffer.from([1, 0]),
    extensions === undefined
      ? Buffer.alloc(0)
      : vector16(...extensions.map(([type, data]) => Buffer.concat([u16(type), vector16(data)]))),
  ]);
  const message = Buffer.concat([Buffer.from([1, 0]), vector16(body)]);
  return record(message);
}

export function record(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([22, 3, 1]), vector16(content)]);
}

/** The server_name extension's body. */
export function serverName(name: string): Buffer {
  return vector16(Buffer.concat([Buffer.from([0]), vector16(Buffer.from(name, 'latin1'))]));
}

/** The body of application_layer_protocol_negotiation. */
export function alpn(...names: string[]): Buffer {
  return vector16(
    ...names.map((name) =>
      Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'latin1')]),
    ),
  );
}

/** The body of supported_versions. */
export function supportedVersions(...versions: number[]): Buffer {
  return Buffer.concat([Buffer.from([2 * versions.length]), ...versions.map(u16)]);
}

/** A list with its length in two bytes before it: also the body of signature_algorithms. */
export function vector16(...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([u16(content.length), content]);
}

export function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

/** Capture files made by hand, for tables of variants. */

export interface Packet {
  readonly frame: Uint8Array;
  readonly seconds?: number;
  /** Of the file's unit: microseconds, or what its magic number or interface says. */
  readonly fraction?: number;
  /** On the wire, when the capture has less. */
  readonly length?: number;
}

export interface PcapSpec {
  readonly little?: boolean;
  /** Microseconds unless given. */
  readonly magic?: number;
  readonly version?: readonly [major: number, minor: number];
  /** The whole word: link type, and bits about the check sequence. */
  readonly linkType?: number;
  /** The two lengths of each packet the other way round. */
  readonly swapped?: boolean;
}

export const Magic = { micro: 0xa1b2c3d4, nano: 0xa1b23c4d, patched: 0xa1b2cd34 } as const;

/** A pcap file. */
export function pcap(packets: readonly Packet[], spec: PcapSpec = {}): Buffer {
  const { little = true, magic = Magic.micro, version = [2, 4] } = spec;
  const word = words(little);
  const half = halves(little);
  const header = [word(magic), half(version[0]), half(version[1]), word(0), word(0)];
  const parts = [...header, word(65_535), word(spec.linkType ?? 1)];
  for (const { frame, seconds = 0, fraction = 0, length = frame.length } of packets) {
    const lengths = spec.swapped === true ? [length, frame.length] : [frame.length, length];
    parts.push(word(seconds), word(fraction), ...lengths.map(word));
    if (magic === Magic.patched) parts.push(word(2), Buffer.alloc(4));
    parts.push(Buffer.from(frame));
  }
  return Buffer.concat(parts);
}

export interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

/** Blocks of pcapng, of one byte order. */
export class Pcapng {
  readonly word: (value: number) => Buffer;
  readonly half: (value: number) => Buffer;

  constructor(little = true) {
    this.word = words(little);
    this.half = halves(little);
  }

  /** Any block. */
  block(type: number, body: Uint8Array): Buffer {
    const padded = Buffer.concat([body, Buffer.alloc(-body.length & 3)]);
    const length = this.word(12 + padded.length);
    return Buffer.concat([this.word(type), length, padded, length]);
  }

  section(major = 1): Buffer {
    const rest = Buffer.alloc(8, 0xff);
    return this.block(
      0x0a0d0d0a,
      Buffer.concat([this.word(0x1a2b3c4d), this.half(major), this.half(0), rest]),
    );
  }

  interface(linkType: number, options: readonly Option[] = [], snapLength = 0): Buffer {
    const parts = [this.half(linkType), this.half(0), this.word(snapLength)];
    for (const { code, value } of options)
      parts.push(
        this.half(code),
        this.half(value.length),
        Buffer.from(value),
        Buffer.alloc(-value.length & 3),
      );
    return this.block(1, Buffer.concat([...parts, this.half(0), this.half(0)]));
  }

  /** An enhanced packet. @param time in units of its interface */
  packet(frame: Uint8Array, time = 0n, interfaceId = 0, length = frame.length): Buffer {
    const head = [this.word(interfaceId), ...this.#time(time), this.word(frame.length)];
    return this.block(6, Buffer.concat([...head, this.word(length), frame]));
  }

  /** The packet block from before enhanced ones. */
  oldPacket(frame: Uint8Array, time = 0n, interfaceId = 0): Buffer {
    const head = [this.half(interfaceId), this.half(0), ...this.#time(time)];
    return this.block(
      2,
      Buffer.concat([...head, this.word(frame.length), this.word(frame.length), frame]),
    );
  }

  simple(frame: Uint8Array, length = frame.length): Buffer {
    return this.block(3, Buffer.concat([this.word(length), frame]));
  }

  #time(time: bigint): Buffer[] {
    return [this.word(Number(time >> 32n)), this.word(Number(time & 0xffff_ffffn))];
  }
}

function words(little: boolean): (value: number) => Buffer {
  return (value) => {
    const bytes = Buffer.alloc(4);
    if (little) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  };
}

function halves(little: boolean): (value: number) => Buffer {
  return (value) => {
    const bytes = Buffer.alloc(2);
    if (little) bytes.writeUInt16LE(value);
    else bytes.writeUInt16BE(value);
    return bytes;
  };
}

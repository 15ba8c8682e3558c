/** DNS messages of any content (RFC 1035 4). */
export interface DnsSpec {
  id?: number;
  flags?: number;
  questions?: readonly { name: string | Buffer; type?: number; class?: number }[];
  answers?: readonly { name: string | Buffer; type: number; data: Buffer }[];
}

export const RESPONSE = 0x8180;

export function dnsMessage({
  id = 1,
  flags = 0x0100,
  questions = [],
  answers = [],
}: DnsSpec): Buffer {
  return Buffer.concat([
    ...[id, flags, questions.length, answers.length, 0, 0].map(u16),
    ...questions.flatMap((q) => [nameOf(q.name), u16(q.type ?? 1), u16(q.class ?? 1)]),
    ...answers.flatMap(({ name, type, data }) => [
      nameOf(name),
      u16(type),
      u16(1),
      Buffer.alloc(4),
      u16(data.length),
      data,
    ]),
  ]);
}

/** With its length before it, as in a stream. */
export function inStream(message: Buffer): Buffer {
  return Buffer.concat([u16(message.length), message]);
}

/** A name without compression; its labels are what lies between dots. */
export function dnsName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(label, 'latin1'));
  return Buffer.concat([...labels.flatMap((l) => [Buffer.from([l.length]), l]), Buffer.from([0])]);
}

/** A pointer to another place of the message. */
export function pointer(at: number): Buffer {
  return u16(0xc000 | at);
}

function nameOf(name: string | Buffer): Buffer {
  return typeof name === 'string' ? dnsName(name) : name;
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

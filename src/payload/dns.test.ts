import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  dnsMessage,
  dnsName,
  type DnsSpec,
  inStream,
  pointer,
  RESPONSE,
} from '../../test/payload/dns-message.ts';
import { sha256hex } from '../../test/payload/inspect.ts';
import { parseAddress } from '../wire/address.ts';
import { Inspector } from './inspector.ts';
import { PassiveNames } from './passive-names.ts';

const A = 1;
const CNAME = 5;
const AAAA = 28;
/** Where the first question's name begins. */
const QUESTION = 12;

const ipv4 = (text: string) => Buffer.from(parseAddress(text)!.subarray(12));
const ipv6 = (text: string) => Buffer.from(parseAddress(text)!);

class Conversation {
  readonly names = new PassiveNames();
  readonly inspector = new Inspector({ sha256hex, names: this.names });

  say(spec: DnsSpec): this {
    return this.sayBytes(dnsMessage(spec));
  }

  sayBytes(message: Uint8Array): this {
    this.inspector.datagram(0, message, 0, message.length);
    return this;
  }

  get told() {
    return this.inspector.take(0)?.dns;
  }

  nameOf(address: string): string | undefined {
    return this.names.name(parseAddress(address)!, 0);
  }
}

it('a real question, by c-ares', async () => {
  const server = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const talk = new Conversation();
  server.on('message', (query: Buffer, { port }) => {
    const answer = dnsMessage({
      id: query.readUInt16BE(0),
      flags: RESPONSE,
      questions: [{ name: 'www.example.org', type: AAAA }],
      answers: [{ name: pointer(QUESTION), type: AAAA, data: ipv6('2001:db8::7') }],
    });
    talk.sayBytes(query).sayBytes(answer);
    server.send(answer, port, '127.0.0.1');
  });
  const resolver = new Resolver({ timeout: 5000, tries: 1 });
  resolver.setServers([`127.0.0.1:${server.address().port}`]);
  expect(await resolver.resolve6('www.example.org')).toEqual(['2001:db8::7']);
  server.close();
  expect(talk.nameOf('2001:db8::7')).toBe('www.example.org');
  expect(talk.told).toMatchObject([
    { query: 'www.example.org', type: 'AAAA', rcode: 'NOERROR', answers: ['2001:db8::7'] },
  ]);
});

describe('names of addresses', () => {
  const question = { questions: [{ name: 'Www.Example.org' }] };
  const alias = { name: pointer(QUESTION), type: CNAME, data: dnsName('cdn.example.net') };

  it('are those that were asked for, by way of their aliases', () => {
    const talk = new Conversation().say(question).say({
      flags: RESPONSE,
      questions: [{ name: 'wWW.example.ORG' }],
      answers: [
        alias,
        { name: 'CDN.example.net', type: CNAME, data: dnsName('a.example.net') },
        { name: 'a.example.net', type: A, data: ipv4('192.0.2.1') },
        { name: 'a.example.net', type: AAAA, data: ipv6('2001:db8::1') },
        { name: 'www.bank.example', type: A, data: ipv4('192.0.2.99') },
        { name: 'www.shop.example', type: CNAME, data: dnsName('b.example.net') },
        { name: 'b.example.net', type: A, data: ipv4('192.0.2.98') },
        { name: 'a.example.net', type: A, data: Buffer.alloc(5) },
        { name: 'a.example.net', type: 16, data: Buffer.from('\x04text') },
      ],
    });
    expect(talk.nameOf('192.0.2.1')).toBe('www.example.org');
    expect(talk.nameOf('2001:db8::1')).toBe('www.example.org');
    expect(talk.nameOf('192.0.2.99')).toBeUndefined();
    expect(talk.nameOf('192.0.2.98')).toBeUndefined();
    expect(talk.told).toEqual([
      {
        id: 1,
        query: 'Www.Example.org',
        type: 'A',
        rcode: 'NOERROR',
        answers: [
          'cdn.example.net',
          'a.example.net',
          '192.0.2.1',
          '2001:db8::1',
          '192.0.2.99',
          'b.example.net',
          '192.0.2.98',
        ],
      },
    ]);
  });

  it.each<[string, DnsSpec]>([
    ['another id', { id: 2, questions: question.questions }],
    ['another name', { questions: [{ name: 'www.example.com' }] }],
    ['another type', { questions: [{ name: 'www.example.org', type: AAAA }] }],
  ])('aren’t believed of an answer with %s', (_name, { id, questions }) => {
    const talk = new Conversation().say(question).say({
      ...(id && { id }),
      flags: RESPONSE,
      questions: questions!,
      answers: [{ name: pointer(QUESTION), type: A, data: ipv4('192.0.2.1') }],
    });
    expect(talk.names.size).toBe(0);
    expect(talk.inspector.counts().unasked).toBe(1);
  });

  it('are those of the first answer', () => {
    const answer = (address: string): DnsSpec => ({
      flags: RESPONSE,
      ...question,
      answers: [{ name: pointer(QUESTION), type: A, data: ipv4(address) }],
    });
    const talk = new Conversation()
      .say(question)
      .say(answer('192.0.2.1'))
      .say(answer('192.0.2.66'));
    expect(talk.nameOf('192.0.2.1')).toBe('www.example.org');
    expect(talk.nameOf('192.0.2.66')).toBeUndefined();
    expect(talk.inspector.counts().unasked).toBe(1);
  });

  it('are known beyond the questions that are told', () => {
    const talk = new Conversation();
    for (let id = 1; id <= 10; id++)
      talk.say({ id, questions: [{ name: `host${id}.example.org` }] }).say({
        id,
        flags: RESPONSE,
        questions: [{ name: `host${id}.example.org` }],
        answers: [{ name: pointer(QUESTION), type: A, data: ipv4(`192.0.2.${id}`) }],
      });
    expect(talk.nameOf('192.0.2.10')).toBe('host10.example.org');
    expect(talk.told).toHaveLength(4);
  });
});

describe('messages', () => {
  it.each<[string, DnsSpec, object[] | undefined]>([
    [
      'a failure',
      { flags: 0x8183, questions: [{ name: 'no.example', type: 65 }] },
      [{ id: 1, query: 'no.example', type: 'HTTPS', rcode: 'NXDOMAIN' }],
    ],
    [
      'a type and a code without a name',
      { flags: 0x818f, questions: [{ name: 'a', type: 65280 }] },
      [{ id: 1, query: 'a', type: 'TYPE65280', rcode: 'RCODE15' }],
    ],
    [
      'the root',
      { questions: [{ name: Buffer.from([0]), type: 2 }] },
      [{ id: 1, query: '.', type: 'NS' }],
    ],
    [
      'several questions, as mDNS asks',
      {
        id: 0,
        flags: 0,
        questions: [
          { name: '_ipp._tcp.local', type: 12, class: 0x8001 },
          { name: '_http._tcp.local', type: 12 },
        ],
      },
      [
        { id: 0, query: '_ipp._tcp.local', type: 'PTR' },
        { id: 0, query: '_http._tcp.local', type: 'PTR' },
      ],
    ],
    [
      'an answer without a question',
      {
        flags: 0x8400,
        answers: [{ name: 'a.local', type: A, data: ipv4('192.0.2.1') }],
      },
      [],
    ],
    [
      'labels with dots, backslashes and what nobody should print',
      {
        questions: [{ name: Buffer.from('\x08a.b\\\x1b[\x00\xff\x03org\x00', 'latin1') }],
      },
      [{ id: 1, query: 'a\\.b\\\\\x1b[\x00\xff.org', type: 'A' }],
    ],
    ['no question', {}, undefined],
    [
      'neither a question nor a record',
      { flags: 0x8400, answers: [{ name: Buffer.from([0x80]), type: 1, data: ipv4('192.0.2.1') }] },
      undefined,
    ],
    ['a question of a class that there isn’t', { questions: [{ name: 'a', class: 7 }] }, undefined],
    ['a query that says it failed', { flags: 0x0105, questions: [{ name: 'a' }] }, undefined],
    ['an opcode that there isn’t', { flags: 0x7000, questions: [{ name: 'a' }] }, undefined],
  ])('%s', (_name, spec, told) => {
    expect(new Conversation().say(spec).told).toEqual(told);
  });

  it.each<[string, Buffer, string | undefined]>([
    ['to itself', pointer(QUESTION), undefined],
    ['to what follows', Buffer.concat([pointer(QUESTION + 2), dnsName('a')]), undefined],
    ['to an earlier label that leads back here', Buffer.from('\x01a\xc0\x0c', 'latin1'), undefined],
    ['into the header', pointer(0), undefined],
    ['that is cut', Buffer.from([0xc0]), undefined],
    ['of a kind that there isn’t', Buffer.from([0x80, 0]), undefined],
    ['a name that is too long', dnsName(Array(130).fill('a').join('.')), undefined],
    [
      'a name that is just short enough',
      dnsName(Array(127).fill('a').join('.')),
      Array(127).fill('a').join('.'),
    ],
    ['a label that doesn’t end', Buffer.from('\x3fabc'), undefined],
  ])('a pointer or label %s', (_name, name, query) => {
    const said = new Conversation().say({ questions: [{ name }] }).told;
    expect(said?.[0]?.query).toBe(query);
  });

  it('with more answers than are looked at', () => {
    const talk = new Conversation().say({ questions: [{ name: 'a' }] }).say({
      flags: RESPONSE,
      questions: [{ name: 'a' }],
      answers: Array.from({ length: 1000 }, (_, i) => ({
        name: pointer(QUESTION),
        type: A,
        data: Buffer.from([10, 0, i >> 8, i & 255]),
      })),
    });
    expect(talk.names.size).toBe(128);
    expect(talk.told?.[0]?.answers).toHaveLength(16);
  });
});

describe('over TCP', () => {
  const query = inStream(dnsMessage({ id: 9, questions: [{ name: 'a.example' }] }));
  const answer = inStream(
    dnsMessage({
      id: 9,
      flags: RESPONSE,
      questions: [{ name: 'a.example' }],
      answers: [{ name: pointer(QUESTION), type: A, data: ipv4('192.0.2.1') }],
    }),
  );
  const second = inStream(dnsMessage({ id: 10, questions: [{ name: 'b.example' }] }));

  it('one message each way', () => {
    const { inspector, names } = new Conversation();
    inspector.segment(0, true, 0, query, 0, query.length);
    inspector.segment(0, false, 0, answer, 0, answer.length);
    expect(inspector.take(0)).toEqual({
      service: 'dns',
      dns: [{ id: 9, query: 'a.example', type: 'A', rcode: 'NOERROR', answers: ['192.0.2.1'] }],
    });
    expect(names.size).toBe(1);
  });

  it('the length alone, then the message', () => {
    const { inspector } = new Conversation();
    inspector.segment(0, true, 0, query, 0, 2);
    expect(inspector.wants(0, true)).toBe(true);
    inspector.segment(0, true, 2, query, 2, query.length);
    inspector.segment(0, true, query.length, second, 0, second.length);
    expect(inspector.take(0)?.dns).toHaveLength(2);
  });

  it('two at once', () => {
    const { inspector } = new Conversation();
    const both = Buffer.concat([query, second]);
    inspector.segment(0, true, 0, both, 0, both.length);
    expect(inspector.take(0)?.dns?.map((e) => e.query)).toEqual(['a.example', 'b.example']);
  });

  it('something else after it', () => {
    const { inspector } = new Conversation();
    const both = Buffer.concat([query, Buffer.alloc(100, 0xff)]);
    inspector.segment(0, true, 0, both, 0, both.length);
    expect(inspector.take(0)?.dns).toHaveLength(1);
  });
});
